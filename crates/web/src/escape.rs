//! Text from outside, made harmless inside of HTML and of addresses.

use std::fmt;

/// A text as one part of a path or as a value of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded<'t>(pub &'t str);

/// A text that is written so that it is no more than text, between tags and within quoted attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                    write!(f, "{}", char::from(byte))?
                }
                other => write!(f, "%{other:02X}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_written_otherwise() {
        assert_eq!(Escaped("<a href='\"'>&").to_string(), "&lt;a href=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(Encoded("a/main?x=ü").to_string(), "a%2Fmain%3Fx%3D%C3%BC");
    }
}
