//! Reads what a request says, every mistake at once: a body by its fields, a query by its parameters.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::body;
use super::guard::BodyLimit;
use super::problem::{Problem, ProblemItem};
use crate::config::nearest;

/// A body that is read by its fields.
pub trait FromFields: Sized {
    /// Asks for every field, and only then looks whether all could be read; `None` if one could not.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A query that is read by its parameters.
pub trait FromParams: Sized {
    /// As for [`FromFields::read`].
    fn read(params: &mut Params) -> Option<Self>;
}

/// The JSON body of a request.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// The body of a request as it came, within its limit.
#[derive(Debug)]
pub struct Raw(pub Vec<u8>);

/// The query of a request.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// The parameters of a path, decoded.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// The fields of a JSON object.
#[derive(Debug)]
pub struct Fields {
    given: Map<String, Value>,
    asked: Vec<&'static str>,
    errors: Vec<ProblemItem>,
}

/// The parameters of a query.
#[derive(Debug, Default)]
pub struct Params {
    given: BTreeMap<String, Vec<String>>,
    asked: Vec<&'static str>,
    errors: Vec<ProblemItem>,
}

impl<T: FromFields> Body<T> {
    fn of(value: Value) -> Result<Self, Problem> {
        let Value::Object(fields) = value else { return Err(Problem::bad_value("/body", "expected an object")) };
        let mut fields = Fields { given: fields, asked: Vec::new(), errors: Vec::new() };
        let read = T::read(&mut fields);
        fields.refuse_unknown();
        read.filter(|_| fields.errors.is_empty()).map(Self).ok_or_else(|| Problem::of_items(fields.errors))
    }
}

impl<S: Send + Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, stream) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = format!("the body is {kind:?}, expected application/json");
            return Err(Problem::new(415, "platform.bad-value", detail));
        }
        let limit = BodyLimit::of(&parts.extensions);
        let bytes = body::read(&parts.headers, stream, limit).await?;
        Self::of(body::json(&bytes)?)
    }
}

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, stream) = request.into_parts();
        let limit = BodyLimit::of(&parts.extensions);
        body::read(&parts.headers, stream, limit).await.map(Self)
    }
}

impl<S: Send + Sync, T: FromParams> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut params = Params::parse(parts.uri.query().unwrap_or_default());
        let read = T::read(&mut params);
        params.refuse_unknown();
        read.filter(|_| params.errors.is_empty()).map(Self).ok_or_else(|| Problem::of_items(params.errors))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0)).map_err(|error| Problem::bad_value("path", error.body_text()))
    }
}

impl Fields {
    /// A field that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let Some(value) = self.take(key) else {
            self.refuse(key, "is missing");
            return None;
        };
        self.convert(key, value)
    }

    /// A field that may be left out, or be `null`.
    pub fn optional<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<Option<T>> {
        match self.take(key) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.convert(key, value).map(Some),
        }
    }

    /// A text that must be there, of that many characters.
    pub fn text(&mut self, key: &'static str, lengths: std::ops::RangeInclusive<usize>) -> Option<String> {
        let text: String = self.required(key)?;
        self.fitting(key, text, &lengths)
    }

    /// A text that may be left out, of that many characters.
    pub fn optional_text(
        &mut self,
        key: &'static str,
        lengths: std::ops::RangeInclusive<usize>,
    ) -> Option<Option<String>> {
        match self.optional::<String>(key)? {
            None => Some(None),
            Some(text) => self.fitting(key, text, &lengths).map(Some),
        }
    }

    /// Says that a field is not what it should be.
    pub fn refuse(&mut self, key: &str, detail: &str) {
        self.errors.push(ProblemItem::new(format!("/body/{key}"), "platform.bad-value", detail));
    }

    fn fitting(&mut self, key: &str, text: String, lengths: &std::ops::RangeInclusive<usize>) -> Option<String> {
        if lengths.contains(&text.chars().count()) {
            return Some(text);
        }
        self.refuse(key, &format!("expected {} to {} characters", lengths.start(), lengths.end()));
        None
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.given.remove(key)
    }

    fn convert<T: DeserializeOwned>(&mut self, key: &str, value: Value) -> Option<T> {
        match serde_path_to_error::deserialize(value) {
            Ok(value) => Some(value),
            Err(error) => {
                let below = error.path().to_string();
                let key = if below == "." { key.to_owned() } else { format!("{key}/{}", below.replace('.', "/")) };
                self.refuse(&key, &error.inner().to_string());
                None
            }
        }
    }

    fn refuse_unknown(&mut self) {
        for key in self.given.keys().take(Problem::MOST_ITEMS) {
            let detail = unknown(key, &self.asked);
            let at = format!("/body/{}", key.replace('~', "~0").replace('/', "~1"));
            self.errors.push(ProblemItem::new(at, "platform.unknown-parameter", detail));
        }
    }
}

fn unknown(key: &str, asked: &[&'static str]) -> String {
    let near = nearest(key, asked.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
    format!("there is no {key:?} here{}", near.unwrap_or_default())
}

impl Params {
    /// The parameters of a query.
    pub fn parse(query: &str) -> Self {
        let mut params = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.contains('\0') {
                params.refuse(&key, "a text has no character U+0000");
            }
            params.given.entry(key.into_owned()).or_default().push(value.into_owned());
        }
        params
    }

    /// A parameter that may be given once.
    pub fn optional<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &'static str) -> Option<Option<T>> {
        self.asked.push(key);
        let values = self.given.remove(key).unwrap_or_default();
        match values.as_slice() {
            [] => Some(None),
            [value] => match value.parse() {
                Ok(value) => Some(Some(value)),
                Err(error) => {
                    self.refuse(key, &format!("{value:?}: {error}"));
                    None
                }
            },
            _ => {
                self.refuse(key, "is given more than once");
                None
            }
        }
    }

    /// A parameter with several values, repeated or with commas between.
    pub fn list<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        self.asked.push(key);
        let given = self.given.remove(key).unwrap_or_default();
        let mut values = Some(Vec::new());
        for word in given.iter().flat_map(|value| value.split(',')).filter(|word| !word.is_empty()) {
            match word.parse() {
                Ok(value) => {
                    if let Some(values) = &mut values {
                        values.push(value);
                    }
                }
                Err(error) => {
                    self.refuse(key, &format!("{word:?}: {error}"));
                    values = None;
                }
            }
        }
        values
    }

    /// Says that a parameter is not what it should be.
    pub fn refuse(&mut self, key: &str, detail: &str) {
        self.errors.push(ProblemItem::new(format!("query:{key}"), "platform.bad-value", detail));
    }

    fn refuse_unknown(&mut self) {
        for key in self.given.keys() {
            let detail = unknown(key, &self.asked);
            self.errors.push(ProblemItem::new(format!("query:{key}"), "platform.unknown-parameter", detail));
        }
    }
}

/// A route without parameters.
impl FromParams for () {
    fn read(_: &mut Params) -> Option<Self> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Ship {
        name: String,
        tons: u32,
        flags: Option<Vec<String>>,
    }

    impl FromFields for Ship {
        fn read(fields: &mut Fields) -> Option<Self> {
            let (name, tons) = (fields.text("name", 1..=5), fields.required("tons"));
            let flags = fields.optional("flags");
            Some(Self { name: name?, tons: tons?, flags: flags? })
        }
    }

    #[test]
    fn every_mistake_of_a_body_is_told() {
        let read = |value| Body::<Ship>::of(value).map(|body| body.0);
        assert_eq!(
            read(json!({"name": "Ulla", "tons": 3, "flags": null})),
            Ok(Ship { name: "Ulla".to_owned(), tons: 3, flags: None })
        );
        let problem = read(json!({"name": "Brunhilde", "flags": ["a", 2], "tonnes": 4, "a/b": 1})).unwrap_err();
        let told: Vec<_> = problem.errors.iter().map(|item| format!("{} {}", item.at, item.detail)).collect();
        assert_eq!(
            told,
            [
                "/body/name expected 1 to 5 characters",
                "/body/tons is missing",
                "/body/flags/[1] invalid type: integer `2`, expected a string",
                "/body/a~1b there is no \"a/b\" here",
                "/body/tonnes there is no \"tonnes\" here; did you mean \"tons\"?",
            ]
        );
        assert_eq!((problem.status, problem.code), (400, "platform.bad-value"));
        assert_eq!(read(json!([])).unwrap_err().errors[0].at, "/body");
    }

    #[test]
    fn every_mistake_of_a_query_is_told() {
        let mut params = Params::parse("limit=many&gate=a,b&gate=c&gat=x&once=1&once=2&z=%00");
        assert_eq!(params.optional::<u32>("limit"), None);
        assert_eq!(params.list::<String>("gate").unwrap(), ["a", "b", "c"]);
        assert_eq!(params.optional::<u32>("once"), None);
        assert_eq!(params.optional::<String>("absent"), Some(None));
        params.refuse_unknown();
        let told: Vec<_> = params.errors.iter().map(|item| format!("{} {}", item.at, item.code)).collect();
        assert_eq!(
            told,
            [
                "query:z platform.bad-value",
                "query:limit platform.bad-value",
                "query:once platform.bad-value",
                "query:gat platform.unknown-parameter",
                "query:z platform.unknown-parameter",
            ]
        );
    }
}
