//! Values as Python shows them, which is how the peers' messages quote what they were given.

use super::json::{Json, Kind};

/// A text in quotes, as `repr` makes them.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if character == quote => quoted.extend(['\\', quote]),
            _ if character.is_control() => quoted.extend(escape(character)),
            _ => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

fn escape(character: char) -> [char; 4] {
    let digit = |number: u32| char::from_digit(number & 15, 16).expect("it is below sixteen");
    let code = u32::from(character);
    ['\\', 'x', digit(code >> 4), digit(code)]
}

/// A list of texts.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<_> = texts.into_iter().map(quoted).collect();
    format!("[{}]", texts.join(", "))
}

/// A value of JSON; what has parts is shown as JSON.
pub(super) fn shown(value: &Json<'_>) -> String {
    match &value.kind {
        Kind::Null => "None".to_owned(),
        Kind::Bool(is) => truth(*is).to_owned(),
        Kind::Text(text) => quoted(text),
        Kind::Number(_) | Kind::List(_) | Kind::Object(_) | Kind::Deep => value.compact().into_owned(),
    }
}

/// `True` or `False`.
pub(super) fn truth(is: bool) -> &'static str {
    if is { "True" } else { "False" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_chosen_as_python_does() {
        let texts = [("a", "'a'"), ("it's", "\"it's\""), ("\"'", "'\"\\''"), ("a\\\n\u{1}", "'a\\\\\\n\\x01'")];
        for (text, expected) in texts {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(list(["a:b", "c"]), "['a:b', 'c']");
    }
}
