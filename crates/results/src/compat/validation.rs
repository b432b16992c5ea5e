//! Bodies that are checked by a table: one line a field.
//!
//! From the same table come the errors, the JSON Schema and the reference for people, so that none of them can say
//! anything else than the others.

use serde_json::{Map, Value, json};
use url::Url;

use super::json::{Fields, Json, Kind};
use super::refusal::{FieldError, Step};

/// The longest text, in characters.
pub const MAX_TEXT: usize = 8192;

/// One field of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it has to be.
    pub kind: FieldKind,
    /// Whether it has to be there; one that does not may be `null` as well.
    pub required: bool,
    /// What it means, in one sentence.
    pub about: &'static str,
}

/// What a field has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A text of at least one character.
    Name,
    /// A known outcome, letter by letter.
    Outcome,
    /// An address of http or https.
    Url,
    /// An address of a mailbox.
    Mail,
    /// A whole number, also in text.
    Integer,
    /// Yes or no, in several spellings.
    Boolean,
    /// A list of texts.
    Texts,
}

/// The value of a field, in the texts that are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

/// The values of the fields that were given, in the order of the table, and all that is wrong. `outcomes` are the known
/// ones. Fields that the table does not have are ignored.
pub fn check<'t>(
    table: impl IntoIterator<Item = &'t Field>,
    body: &Json<'_>,
    given: &Fields<'_>,
    outcomes: &[&str],
) -> (Vec<(&'static str, Checked)>, Vec<FieldError>) {
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for field in table {
        let loc = [Step::Field(field.name)];
        match given.get(field.name) {
            None if field.required => errors.push(FieldError::new(loc, "missing", "Field required", body.echo())),
            None => {}
            Some(value) if value.is_null() && !field.required && field.kind != FieldKind::Boolean => {}
            Some(value) => match field.kind.check(value, &loc, outcomes) {
                Ok(checked) => values.push((field.name, checked)),
                Err(wrong) => errors.extend(wrong),
            },
        }
    }
    (values, errors)
}

impl FieldKind {
    fn check(self, value: &Json<'_>, loc: &[Step], outcomes: &[&str]) -> Result<Checked, Vec<FieldError>> {
        let wrong = |error: Mistake| vec![FieldError::new(loc, error.0, error.1, value.compact())];
        match self {
            Self::Text => text(value).map(Checked::One).map_err(wrong),
            Self::Name => match text(value) {
                Ok(text) if text.is_empty() => {
                    Err(wrong(("string_too_short", "String should have at least 1 character".to_owned())))
                }
                text => text.map(Checked::One).map_err(wrong),
            },
            Self::Outcome => match value.text().filter(|text| outcomes.contains(text)) {
                Some(outcome) => Ok(Checked::One(outcome.to_owned())),
                None => Err(wrong(("value_error", format!("Value error, must be one of: {}", outcomes.join(", "))))),
            },
            Self::Url => address(value).map(Checked::One).map_err(wrong),
            Self::Mail => mail(value).map(Checked::One).map_err(wrong),
            Self::Integer => integer(value).map(Checked::One).map_err(wrong),
            Self::Boolean => boolean(value).map(|is| Checked::One(is.to_string())).map_err(wrong),
            Self::Texts => texts(value, loc).map(Checked::Many),
        }
    }

    /// The words of JSON Schema for it.
    fn schema(self, outcomes: &[&str]) -> Map<String, Value> {
        let schema = match self {
            Self::Text => json!({"type": "string", "maxLength": MAX_TEXT}),
            Self::Name => json!({"type": "string", "minLength": 1, "maxLength": MAX_TEXT}),
            Self::Outcome => json!({"type": "string", "enum": outcomes}),
            Self::Url => json!({"type": "string", "format": "uri", "minLength": 1, "maxLength": MAX_TEXT}),
            Self::Mail => json!({"type": "string", "format": "email", "maxLength": MAX_TEXT}),
            Self::Integer => json!({"type": "integer"}),
            Self::Boolean => json!({"type": "boolean", "default": false}),
            Self::Texts => json!({"type": "array", "items": {"type": "string", "maxLength": MAX_TEXT}}),
        };
        if let Value::Object(schema) = schema { schema } else { Map::new() }
    }

    /// What it is called in the reference for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "text, not empty",
            Self::Outcome => "outcome",
            Self::Url => "URL",
            Self::Mail => "mail address",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Texts => "list of texts",
        }
    }
}

/// The JSON Schema of a body.
pub fn schema<'t>(title: &str, table: impl IntoIterator<Item = &'t Field>, outcomes: &[&str]) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in table {
        let mut schema = field.kind.schema(outcomes);
        if field.required {
            required.push(field.name);
        } else if field.kind != FieldKind::Boolean {
            let kind = schema.remove("type").unwrap_or_default();
            schema.insert("type".to_owned(), json!([kind, "null"]));
        }
        schema.insert("description".to_owned(), field.about.into());
        properties.insert(field.name.to_owned(), schema.into());
    }
    json!({"title": title, "type": "object", "properties": properties, "required": required})
}

/// The kind of a mistake, and what is wrong.
type Mistake = (&'static str, String);

fn text(value: &Json<'_>) -> Result<String, Mistake> {
    let text = value.text().ok_or_else(|| ("string_type", "Input should be a valid string".to_owned()))?;
    short_enough(text)?;
    Ok(text.to_owned())
}

fn short_enough(text: &str) -> Result<(), Mistake> {
    if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        return Err(("string_too_long", format!("String should have at most {MAX_TEXT} characters")));
    }
    Ok(())
}

/// An address in its normal form.
fn address(value: &Json<'_>) -> Result<String, Mistake> {
    let text = value.text().ok_or_else(|| ("url_type", "URL input should be a string or URL".to_owned()))?;
    short_enough(text)?;
    let unreadable = |why: &str| ("url_parsing", format!("Input should be a valid URL, {why}"));
    if text.is_empty() {
        return Err(unreadable("input is empty"));
    }
    let url = Url::parse(text).map_err(|error| unreadable(&error.to_string()))?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url.into())
    } else {
        Err(("url_scheme", "URL scheme should be 'http' or 'https'".to_owned()))
    }
}

fn mail(value: &Json<'_>) -> Result<String, Mistake> {
    let text = text(value)?;
    let wrong = |why: &str| Err(("value_error", format!("value is not a valid email address: {why}")));
    let Some((local, domain)) = text.rsplit_once('@') else {
        return wrong("An email address must have an @-sign.");
    };
    let is_odd = |part: &str| part.chars().any(|character| character.is_whitespace() || character.is_control());
    match (local, domain) {
        ("", _) => wrong("There must be something before the @-sign."),
        (_, "") => wrong("There must be something after the @-sign."),
        (local, _) if is_odd(local) || local.contains('@') => {
            wrong("The email address contains invalid characters before the @-sign.")
        }
        (_, domain) if is_odd(domain) => wrong("The part after the @-sign contains invalid characters."),
        (_, domain) if !domain.contains('.') => {
            wrong("The part after the @-sign is not valid. It should have a period.")
        }
        _ => Ok(text),
    }
}

/// A whole number in its usual spelling.
fn integer(value: &Json<'_>) -> Result<String, Mistake> {
    match &value.kind {
        Kind::Number(number) => match number.split_once('.') {
            _ if number.contains(['e', 'E']) => Err(fraction()),
            Some((_, rest)) if rest.bytes().any(|byte| byte != b'0') => Err(fraction()),
            Some((whole, _)) => Ok(whole.to_owned()),
            None => Ok((*number).to_owned()),
        },
        Kind::Text(text) => {
            let unreadable = "Input should be a valid integer, unable to parse string as an integer";
            spelt_integer(text.trim()).ok_or_else(|| ("int_parsing", unreadable.to_owned()))
        }
        Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Object(_) | Kind::Deep => {
            Err(("int_type", "Input should be a valid integer".to_owned()))
        }
    }
}

fn fraction() -> Mistake {
    ("int_from_float", "Input should be a valid integer, got a number with a fractional part".to_owned())
}

fn spelt_integer(text: &str) -> Option<String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > MAX_TEXT || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let sign = if text.starts_with('-') && !significant.is_empty() { "-" } else { "" };
    Some(format!("{sign}{}", if significant.is_empty() { "0" } else { significant }))
}

fn boolean(value: &Json<'_>) -> Result<bool, Mistake> {
    let unclear = || ("bool_parsing", "Input should be a valid boolean, unable to interpret input".to_owned());
    match &value.kind {
        Kind::Bool(is) => Ok(*is),
        Kind::Number("0") => Ok(false),
        Kind::Number("1") => Ok(true),
        Kind::Number(_) => Err(unclear()),
        Kind::Text(text) => match text.to_lowercase().as_str() {
            "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
            "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
            _ => Err(unclear()),
        },
        Kind::Null | Kind::List(_) | Kind::Object(_) | Kind::Deep => {
            Err(("bool_type", "Input should be a valid boolean".to_owned()))
        }
    }
}

fn texts(value: &Json<'_>, loc: &[Step]) -> Result<Vec<String>, Vec<FieldError>> {
    let Kind::List(items) = &value.kind else {
        return Err(vec![FieldError::new(loc, "list_type", "Input should be a valid list", value.compact())]);
    };
    let (mut texts, mut errors) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match text(item) {
            Ok(text) => texts.push(text),
            Err((kind, msg)) => {
                let loc = [loc, &[Step::Index(index)]].concat();
                errors.push(FieldError::new(loc, kind, msg, item.compact()));
            }
        }
    }
    if errors.is_empty() { Ok(texts) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::json::parse;

    fn checked(kind: FieldKind, json: &str) -> Answer {
        let value = parse(json.as_bytes()).unwrap();
        match kind.check(&value, &[Step::Field("f")], &["PASSED", "ERROR"]) {
            Ok(Checked::One(text)) => Ok(text),
            Ok(Checked::Many(texts)) => Ok(texts.join("|")),
            Err(errors) => {
                let shown = errors.iter().map(|error| format!("{error} ({})", error.kind));
                Err(shown.collect::<Vec<_>>().join("; "))
            }
        }
    }

    /// What is taken, or what is wrong.
    type Answer = Result<String, String>;

    fn err(text: &str) -> Answer {
        Answer::Err(format!("f: {text}"))
    }

    #[test]
    fn texts_have_a_greatest_length() {
        let text = |length: usize| format!("\"{}\"", "é".repeat(length));
        assert!(checked(FieldKind::Text, &text(8_192)).is_ok());
        let too_long = err("String should have at most 8192 characters (string_too_long)");
        assert_eq!(checked(FieldKind::Text, &text(8_193)), too_long);
        assert_eq!(checked(FieldKind::Url, &text(8_193)), too_long);
        assert_eq!(checked(FieldKind::Text, "1"), err("Input should be a valid string (string_type)"));
        let too_short = err("String should have at least 1 character (string_too_short)");
        assert_eq!(checked(FieldKind::Name, "\"\""), too_short);
    }

    #[test]
    fn addresses_come_in_their_normal_form() {
        assert_eq!(checked(FieldKind::Url, "\"https://a.example\""), Ok("https://a.example/".to_owned()));
        assert_eq!(checked(FieldKind::Url, "\"HTTP://A.example:80/x y\""), Ok("http://a.example/x%20y".to_owned()));
        for (json, expected) in [
            ("\"\"", "Input should be a valid URL, input is empty (url_parsing)"),
            ("\"a\"", "Input should be a valid URL, relative URL without a base (url_parsing)"),
            ("\"ftp://a\"", "URL scheme should be 'http' or 'https' (url_scheme)"),
            ("1", "URL input should be a string or URL (url_type)"),
        ] {
            assert_eq!(checked(FieldKind::Url, json), err(expected));
        }
    }

    #[test]
    fn a_mail_address_has_two_sides() {
        assert_eq!(checked(FieldKind::Mail, "\"a@b.example\""), Ok("a@b.example".to_owned()));
        let wrong = |why: &str| err(&format!("value is not a valid email address: {why} (value_error)"));
        assert_eq!(checked(FieldKind::Mail, "\"a\""), wrong("An email address must have an @-sign."));
        assert_eq!(checked(FieldKind::Mail, "\"@b.c\""), wrong("There must be something before the @-sign."));
        for odd in ["\"a@\"", "\"a b@c.d\"", "\"a@b\"", "\"a@b .c\"", "\"a@b@c.d\""] {
            assert!(checked(FieldKind::Mail, odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn integers_may_be_text() {
        for (json, expected) in [("7", "7"), ("\" +007 \"", "7"), ("-3.0", "-3"), ("\"-0\"", "0")] {
            assert_eq!(checked(FieldKind::Integer, json), Ok(expected.to_owned()));
        }
        let unreadable = "Input should be a valid integer, unable to parse string as an integer (int_parsing)";
        let fraction = "Input should be a valid integer, got a number with a fractional part (int_from_float)";
        for (json, expected) in [
            ("\"x\"", unreadable),
            ("\"1.5\"", unreadable),
            ("1.5", fraction),
            ("[]", "Input should be a valid integer (int_type)"),
        ] {
            assert_eq!(checked(FieldKind::Integer, json), err(expected));
        }
    }

    #[test]
    fn booleans_have_many_spellings() {
        let spelt = |json| checked(FieldKind::Boolean, json);
        assert!(
            ["true", "1", "\"yes\"", "\"On\"", "\"1\""].into_iter().all(|json| spelt(json) == Ok("true".to_owned()))
        );
        assert!(["false", "0", "\"no\"", "\"OFF\""].into_iter().all(|json| spelt(json) == Ok("false".to_owned())));
        let unclear = "Input should be a valid boolean, unable to interpret input (bool_parsing)";
        assert_eq!((spelt("\"maybe\""), spelt("2")), (err(unclear), err(unclear)));
        assert_eq!(spelt("null"), err("Input should be a valid boolean (bool_type)"));
    }

    #[test]
    fn outcomes_and_lists_name_their_place() {
        let known = "Value error, must be one of: PASSED, ERROR (value_error)";
        assert_eq!(checked(FieldKind::Outcome, "\"passed\""), err(known));
        assert_eq!(checked(FieldKind::Outcome, "null"), err(known));
        assert_eq!(checked(FieldKind::Texts, r#"["a", "b"]"#), Ok("a|b".to_owned()));
        let wrong =
            "f.1: Input should be a valid string (string_type); f.2: Input should be a valid string (string_type)";
        assert_eq!(checked(FieldKind::Texts, r#"["a", 1, null]"#), Err(wrong.to_owned()));
    }
}
