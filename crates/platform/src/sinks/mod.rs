//! The receivers that the platform itself can reach, and the bus as one who speaks.

mod amqp;
mod gate;
mod hook;
mod listen;
mod mail;

pub use amqp::{Amqp, AmqpOptions};
pub use gate::{Gate, Subscriber};
pub use hook::{Hook, HookOptions};
pub use listen::{Listen, ListenOptions};
pub use mail::{BadMail, Mail, MailOptions, MailWay, Mailer};
