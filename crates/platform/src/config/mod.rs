//! What an operator sets: one file, the environment on top of it, and a default for every key.
//!
//! A table is a typed struct, declared once by [`section!`](crate::section) with a sentence and a default for each key. From
//! that one declaration come the reading, the list of all mistakes at once with their places, what `config show` prints
//! and the reference. A gate declares its own table in the same way and reads it from the same [`Reader`].
//!
//! *Invariant:* no secret stands in the file itself, and none is shown.

mod file;
mod issue;
mod platform;
mod reader;
mod running;
mod setting;
mod shown;
mod tree;
mod units;

pub use file::{Environment, FileError, Sources};
pub use issue::{ConfigErrors, Issue, Known, Standing};
pub use platform::{
    AuthConfig, BusConfig, BusDeclare, GrantConfig, HookConfig, HttpConfig, JobsConfig, LogConfig, LogFormat, LogLevel,
    MailConfig, PlatformConfig, RetentionConfig, StoreConfig, TestConfig,
};
pub(crate) use reader::nearest;
pub use reader::{Reader, Section, Table};
pub use running::{Reloaded, Running, differing};
pub use setting::{Network, NotASetting, PublicUrl, ServiceUrl, Setting};
pub use shown::{reference, show};
pub use tree::{Node, Origin};
pub(crate) use units::duration;
pub use units::{Keep, Size, TimeOfDay};

/// Declares a table of the configuration: its struct, how it is read, and its lines of the reference.
///
/// ```
/// use std::time::Duration;
/// use tidegate_platform::config::{Reader, Sources};
///
/// tidegate_platform::section! {
///     /// The harbour.
///     pub struct HarbourConfig {
///         /// Whether it is open.
///         pub enabled: value(bool) = "true",
///         /// How long a ship may stay.
///         pub stay: value(Duration) = "\"3d\"",
///         /// Who is told of a ship that stays longer.
///         pub warden: optional(String),
///     }
/// }
///
/// let sources = Sources::of_text("tidegate.toml", "[harbour]\nstay = \"2d\"\n");
/// let mut reader = Reader::new(&sources);
/// let harbour = reader.table::<HarbourConfig>("harbour");
/// let (_, known) = reader.finish(()).unwrap();
/// assert_eq!(harbour.unwrap().stay, Duration::from_secs(2 * 86_400));
/// assert_eq!(known.len(), 3);
/// ```
///
/// The kinds of key: `value(T) = "default as TOML"`, `optional(T)`, `required(T)`, `secret` (its name ends in `_file`),
/// and for tables below it `table(T)`, `named(T)` (`[harbour.pier.<name>]`) and `list(T)` (`[[harbour.pier]]`).
#[macro_export]
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        $visibility:vis struct $name:ident {
            $( $(#[doc = $doc:literal])* $access:vis $key:ident : $kind:ident $(($type:ty))? $(= $default:literal)? ),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        $visibility struct $name {
            $( $(#[doc = $doc])* $access $key: $crate::section!(@type $kind $(($type))?), )*
        }

        impl $crate::config::Section for $name {
            const ABOUT: &'static str = concat!($($about),*);

            fn read(table: &mut $crate::config::Table<'_, '_>) -> Option<Self> {
                $( let $key = $crate::section!(
                    @read table, stringify!($key), concat!($($doc),*), $kind $(($type))? $(= $default)?
                ); )*
                Some(Self { $($key: $key?),* })
            }
        }
    };
    (@type value ($type:ty)) => { $type };
    (@type required ($type:ty)) => { $type };
    (@type optional ($type:ty)) => { Option<$type> };
    (@type secret) => { Option<$crate::secret::Secret> };
    (@type table ($type:ty)) => { $type };
    (@type named ($type:ty)) => { std::collections::BTreeMap<String, $type> };
    (@type list ($type:ty)) => { Vec<$type> };
    (@read $table:ident, $key:expr, $doc:expr, value ($type:ty) = $default:literal) => {
        $table.value::<$type>($key, $doc, $default)
    };
    (@read $table:ident, $key:expr, $doc:expr, required ($type:ty)) => { $table.required::<$type>($key, $doc) };
    (@read $table:ident, $key:expr, $doc:expr, optional ($type:ty)) => { $table.optional::<$type>($key, $doc) };
    (@read $table:ident, $key:expr, $doc:expr, secret) => { $table.secret($key, $doc) };
    (@read $table:ident, $key:expr, $doc:expr, table ($type:ty)) => { $table.table::<$type>($key) };
    (@read $table:ident, $key:expr, $doc:expr, named ($type:ty)) => { $table.named::<$type>($key) };
    (@read $table:ident, $key:expr, $doc:expr, list ($type:ty)) => { $table.list::<$type>($key) };
}
