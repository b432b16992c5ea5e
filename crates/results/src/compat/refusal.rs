//! A request that is not taken, in the shape that existing clients read.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::RawValue;

use super::json::NotJson;

/// Why a request is not taken; always 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One sentence: `{"message": …}`.
    #[error("{0}")]
    Message(String),
    /// All that is wrong with its fields: `{"validation_error": […]}`.
    #[error("{}", sentences(.0))]
    Fields(Vec<FieldError>),
}

/// One thing that is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The way to the field; empty for the body as a whole.
    pub loc: Vec<Step>,
    /// What is wrong.
    pub msg: String,
    /// The kind of mistake, in the words of pydantic.
    pub kind: &'static str,
    /// What was given, as JSON.
    pub input: String,
}

/// One step on the way to a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// Of an object.
    Field(&'static str),
    /// Of an object whose keys are the sender's own.
    Key(String),
    /// Of a list, from 0.
    Index(usize),
}

impl Refusal {
    /// The body of the answer.
    pub fn body(&self) -> String {
        match self {
            Self::Message(message) => json!({ "message": message }).to_string(),
            Self::Fields(errors) => {
                let errors: Vec<_> = errors.iter().map(FieldError::to_json).collect();
                format!(r#"{{"validation_error":[{}]}}"#, errors.join(","))
            }
        }
    }

    /// Without mistakes in fields there is no refusal.
    pub(crate) fn unless_empty(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self::Fields(errors)) }
    }
}

impl From<NotJson> for Refusal {
    fn from(error: NotJson) -> Self {
        Self::Message(error.to_string())
    }
}

impl FieldError {
    /// A mistake in the field that these steps lead to.
    pub(crate) fn new(
        loc: impl Into<Vec<Step>>,
        kind: &'static str,
        msg: impl Into<String>,
        input: impl Into<String>,
    ) -> Self {
        Self { loc: loc.into(), msg: msg.into(), kind, input: input.into() }
    }

    /// A value that only the rules of the field refuse.
    pub(crate) fn value(loc: impl Into<Vec<Step>>, msg: &str, input: impl Into<String>) -> Self {
        Self::new(loc, "value_error", format!("Value error, {msg}"), input)
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and JSON have a JSON form")
    }
}

impl Serialize for FieldError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            loc: &'a [Step],
            msg: &'a str,
            r#type: &'a str,
            input: &'a RawValue,
            url: String,
        }
        let Self { loc, msg, kind, input } = self;
        let url = format!("https://errors.pydantic.dev/2.6/v/{kind}");
        let input = serde_json::from_str(input).map_err(serde::ser::Error::custom)?;
        Wire { loc, msg, r#type: kind, input, url }.serialize(serializer)
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.loc.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Field(name) => write!(f, "{dot}{name}")?,
                Step::Key(name) => write!(f, "{dot}{name}")?,
                Step::Index(index) => write!(f, "{dot}{index}")?,
            }
        }
        write!(f, "{}{}", if self.loc.is_empty() { "" } else { ": " }, self.msg)
    }
}

fn sentences(errors: &[FieldError]) -> String {
    let sentences: Vec<_> = errors.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_that_of_pydantic() {
        let loc = [Step::Field("groups"), Step::Index(0), Step::Field("uuid")];
        let error = FieldError::new(loc, "string_type", "Input should be a valid string", "[1.0]");
        let refusal = Refusal::Fields(vec![error]);
        assert_eq!(
            refusal.body(),
            r#"{"validation_error":[{"loc":["groups",0,"uuid"],"msg":"Input should be a valid string","type":"string_type","input":[1.0],"url":"https://errors.pydantic.dev/2.6/v/string_type"}]}"#
        );
        assert_eq!(refusal.to_string(), "groups.0.uuid: Input should be a valid string");
        assert_eq!(Refusal::Message("Bad \"request\"".to_owned()).body(), r#"{"message":"Bad \"request\""}"#);
    }
}
