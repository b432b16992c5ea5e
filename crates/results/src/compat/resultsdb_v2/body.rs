//! What is posted.

use std::time::Duration;

use tidegate_kernel::Timestamp;

use super::group::{self, optional_text};
use super::time::submit_time;
use crate::compat::json::{self, Fields, Json, Kind};
use crate::compat::python;
use crate::compat::refusal::{FieldError, Refusal, Step};
use crate::latest;
use crate::model::{
    ExtraData, MAX_DATA_VALUES, MAX_TESTCASE_NAME, NewGroup, NewResult, NewTestCase, Outcome, Outcomes, Patch,
};

/// By what a result is judged when it comes.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The outcomes that are known.
    pub outcomes: Outcomes,
    /// The keys by which subject types name their items.
    pub item_keys: Vec<String>,
    /// What time it is.
    pub now: Timestamp,
    /// So far ahead of `now` a result may claim to be.
    pub max_future: Duration,
}

/// The result that a body of `POST /results` is.
///
/// # Errors
///
/// It is no JSON object, fields are wrong, or it is beyond a limit.
pub fn parse_result(body: &[u8], acceptance: &Acceptance) -> Result<NewResult, Refusal> {
    let (body, fields) = object(body)?;
    let mut errors = Vec::new();
    let outcome = outcome(&fields, &body, &acceptance.outcomes, &mut errors);
    let testcase = testcase(&fields, &body, &mut errors);
    let groups = group::list(&fields, &mut errors);
    let note = optional_text(&fields, "note", &[], &mut errors);
    let ref_url = optional_text(&fields, "ref_url", &[], &mut errors);
    let submit_time = time(&fields, acceptance, &mut errors);
    let data = data(&fields, &mut errors);
    let (Some(outcome), Some(testcase), true) = (outcome, testcase, errors.is_empty()) else {
        return Err(Refusal::Fields(errors));
    };
    no_colons(&data)?;
    let set = |patch| if let Patch::Set(text) = patch { Some(text) } else { None };
    let result = NewResult { testcase, outcome, groups, note: set(note), ref_url: set(ref_url), submit_time, data };
    within_limits(&result, &acceptance.item_keys, &body)?;
    Ok(result)
}

/// The group that a body of `POST /groups` is. What is not given, `null` or empty stays as it is.
///
/// # Errors
///
/// As for [`parse_result`].
pub fn parse_group(body: &[u8]) -> Result<NewGroup, Refusal> {
    let (_, fields) = object(body)?;
    let mut errors = Vec::new();
    let group = group::fields(&fields, &[], &mut errors);
    Refusal::unless_empty(errors)?;
    let given = |patch| match patch {
        Patch::Set(text) if !text.is_empty() => Patch::Set(text),
        Patch::Set(_) | Patch::Clear | Patch::Keep => Patch::Keep,
    };
    Ok(NewGroup { description: given(group.description), ref_url: given(group.ref_url), ..group })
}

/// The test case that a body of `POST /testcases` is. What is not given or `null` stays as it is.
///
/// # Errors
///
/// As for [`parse_result`].
pub fn parse_testcase(body: &[u8]) -> Result<NewTestCase, Refusal> {
    let (body, fields) = object(body)?;
    let mut errors = Vec::new();
    let name = match fields.get("name") {
        None => Err(FieldError::new([Step::Field("name")], "missing", "Field required", body.echo())),
        Some(name) => required_text(name, &[Step::Field("name")]),
    };
    let name = name.and_then(|name| match too_long(&name) {
        Some(msg) => Err(FieldError::value([Step::Field("name")], &msg, json_text(&name))),
        None => Ok(name),
    });
    let name = name.map_err(|error| errors.push(error));
    let ref_url = match optional_text(&fields, "ref_url", &[], &mut errors) {
        Patch::Clear => Patch::Keep,
        patch => patch,
    };
    match name {
        Ok(name) if errors.is_empty() => Ok(NewTestCase { name, ref_url }),
        Ok(_) | Err(()) => Err(Refusal::Fields(errors)),
    }
}

/// The fields of a body that is an object without the character that no store takes.
fn object(body: &[u8]) -> Result<(Json<'_>, Fields<'_>), Refusal> {
    let body = json::parse(body)?;
    json::without_nul(&body)?;
    match body.kind.clone() {
        Kind::Object(fields) => Ok((body, fields)),
        _ => Err(Refusal::Message("Bad request".to_owned())),
    }
}

fn outcome(fields: &Fields<'_>, body: &Json<'_>, known: &Outcomes, errors: &mut Vec<FieldError>) -> Option<Outcome> {
    let loc = [Step::Field("outcome")];
    let found = match fields.get("outcome") {
        None => Err(FieldError::new(loc, "missing", "Field required", body.echo())),
        Some(value) => required_text(value, &loc).and_then(|text| {
            let unknown = || FieldError::value(loc, &format!("must be one of: {}", known.listed()), value.compact());
            known.meant(&text).cloned().ok_or_else(unknown)
        }),
    };
    found.map_err(|error| errors.push(error)).ok()
}

fn testcase(fields: &Fields<'_>, body: &Json<'_>, errors: &mut Vec<FieldError>) -> Option<NewTestCase> {
    let loc = [Step::Field("testcase")];
    let Some(value) = fields.get("testcase") else {
        errors.push(FieldError::new(loc, "missing", "Field required", body.echo()));
        return None;
    };
    let nameless = |value: &Json<'_>| match &value.kind {
        Kind::Object(fields) => fields.get("name").is_none_or(Json::is_empty),
        _ => value.is_empty(),
    };
    if nameless(value) {
        errors.push(FieldError::value(loc, "testcase name must be non-empty", value.compact()));
        return None;
    }
    let testcase = match &value.kind {
        Kind::Text(name) => NewTestCase { name: name.clone(), ref_url: Patch::Keep },
        Kind::Object(inner) => {
            let at = [Step::Field("testcase"), Step::Field("name")];
            let name = required_text(&inner["name"], &at).map_err(|error| errors.push(error));
            let ref_url = optional_text(inner, "ref_url", &loc, errors);
            NewTestCase { name: name.ok()?, ref_url }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Deep => {
            errors.push(FieldError::new(loc, "dict_type", "Input should be a valid dictionary", value.compact()));
            return None;
        }
    };
    if let Some(msg) = too_long(&testcase.name) {
        errors.push(FieldError::value(loc, &msg, value.compact()));
        return None;
    }
    Some(testcase)
}

fn time(fields: &Fields<'_>, acceptance: &Acceptance, errors: &mut Vec<FieldError>) -> Option<Timestamp> {
    let value = fields.get("submit_time").filter(|value| !value.is_null())?;
    let found = submit_time(value).and_then(|time| {
        let ahead = time.as_microseconds().saturating_sub(acceptance.now.as_microseconds());
        let is_near = u64::try_from(ahead).is_ok_and(|ahead| Duration::from_micros(ahead) > acceptance.max_future);
        if is_near { Err("submit_time lies in the future".to_owned()) } else { Ok(time) }
    });
    let error = |msg: String| FieldError::value([Step::Field("submit_time")], &msg, value.compact());
    found.map_err(|msg| errors.push(error(msg))).ok()
}

fn data(fields: &Fields<'_>, errors: &mut Vec<FieldError>) -> ExtraData {
    let mut data = ExtraData::default();
    let Some(value) = fields.get("data").filter(|value| !value.is_null()) else { return data };
    let Kind::Object(given) = &value.kind else {
        let msg = "Input should be a valid dictionary";
        errors.push(FieldError::new([Step::Field("data")], "dict_type", msg, value.compact()));
        return data;
    };
    for (key, value) in given {
        let values = if let Kind::List(values) = &value.kind { values.as_slice() } else { std::slice::from_ref(value) };
        for text in values.iter().filter_map(scalar) {
            data.push(key, text);
        }
    }
    data
}

/// A scalar in the text that readers have always met; `null` is none.
fn scalar(value: &Json<'_>) -> Option<String> {
    match &value.kind {
        Kind::Null => None,
        Kind::Bool(is) => Some(python::truth(*is).to_owned()),
        Kind::Text(text) => Some(text.clone()),
        Kind::Number(_) | Kind::List(_) | Kind::Object(_) | Kind::Deep => Some(value.compact().into_owned()),
    }
}

fn no_colons(data: &ExtraData) -> Result<(), Refusal> {
    let wrong: Vec<_> = data.iter().map(|(key, _)| key).filter(|key| key.contains(':')).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Refusal::Message(format!("Colon not allowed in key name: {}", python::list(wrong))))
}

/// What one result may be at most.
fn within_limits(result: &NewResult, item_keys: &[String], body: &Json<'_>) -> Result<(), Refusal> {
    let total = result.data.total();
    let problem = if total > MAX_DATA_VALUES {
        Some(format!("a result may have at most {MAX_DATA_VALUES} values in its data, and this one has {total}"))
    } else {
        let keys = item_keys.iter().map(String::as_str);
        latest::combinations(&result.testcase.name, &result.data, keys).err().map(|error| error.to_string())
    };
    let Some(msg) = problem else { return Ok(()) };
    let input = if let Kind::Object(fields) = &body.kind { fields.get("data") } else { None };
    let input = input.map_or_else(|| "null".into(), Json::compact);
    Err(Refusal::Fields(vec![FieldError::value([Step::Field("data")], &msg, input)]))
}

/// A text that is there and not empty.
fn required_text(value: &Json<'_>, loc: &[Step]) -> Result<String, FieldError> {
    match value.text() {
        None => Err(FieldError::new(loc, "string_type", "Input should be a valid string", value.compact())),
        Some("") => {
            Err(FieldError::new(loc, "string_too_short", "String should have at least 1 character", value.compact()))
        }
        Some(text) => Ok(text.to_owned()),
    }
}

/// What is wrong with a test case's name that is longer than names may be.
pub(in crate::compat) fn too_long(name: &str) -> Option<String> {
    let length = name.len();
    (length > MAX_TESTCASE_NAME)
        .then(|| format!("a test case's name may have at most {MAX_TESTCASE_NAME} bytes, and this one has {length}"))
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
