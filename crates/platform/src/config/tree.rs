//! The configuration as a tree in which each value knows where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file, by line and column from 1.
    File {
        /// The file's name as it was given.
        file: String,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
    /// What an environment variable says as it stands there, for those who want a text.
    pub(super) raw: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Table(BTreeMap<String, Entry>),
    Array(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A date or a time of TOML, which no key takes.
    Date(String),
}

/// A key's place and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) at: Origin,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn table(origin: Origin) -> Self {
        Self { value: Value::Table(BTreeMap::new()), origin, raw: None }
    }

    /// The text, if it is one; what came by the environment always is.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => self.raw.as_deref(),
        }
    }

    /// As TOML writes it.
    pub fn to_toml(&self) -> String {
        match &self.value {
            Value::Table(entries) => {
                let pairs: Vec<_> =
                    entries.iter().map(|(key, entry)| format!("{key} = {}", entry.node.to_toml())).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            Value::Array(nodes) => {
                let items: Vec<_> = nodes.iter().map(Self::to_toml).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Text(text) => toml::Value::String(text.clone()).to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Date(text) => text.clone(),
        }
    }
}

/// Counts lines and columns of one text.
pub(super) struct Places<'t> {
    file: &'t str,
    text: &'t str,
}

impl<'t> Places<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text }
    }

    pub(super) fn at(&self, span: &Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Origin::File { file: self.file.to_owned(), line, column }
    }
}

/// What a TOML text says. Values of mistaken lines are left out.
pub(super) fn of_table(table: &DeTable<'_>, origin: Origin, place: &dyn Fn(&Range<usize>) -> Origin) -> Node {
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.to_string(), Entry { at: place(&key.span()), node: of_value(value, place) })
    };
    Node { value: Value::Table(table.iter().map(entry).collect()), origin, raw: None }
}

fn of_value(spanned: &toml::Spanned<DeValue<'_>>, place: &dyn Fn(&Range<usize>) -> Origin) -> Node {
    let origin = place(&spanned.span());
    let value = match spanned.get_ref() {
        DeValue::Table(table) => return of_table(table, origin, place),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| of_value(item, place)).collect()),
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Date(number.to_string()), Value::Integer)
        }
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::Date(number.to_string()), Value::Float)
        }
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
    };
    Node { value, origin, raw: None }
}

/// What an environment variable says: TOML if it is, else the text.
pub(super) fn of_variable(name: &str, raw: &str) -> Node {
    let origin = Origin::Environment(name.to_owned());
    let document = format!("value = {raw}");
    let parsed = DeTable::parse(&document).ok().and_then(|table| {
        let whole = table.get_ref();
        let (_, value) = whole.iter().next().filter(|_| whole.len() == 1)?;
        Some(of_value(value, &|_| origin.clone()))
    });
    let node = parsed.unwrap_or_else(|| Node { value: Value::Text(raw.to_owned()), origin, raw: None });
    Node { raw: Some(raw.to_owned()), ..node }
}
