//! What all commands that ask a server do alike: show a list or an object, and change something after it was said what.

use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value, json};
use tidegate_migrate::cli::{Console, Exit};

use super::client::Client;
use super::shown;
use crate::failure::{Failure, of_output};

/// Whom a command asks, and to whom it speaks.
pub(super) struct Desk<'a, 'c> {
    pub(super) client: &'a Client,
    pub(super) console: &'a mut Console<'c>,
    /// Whether what cannot be undone is done without asking.
    pub(super) yes: bool,
}

/// The option of whatever changes something
#[derive(Debug, Default, Args)]
pub(crate) struct Writing {
    /// Say what would be asked of the server, and ask nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// How much of a list that may be long
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// The most lines
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) limit: usize,
}

/// Something that is to be changed.
pub(super) struct Change {
    method: Method,
    path: String,
    body: Option<Value>,
    sentence: String,
    /// What is lost for good.
    loss: Option<String>,
}

impl Change {
    /// Of this there will be one more.
    pub(super) fn post(path: impl Into<String>, body: Option<Value>, sentence: impl Into<String>) -> Self {
        Self { method: Method::POST, path: path.into(), body, sentence: sentence.into(), loss: None }
    }

    pub(super) fn put(path: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { method: Method::PUT, ..Self::post(path, None, sentence) }
    }

    pub(super) fn patch(path: impl Into<String>, body: Value, sentence: impl Into<String>) -> Self {
        Self { method: Method::PATCH, ..Self::post(path, Some(body), sentence) }
    }

    pub(super) fn delete(path: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::post(path, None, sentence) }
    }

    /// It cannot be undone: a person is asked, with these words.
    pub(super) fn losing(self, loss: impl Into<String>) -> Self {
        Self { loss: Some(loss.into()), ..self }
    }
}

impl Desk<'_, '_> {
    /// Shows a whole list.
    pub(super) fn list(&mut self, path: &str, fields: &[&str]) -> Result<Exit, Failure> {
        let items = self.client.list(path)?;
        shown::list(self.console, &items, fields)
    }

    /// Shows the beginning of a list that may be long.
    pub(super) fn page(&mut self, path: &str, paging: &Paging, fields: &[&str]) -> Result<Exit, Failure> {
        let (items, is_all) = self.client.first(path, paging.limit)?;
        self.shown(&items, is_all, fields)
    }

    /// Shows the beginning of a list, and says whether it goes on.
    pub(super) fn shown(&mut self, items: &[Value], is_all: bool, fields: &[&str]) -> Result<Exit, Failure> {
        let exit = shown::list(self.console, items, fields)?;
        if !is_all {
            let more = format!("there are more than {}: name a higher --limit", items.len());
            self.console.say(&more).map_err(|error| of_output(&error))?;
        }
        Ok(exit)
    }

    /// Shows one thing with all that is known of it.
    pub(super) fn show(&mut self, path: &str) -> Result<Exit, Failure> {
        let answered = self.client.get(path)?;
        shown::object(self.console, &answered.body)
    }

    /// Changes something, or says how.
    pub(super) fn change(&mut self, writing: &Writing, change: Change) -> Result<Exit, Failure> {
        let sentence = change.sentence.clone();
        self.change_and(writing, change, |_| sentence)
    }

    /// Changes something, or says how. What is said in the end depends on the answer.
    pub(super) fn change_and(
        &mut self,
        writing: &Writing,
        change: Change,
        sentence: impl FnOnce(&Value) -> String,
    ) -> Result<Exit, Failure> {
        let Change { method, path, mut body, loss, .. } = change;
        if writing.dry_run {
            body.iter_mut().for_each(hide_secrets);
            let shown = body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
            let would = json!({"dry_run": true, "method": method.as_str(), "path": path, "body": body});
            return shown::done(self.console, &would, &format!("would ask: {method} {path}{shown}"));
        }
        if let Some(loss) = loss {
            self.confirm(&loss)?;
        }
        let answered = self.client.ask(method, &path, body.as_ref(), &[])?;
        let sentence = sentence(&answered.body);
        shown::done(self.console, &answered.body, &sentence)
    }

    /// Asks whether to do what cannot be undone: on a terminal a person, elsewhere the option.
    fn confirm(&mut self, what: &str) -> Result<(), Failure> {
        use std::io::IsTerminal as _;
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            let remedy = "give --yes before the command, as in \"tidegate --yes …\"";
            return Err(Failure::usage(format!("{what} cannot be undone: {remedy}")));
        }
        let output = |error: std::io::Error| of_output(&error);
        self.console.warn(&format!("{what}. This cannot be undone. Go on? [y/N]")).map_err(output)?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(output)?;
        if answer.trim().eq_ignore_ascii_case("y") { Ok(()) } else { Err(Failure::no("nothing was done")) }
    }
}

/// What nobody shall read over a shoulder.
fn hide_secrets(body: &mut Value) {
    let Value::Object(fields) = body else { return };
    for key in ["password", "secret", "token"] {
        if let Some(value) = fields.get_mut(key).filter(|value| !value.is_null()) {
            *value = "***".into();
        }
    }
}

/// A body of those of these values that are there.
pub(super) fn body<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// A text, if there is one.
pub(super) fn text(value: Option<&str>) -> Option<Value> {
    value.map(Value::from)
}

/// A path with those parameters that are there.
pub(super) fn query<'v>(path: &str, parameters: impl IntoIterator<Item = (&'v str, Option<&'v str>)>) -> String {
    let mut target = path.to_owned();
    for (key, value) in parameters {
        if let Some(value) = value {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.extend([key, "=", &part(value)]);
        }
    }
    target
}

/// A text as one part of a path, or as a value in a query.
pub(super) fn part(text: &str) -> String {
    let mut part = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            part.push(char::from(byte));
        } else {
            part.push_str(&format_args!("%{byte:02X}").to_string());
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_put_together() {
        assert_eq!(part("build:a/b c"), "build%3Aa%2Fb%20c");
        assert_eq!(query("/x", [("a", Some("1&2")), ("b", None), ("c", Some(""))]), "/x?a=1%262&c=");
        assert_eq!(query("/x?y=1", [("a", Some("é"))]), "/x?y=1&a=%C3%A9");
    }

    #[test]
    fn secrets_are_hidden() {
        let mut hidden = body([("name", text(Some("ann"))), ("password", text(Some("spring tide"))), ("mail", None)]);
        hide_secrets(&mut hidden);
        assert_eq!(hidden, json!({"name": "ann", "password": "***"}));
    }
}
