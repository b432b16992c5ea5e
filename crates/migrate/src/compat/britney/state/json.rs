//! State that is kept as JSON.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Place};

/// The object that a file holds; an empty file holds an empty one.
///
/// # Errors
/// The text is no JSON, or no object.
pub(super) fn object(text: &str, file: &str) -> Result<Map<String, Value>, Diagnostic> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    let value = serde_json::from_str(text).map_err(|error| {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        let place = Place { file, line: number(error.line()), column: number(error.column()) };
        place.error("state-damaged", format!("it is no JSON: {error}"))
    })?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(Place { file, line: 1, column: 1 }.error("state-damaged", "it is no JSON object")),
    }
}
