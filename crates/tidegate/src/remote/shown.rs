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
    let shown = columns(items, fields).iter().try_for_each(|line| console.answer(line));
    shown.map(|()| Exit::Yes).map_err(|error| of_output(&error))
}

/// Shows one thing: JSON, or a line for each field that it has, lists of objects below their name.
pub(super) fn object(console: &mut Console<'_>, body: &Value) -> Result<Exit, Failure> {
    let shown = match body {
        Value::Object(_) if !console.voice.json => lines(body).iter().try_for_each(|line| console.answer(line)),
        _ => console.json(body),
    };
    shown.map(|()| Exit::Yes).map_err(|error| of_output(&error))
}

/// A heading and a line for each item.
pub(super) fn columns(items: &[Value], fields: &[&str]) -> Vec<String> {
    let mut rows = vec![fields.iter().map(|field| field.replace('_', " ")).collect::<Vec<_>>()];
    rows.extend(items.iter().map(|item| fields.iter().map(|field| word(&item[*field])).collect()));
    let width = |column: usize| rows.iter().map(|row: &Vec<String>| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..fields.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn lines(body: &Value) -> Vec<String> {
    let fields = body.as_object().into_iter().flatten();
    let width = fields.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, value) in fields {
        let name = name.replace('_', " ");
        match value {
            Value::Array(items) if items.first().is_some_and(Value::is_object) => {
                lines.push(name);
                let keys: Vec<&str> =
                    items[0].as_object().into_iter().flat_map(|item| item.keys()).map(String::as_str).collect();
                lines.extend(columns(items, &keys).iter().map(|line| format!("  {line}")));
            }
            value => lines.push(format!("{name:width$}  {}", word(value)).trim_end().to_owned()),
        }
    }
    lines
}

/// A value on one line. Whoever sent it shall not steer the terminal.
pub(super) fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// A text that does not steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_shown_in_columns() {
        let items = [json!({"name": "ann", "teams": ["a", "b"]}), json!({"name": "bartholomew", "teams": []})];
        assert_eq!(columns(&items, &["name", "teams"]), ["name         teams", "ann          a,b", "bartholomew  -"]);
    }

    #[test]
    fn an_object_is_shown_field_by_field() {
        let shown = json!({"key": "k", "message_id": 1, "receivers": [{"sink": "mail", "state": "sent"}]});
        let expected = ["key         k", "message id  1", "receivers", "  sink  state", "  mail  sent"];
        assert_eq!(lines(&shown), expected);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(word(&json!("a\u{1b}[2Jb\nc")), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(word(&json!({"a": "\u{1b}"})), r#"{"a":"\u001b"}"#);
    }
}
