//! Reads a body within its limits: its size, how much it grows when it is unpacked, and how deep its JSON is.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;

use super::problem::{Problem, ProblemItem};

/// JSON is at most so deep.
const DEEPEST: usize = 64;
/// A body grows at most by so much when it is unpacked.
const GROWTH: usize = 20;

/// The whole body, unpacked.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|stated| stated > limit) {
        return Err(too_large(limit));
    }
    let bytes = match Limited::new(body, limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large(limit)),
        Err(error) => return Err(Problem::new(400, "platform.bad-value", format!("the body broke off: {error}"))),
    };
    match headers.get(header::CONTENT_ENCODING).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(bytes.into()),
        Some(b"gzip") => unpack(&bytes, limit),
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16(),
            "platform.bad-value",
            "a body is packed by gzip or not at all",
        )),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(413, "platform.too-large", format!("the body is larger than {limit} bytes"))
}

fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, Problem> {
    let most = limit.min(packed.len().saturating_mul(GROWTH));
    let mut bytes = Vec::new();
    let reading = flate2::read::MultiGzDecoder::new(packed).take(most as u64 + 1).read_to_end(&mut bytes);
    if let Err(error) = reading {
        return Err(Problem::new(400, "platform.bad-value", format!("the body is no gzip: {error}")));
    }
    if bytes.len() > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// The JSON of a body, with the place of what is no JSON.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    if is_too_deep(bytes) {
        return Err(Problem::new(400, "platform.too-deep", format!("the JSON is deeper than {DEEPEST} levels")));
    }
    let mut reading = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize::<_, Value>(&mut reading);
    let bad = |at: String, error: &serde_json::Error| {
        let (line, column) = (Some(error.line()), Some(error.column()));
        Problem::of_items(vec![ProblemItem {
            line,
            column,
            ..ProblemItem::new(at, "platform.bad-json", error.to_string())
        }])
    };
    let value = value.map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { "/body".to_owned() } else { format!("/body/{}", path.replace('.', "/")) };
        bad(at, error.inner())
    })?;
    reading.end().map_err(|error| bad("/body".to_owned(), &error))?;
    let mut zeros = Vec::new();
    find_zeros(&value, &mut "/body".to_owned(), &mut zeros);
    if zeros.is_empty() { Ok(value) } else { Err(Problem::of_items(zeros)) }
}

/// No database takes a text with U+0000.
fn find_zeros(value: &Value, at: &mut String, found: &mut Vec<ProblemItem>) {
    let length = at.len();
    if found.len() >= Problem::MOST_ITEMS {
        return;
    }
    match value {
        Value::String(text) if text.contains('\0') => {
            found.push(ProblemItem::new(at.clone(), "platform.bad-value", "a text has no character U+0000"));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                find_zeros(item, at, found);
                at.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                at.push('/');
                at.push_str(&key.replace('~', "~0").replace('/', "~1"));
                if key.contains('\0') {
                    found.push(ProblemItem::new(at.clone(), "platform.bad-value", "a key has no character U+0000"));
                }
                find_zeros(item, at, found);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Before anything recursive looks at it.
fn is_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn what_grows_too_much_is_refused() {
        let bomb = packed(&vec![b' '; 1 << 20]);
        assert_eq!(unpack(&bomb, 4 << 20).unwrap_err().status, 413);
        assert_eq!(unpack(&packed(b"{\"a\": 1}"), 1_000).unwrap(), b"{\"a\": 1}");
        assert_eq!(unpack(&packed(b"some words, not too short"), 10).unwrap_err().status, 413);
        assert_eq!(unpack(b"no gzip", 1_000).unwrap_err().code, "platform.bad-value");
    }

    #[test]
    fn json_is_at_most_64_deep() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(json(nested(64).as_bytes()).is_ok());
        assert_eq!(json(nested(65).as_bytes()).unwrap_err().code, "platform.too-deep");
        assert!(json(format!("[\"{}\\\"\"]", "[".repeat(100)).as_bytes()).is_ok(), "brackets in a text do not count");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let refused = |text: &str| {
            let problem = json(text.as_bytes()).unwrap_err();
            let item = &problem.errors[0];
            (problem.code, item.at.clone(), item.line, item.column)
        };
        assert_eq!(refused("{\n\"a\": tide}"), ("platform.bad-json", "/body/a".to_owned(), Some(2), Some(7)));
        assert_eq!(refused("{} {}").1, "/body");
        assert_eq!(refused(r#"{"a": {"b": "\ud800"}}"#).1, "/body/a/b");
    }

    #[test]
    fn a_text_with_a_zero_is_named() {
        let problem = json(br#"{"a": ["x", "y\u0000"], "b/c": "\u0000"}"#).unwrap_err();
        let places: Vec<_> = problem.errors.iter().map(|item| item.at.as_str()).collect();
        assert_eq!(places, ["/body/a/1", "/body/b~1c"]);
    }
}
