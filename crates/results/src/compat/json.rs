//! JSON as it was written.
//!
//! Results keep numbers in the spelling of their sender, and errors show what was given, so every value remembers its
//! own text. Only as many levels are taken apart as bodies have; what lies deeper is kept as text. With the limits
//! below, reading costs a few passes over the body, whatever is in it.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::refusal::{FieldError, Refusal, Step};

/// The deepest nesting of lists and objects.
pub const MAX_DEPTH: usize = 64;

/// So many values of any kind one body may have.
pub const MAX_VALUES: usize = 100_000;

/// Where an old client puts a token.
const TOKEN_FIELD: &str = "_auth_token";

/// Bodies are taken apart down to this level: the fields of objects in a list in a field.
const LEVELS: usize = 4;

/// The fields of an object, in their order.
pub type Fields<'a> = IndexMap<String, Json<'a>>;

/// Why a text is no JSON that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// It is not JSON at all, or not UTF-8.
    #[error("Bad request")]
    Malformed,
    /// Lists in lists in lists.
    #[error("Bad request: JSON is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More values than any body has.
    #[error("Bad request: JSON has more than {MAX_VALUES} values")]
    TooMany,
}

/// A value with the text that it was written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<'a> {
    raw: &'a str,
    /// What it is.
    pub kind: Kind<'a>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, spelt as its sender did.
    Number(&'a str),
    /// A text, without its escapes.
    Text(String),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object in its order. Of a repeated key the last value counts, at the place of the first.
    Object(Fields<'a>),
    /// A list or an object that lies too deep to matter.
    Deep,
}

/// The value that a body is.
///
/// # Errors
///
/// It is not JSON, or beyond a limit.
pub fn parse(body: &[u8]) -> Result<Json<'_>, NotJson> {
    let text = std::str::from_utf8(body).map_err(|_| NotJson::Malformed)?;
    within_limits(text)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| NotJson::Malformed)?;
    Json::of(raw.get(), LEVELS).map_err(|_| NotJson::Malformed)
}

impl<'a> Json<'a> {
    /// `raw` is one value of JSON, without blanks around.
    fn of(raw: &'a str, levels: usize) -> serde_json::Result<Self> {
        let inner = |value: &'a RawValue| Json::of(value.get(), levels.saturating_sub(1));
        let kind = match raw.as_bytes().first() {
            Some(b'n') => Kind::Null,
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'"') => Kind::Text(serde_json::from_str(raw)?),
            Some(b'[' | b'{') if levels == 0 => Kind::Deep,
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw)?;
                Kind::List(items.into_iter().map(inner).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let mut fields = IndexMap::new();
                for (key, value) in serde_json::Deserializer::from_str(raw).deserialize_map(InOrder)? {
                    fields.insert(key, inner(value)?);
                }
                Kind::Object(fields)
            }
            Some(_) | None => Kind::Number(raw),
        };
        Ok(Self { raw, kind })
    }

    /// The value as it was written, without blanks between its parts.
    pub fn compact(&self) -> Cow<'a, str> {
        compact(self.raw)
    }

    /// The value for an answer that shows what was given: as it was written, without a secret of ours.
    pub fn echo(&self) -> Cow<'a, str> {
        let Kind::Object(fields) = &self.kind else { return self.compact() };
        if !fields.get(TOKEN_FIELD).and_then(Json::text).is_some_and(|token| token.starts_with("tg_")) {
            return self.compact();
        }
        let shown = fields.iter().filter(|(key, _)| *key != TOKEN_FIELD);
        let shown = shown.map(|(key, value)| format!("{}:{}", serde_json::Value::from(key.as_str()), value.compact()));
        Cow::Owned(format!("{{{}}}", shown.collect::<Vec<_>>().join(",")))
    }

    /// The token in the body of a client that knows no header for it; only those of ours.
    pub fn token(&self) -> Option<&str> {
        let Kind::Object(fields) = &self.kind else { return None };
        fields.get(TOKEN_FIELD).and_then(Json::text).filter(|token| token.starts_with("tg_"))
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// Whether Python would take it for nothing: null, false, nought, and whatever is empty.
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::Null => true,
            Kind::Bool(is) => !is,
            Kind::Number(number) => number.parse().is_ok_and(|number: f64| number == 0.0),
            Kind::Text(text) => text.is_empty(),
            Kind::List(items) => items.is_empty(),
            Kind::Object(fields) => fields.is_empty(),
            Kind::Deep => matches!(&*self.compact(), "[]" | "{}"),
        }
    }
}

/// That no text in it has the character U+0000, which not every database takes.
///
/// # Errors
///
/// One has; the way to it is named.
pub fn without_nul(value: &Json<'_>) -> Result<(), Refusal> {
    if !value.raw.contains("\\u0000") {
        return Ok(());
    }
    let mut errors = Vec::new();
    find_nul(value, &mut Vec::new(), &mut errors);
    Refusal::unless_empty(errors)
}

fn find_nul(value: &Json<'_>, loc: &mut Vec<Step>, errors: &mut Vec<FieldError>) {
    let found = match &value.kind {
        // what lies too deep is kept as it was written, escapes and all
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Deep => false,
        Kind::Text(text) => text.contains('\0'),
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                loc.push(Step::Index(index));
                find_nul(item, loc, errors);
                loc.pop();
            }
            false
        }
        Kind::Object(fields) => {
            for (key, field) in fields {
                loc.push(Step::Key(key.clone()));
                if key.contains('\0') {
                    errors.push(nul(loc, field));
                }
                find_nul(field, loc, errors);
                loc.pop();
            }
            false
        }
    };
    if found {
        errors.push(nul(loc, value));
    }
}

fn nul(loc: &[Step], value: &Json<'_>) -> FieldError {
    FieldError::value(loc, "must not contain the character U+0000", value.compact())
}

/// Keys and values in their order; serde's own maps sort them or have them shuffled.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(fields)
    }
}

/// Whether the text keeps within the limits. What is no JSON is for the parser to refuse.
fn within_limits(text: &str) -> Result<(), NotJson> {
    let (mut depth, mut values) = (0_usize, 1_usize);
    for byte in outside_of_texts(text) {
        match byte {
            b'[' | b'{' => (depth, values) = (depth + 1, values + 1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(NotJson::TooDeep);
        }
        if values > MAX_VALUES {
            return Err(NotJson::TooMany);
        }
    }
    Ok(())
}

fn outside_of_texts(json: &str) -> impl Iterator<Item = u8> {
    let mut place = Place::default();
    json.bytes().filter(move |byte| !place.is_inside(*byte))
}

fn compact(json: &str) -> Cow<'_, str> {
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    if !outside_of_texts(json).any(is_blank) {
        return Cow::Borrowed(json);
    }
    let mut place = Place::default();
    let kept = json.chars().filter(|character| {
        let byte = u8::try_from(*character).unwrap_or(b'x');
        place.is_inside(byte) || !is_blank(byte)
    });
    Cow::Owned(kept.collect())
}

/// Whether a byte of JSON belongs to a text or to what joins values.
#[derive(Default)]
struct Place {
    in_text: bool,
    escaped: bool,
}

impl Place {
    /// Takes the next byte. The quotes of a text count as inside.
    fn is_inside(&mut self, byte: u8) -> bool {
        let was_inside = self.in_text;
        if self.escaped {
            self.escaped = false;
        } else if self.in_text && byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_text = !self.in_text;
        }
        was_inside || self.in_text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(json: &str) -> Kind<'_> {
        parse(json.as_bytes()).unwrap().kind
    }

    #[test]
    fn numbers_keep_their_spelling() {
        for number in ["1.10", "-0", "1e3", "12345678901234567890123", "1E400"] {
            assert_eq!(kind(number), Kind::Number(number));
        }
    }

    #[test]
    fn fields_keep_their_order_and_the_last_of_a_key_counts() {
        let Kind::Object(fields) = kind(r#"{"b": 1, "a": 2, "b": "\u00e9"}"#) else { panic!("it is an object") };
        let texts: Vec<_> = fields.iter().map(|(key, value)| format!("{key}={}", value.compact())).collect();
        assert_eq!(texts, [r#"b="\u00e9""#, "a=2"]);
        assert_eq!(fields["b"].text(), Some("é"));
    }

    #[test]
    fn compact_drops_blanks_between_values_only() {
        let json = "{ \"a b\" : [ 1 ,\n\t\" \\\" { \" ] }";
        assert_eq!(parse(json.as_bytes()).unwrap().compact(), r#"{"a b":[1," \" { "]}"#);
        assert_eq!(parse("[ \"é\u{a0}\" ]".as_bytes()).unwrap().compact(), "[\"é\u{a0}\"]");
    }

    #[test]
    fn a_nul_is_found_wherever_it_is() {
        let found = |json: &str| without_nul(&parse(json.as_bytes()).unwrap()).map_err(|refusal| refusal.to_string());
        assert_eq!(found(r#"{"a": "\\u0000", "b": ["\u0041"]}"#), Ok(()));
        let refused = found(r#"{"a": ["x", "\u0000"], "b\u0000": 1, "c": [[[["\u0000"]]]]}"#).unwrap_err();
        let expected = ["a.1", "b\0"];
        for (sentence, place) in refused.split("; ").zip(expected) {
            assert_eq!(sentence, format!("{place}: Value error, must not contain the character U+0000"));
        }
        assert_eq!(refused.split("; ").count(), 2);
    }

    #[test]
    fn a_token_of_ours_is_not_shown() {
        let echo = |json: &str| parse(json.as_bytes()).unwrap().echo().into_owned();
        assert_eq!(echo(r#"{"a": 1, "_auth_token": "tg_secret"}"#), r#"{"a":1}"#);
        assert_eq!(echo(r#"{"_auth_token": ""}"#), r#"{"_auth_token":""}"#);
        assert_eq!(parse(br#"{"_auth_token": "tg_x"}"#).unwrap().token(), Some("tg_x"));
        assert_eq!(parse(br#"{"_auth_token": "x"}"#).unwrap().token(), None);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for body in ["", "{", "{\"a\": 01}", "nul", "\"\\ud800\"", "1 2", "NaN", "{1: 2}", "[1,]"] {
            assert_eq!(parse(body.as_bytes()), Err(NotJson::Malformed), "{body}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(NotJson::Malformed));
    }

    #[test]
    fn the_limits_hold_to_the_last_value() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()), Err(NotJson::TooDeep));
        assert!(parse(format!("[\"{}\"]", "[".repeat(100)).as_bytes()).is_ok());
        let list = |values: usize| format!("[{}1]", "1,".repeat(values - 1));
        assert!(parse(list(MAX_VALUES - 1).as_bytes()).is_ok());
        assert_eq!(parse(list(MAX_VALUES).as_bytes()), Err(NotJson::TooMany));
    }

    proptest! {
        #[test]
        fn compact_means_the_same(json in r#"[\[\]{}",:0-9 \\a-cé\n]{0,40}"#) {
            if let Ok(value) = parse(json.as_bytes()) {
                let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                prop_assert_eq!(read(&value.compact()), read(&json));
            }
        }
    }
}
