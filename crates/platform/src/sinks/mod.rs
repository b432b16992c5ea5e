//! The receivers that the platform itself can reach.

mod amqp;
mod gate;
mod hook;
mod mail;

pub use amqp::{Amqp, AmqpOptions};
pub use gate::{Gate, Subscriber};
pub use hook::{Hook, HookOptions};
pub use mail::{BadMail, Mail, MailOptions, MailWay, Mailer};
