//! Digests and keys as people and other programs read them.

use std::fmt::Write as _;

/// Two small hexadecimal digits a byte.
///
/// ```
/// assert_eq!(tidegate_kernel::hex(&[0, 10, 255]), "000aff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}
