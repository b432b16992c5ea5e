//! How answers are shown: JSON as the API has it, or columns for people.

use serde_json::Value;
use tidegate_migrate::cli::{Console, Exit};

use crate::failure::{Failure, of_output};

/// Shows an object, or for people a sentence about it.
pub(super) fn done(console: &mut Console<'_>, body: &Value, sentence: &str) -> Result<Exit, Failure> {
    let shown = match (console.voice.json, body) {
        (true, Value::Null) => Ok(()),
        (true, body) => console.json(body),
        (false, _) => console.answer(sentence),
    };
    shown.map(|()| Exit::Yes).map_err(|error| of_output(&error))
}

/// Shows a list: a line of JSON each, or those fields in columns.
pub(super) fn list(console: &mut Console<'_>, items: &[Value], fields: &[&str]) -> Result<Exit, Failure> {
    if console.voice.json {
        let shown = items.iter().try_for_each(|item| console.json(item));
        return shown.map(|()| Exit::Yes).map_err(|error| of_output(&error));
    }
    let mut rows = vec![fields.iter().map(|field| field.replace('_', " ")).collect::<Vec<_>>()];
    rows.extend(items.iter().map(|item| fields.iter().map(|field| word(&item[*field])).collect()));
    let width = |column: usize| rows.iter().map(|row: &Vec<String>| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..fields.len()).map(width).collect();
    for row in &rows {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        console.answer(cells.join("  ").trim_end()).map_err(|error| of_output(&error))?;
    }
    Ok(Exit::Yes)
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}
