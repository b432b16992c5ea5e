//! What a key can hold, and what is said when it holds something else.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::tree::{Node, Origin, Value};
use super::units::{self, Keep, Size, TimeOfDay};
use crate::secret::Secret;

/// A value is not what its key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of this key")]
pub struct NotASetting;

/// What a key can hold.
pub trait Setting: Sized {
    /// What is expected, as it fits after "expected".
    const EXPECTED: &'static str;

    /// The value; what is wrong with it otherwise, as a sentence without its end.
    ///
    /// # Errors
    ///
    /// It is another kind of value, or outside of what the key takes.
    fn read(node: &Node) -> Result<Self, String>;

    /// The value as people may see it, in TOML.
    fn shown(node: &Node) -> String {
        node.to_toml()
    }
}

fn refused<T: Setting>(node: &Node) -> String {
    format!("{} is not what this key holds: expected {}", T::shown(node), T::EXPECTED)
}

fn from_text<T: Setting>(node: &Node, read: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    node.text().and_then(read).ok_or_else(|| refused::<T>(node))
}

/// Types that are read from a text by their own `FromStr`.
macro_rules! texts {
    ($($type:ty: $expected:literal),* $(,)?) => {
        $(impl Setting for $type {
            const EXPECTED: &'static str = $expected;

            fn read(node: &Node) -> Result<Self, String> {
                from_text(node, |text| text.parse().ok())
            }
        })*
    };
}

texts! {
    SocketAddr: "an address with a port, such as \"127.0.0.1:8470\"",
    Size: "a size with its unit, such as \"512KiB\" or \"4MiB\"",
    Keep: "a time with its unit, such as \"14d\" or \"2y\", or \"forever\"",
    TimeOfDay: "a time of day in UTC, such as \"03:10\"",
    Network: "an address or a network, such as \"10.0.0.0/8\" or \"::1\"",
    PublicUrl: "the address of the service without a path, such as \"https://gate.example.org\"",
}

impl Setting for String {
    const EXPECTED: &'static str = "a text in quotes";

    fn read(node: &Node) -> Result<Self, String> {
        from_text(node, |text| (!text.chars().any(char::is_control)).then(|| text.to_owned()))
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "a path in quotes";

    fn read(node: &Node) -> Result<Self, String> {
        from_text(node, |text| (!text.is_empty() && !text.contains('\0')).then(|| text.into()))
    }
}

impl Setting for Duration {
    const EXPECTED: &'static str = "a time with its unit, such as \"90s\", \"10m\" or \"24h\"";

    fn read(node: &Node) -> Result<Self, String> {
        from_text(node, |text| units::duration(text).ok())
    }
}

impl Setting for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(node: &Node) -> Result<Self, String> {
        match node.value {
            Value::Bool(flag) => Ok(flag),
            _ => Err(refused::<Self>(node)),
        }
    }
}

impl Setting for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";

    fn read(node: &Node) -> Result<Self, String> {
        match node.value {
            Value::Integer(number) => number.try_into().map_err(|_| refused::<Self>(node)),
            _ => Err(refused::<Self>(node)),
        }
    }
}

impl Setting for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number from 1 to 4294967295";

    fn read(node: &Node) -> Result<Self, String> {
        u32::read(node).ok().and_then(Self::new).ok_or_else(|| refused::<Self>(node))
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXPECTED: &'static str = "a list in square brackets";

    fn read(node: &Node) -> Result<Self, String> {
        match &node.value {
            Value::Array(items) => items.iter().map(T::read).collect(),
            _ => Err(format!("{} is no list: expected a list of {}", Self::shown(node), T::EXPECTED)),
        }
    }

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Array(items) => format!("[{}]", items.iter().map(T::shown).collect::<Vec<_>>().join(", ")),
            _ => T::shown(node),
        }
    }
}

/// Declares an enum whose values are words.
#[macro_export]
macro_rules! choice {
    ($(#[$about:meta])* $visibility:vis enum $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name { $($(#[$doc])* $value),* }

        impl $crate::config::Setting for $name {
            const EXPECTED: &'static str = concat!("one of", $(" ", $word),*);

            fn read(node: &$crate::config::Node) -> Result<Self, String> {
                match node.text() {
                    $(Some($word) => Ok(Self::$value),)*
                    _ => Err(format!("{} is none of the values: expected {}", node.to_toml(), Self::EXPECTED)),
                }
            }
        }
    };
}

/// A network of addresses, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let (base, bits) = match text.split_once('/') {
            None => (text, None),
            Some((base, bits)) => (base, Some(bits.parse::<u8>().map_err(|_| NotASetting)?)),
        };
        let base: IpAddr = base.parse().map_err(|_| NotASetting)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits <= most { Ok(Self { base, bits }) } else { Err(NotASetting) }
    }
}

impl Network {
    /// Whether the address is in it. An IPv4 address that came over IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.bits);
                (u64::from(base.to_bits()) >> shift) == (u64::from(address.to_bits()) >> shift)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.bits);
                base.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Where the service is reached: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(NotASetting)?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            Err(NotASetting)
        } else {
            Ok(Self(text.to_ascii_lowercase()))
        }
    }
}

impl PublicUrl {
    /// The text without a slash at its end; what a browser sends as `Origin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address of another service. A password may be in it only where it comes by the environment, and is never shown.
#[derive(Clone)]
pub struct ServiceUrl(String);

impl Setting for ServiceUrl {
    const EXPECTED: &'static str = "an address such as \"postgres://host/name\" or \"amqp://user@host\"";

    fn read(node: &Node) -> Result<Self, String> {
        let url = from_text(node, |text| (text.contains(':') && !text.contains('\n')).then(|| Self(text.to_owned())))?;
        if password(&url.0).is_some() && matches!(node.origin, Origin::File { .. }) {
            return Err(
                "a password stands in this address: give it by a key that ends in _file, or by the environment"
                    .to_owned(),
            );
        }
        Ok(url)
    }

    fn shown(node: &Node) -> String {
        let text = node.text().unwrap_or("***");
        toml::Value::String(without_password(text)).to_string()
    }
}

impl ServiceUrl {
    /// The whole address with this password for its user, where it has none of its own.
    pub fn with_password(&self, password: Option<&Secret>) -> Secret {
        let user_end = self.0.find("://").and_then(|scheme| Some(scheme + 3 + self.0[scheme + 3..].find('@')?));
        match (password, user_end) {
            (Some(password), Some(at)) if self::password(&self.0).is_none() => {
                let encoded: String = form_urlencoded::byte_serialize(password.expose().as_bytes()).collect();
                // what stands for a blank in a form is itself in an address
                let encoded = encoded.replace('+', "%20");
                Secret::new(format!("{}:{encoded}{}", &self.0[..at], &self.0[at..]))
            }
            (Some(_) | None, _) => Secret::new(self.0.clone()),
        }
    }

    /// The whole address, for whoever connects to it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

/// Where the password of an address stands in it.
fn password(url: &str) -> Option<std::ops::Range<usize>> {
    let begin = url.find("://")? + 3;
    let end = url[begin..].find(['/', '?', '#']).map_or(url.len(), |at| begin + at);
    let user_end = begin + url[begin..end].rfind('@')?;
    let colon = begin + url[begin..user_end].find(':')?;
    (colon + 1 < user_end).then_some(colon + 1..user_end)
}

fn without_password(url: &str) -> String {
    let mut url = url.to_owned();
    if let Some(range) = password(&url) {
        url.replace_range(range, "***");
    }
    match url.find("password=") {
        None => url,
        Some(at) => {
            let begin = at + "password=".len();
            let end = url[begin..].find('&').map_or(url.len(), |length| begin + length);
            url.replace_range(begin..end, "***");
            url
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses() {
        let holds =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.200.3.4") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("::1", "::1") && !holds("::1", "::2"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && holds("0.0.0.0/0", "203.0.113.9") && holds("::/0", "::2"));
        assert!(holds("127.0.0.1", "::ffff:127.0.0.1"));
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host"] {
            assert_eq!(text.parse::<Network>(), Err(NotASetting), "{text:?}");
        }
    }

    #[test]
    fn a_password_is_found_and_not_shown() {
        for (url, shown) in [
            ("postgres://ann:tide@db/x", "postgres://ann:***@db/x"),
            ("postgres://ann@db/x", "postgres://ann@db/x"),
            ("postgres://ann:@db/x", "postgres://ann:@db/x"),
            ("amqp://a:p@ss@host", "amqp://a:***@host"),
            ("postgres://db/x?password=tide&a=b", "postgres://db/x?password=***&a=b"),
            ("sqlite:/var/x", "sqlite:/var/x"),
        ] {
            assert_eq!(without_password(url), shown);
            assert_eq!(format!("{:?}", ServiceUrl(url.to_owned())), shown);
        }
    }

    #[test]
    fn a_password_joins_the_address_of_its_user() {
        let join = |url: &str| {
            let joined = ServiceUrl(url.to_owned()).with_password(Some(&Secret::new("p@ss w/+")));
            joined.expose().to_owned()
        };
        assert_eq!(join("amqp://ann@host/x"), "amqp://ann:p%40ss%20w%2F%2B@host/x");
        assert_eq!(join("amqp://ann:own@host"), "amqp://ann:own@host");
        assert_eq!(join("amqp://host"), "amqp://host");
    }

    #[test]
    fn a_public_address_has_no_path() {
        assert_eq!("HTTPS://x".parse::<PublicUrl>(), Err(NotASetting));
        assert_eq!("https://Gate.example.org/".parse::<PublicUrl>().unwrap().as_str(), "https://gate.example.org");
        assert!("http://[::1]:8470".parse::<PublicUrl>().is_ok());
        for text in ["gate.example.org", "https://", "https://a/b", "https://a@b", "ftp://a"] {
            assert_eq!(text.parse::<PublicUrl>(), Err(NotASetting), "{text:?}");
        }
    }
}
