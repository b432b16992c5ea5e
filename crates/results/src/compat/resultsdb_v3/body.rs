//! What is posted to the endpoint of a type.

use super::tables::ResultType;
use crate::compat::json::{self, Fields, Json, Kind};
use crate::compat::refusal::{FieldError, Refusal, Step};
use crate::compat::resultsdb_v2::too_long;
use crate::compat::validation::{self, Checked};
use crate::model::{ExtraData, NewResult, NewTestCase, Outcome, Outcomes, Patch};

/// Outcomes that this interface takes whatever is configured.
const ALSO: [&str; 3] = ["QUEUED", "RUNNING", "ERROR"];

/// Fields that are stored elsewhere than in the data, or not at all.
const NOT_IN_DATA: [&str; 6] = ["testcase", "testcase_ref_url", "outcome", "ref_url", "note", "scratch"];

/// A body that is in order, before it is known who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    kind: ResultType,
    values: Vec<(&'static str, Checked)>,
}

/// The names of the outcomes that this interface takes.
pub(super) fn known(outcomes: &Outcomes) -> Vec<&str> {
    let mut names: Vec<_> = outcomes.known().iter().map(Outcome::as_str).collect();
    let also: Vec<_> = ALSO.into_iter().filter(|name| !names.contains(name)).collect();
    names.extend(also);
    names
}

/// The result that a body of `POST /results/<type>s` is.
///
/// # Errors
///
/// It is no JSON object, or fields are wrong.
pub fn parse_result(kind: ResultType, body: &[u8], outcomes: &Outcomes) -> Result<Submitted, Refusal> {
    let body = json::parse(body)?;
    json::without_nul(&body)?;
    let fields = object(kind, &body)?;
    let (values, mut errors) = validation::check(kind.fields(), &body, fields, &known(outcomes));
    for (name, value) in &values {
        if let (&"testcase", Checked::One(text)) = (name, value)
            && let Some(msg) = too_long(text)
        {
            errors.push(FieldError::value([Step::Field("testcase")], &msg, fields["testcase"].compact()));
        }
    }
    let submitted = Submitted { kind, values };
    if errors.is_empty() && submitted.explains_an_error() && submitted.text("outcome") != Some("ERROR") {
        let msg = "error_reason and issue_url can be only set for ERROR outcome";
        errors.push(FieldError::value([], msg, body.echo()));
    }
    Refusal::unless_empty(errors)?;
    Ok(submitted)
}

fn object<'a, 'b>(kind: ResultType, body: &'b Json<'a>) -> Result<&'b Fields<'a>, Refusal> {
    if let Kind::Object(fields) = &body.kind {
        return Ok(fields);
    }
    let msg = format!("Input should be a valid dictionary or instance of {}", kind.class());
    Err(Refusal::Fields(vec![FieldError::new([], "model_type", msg, body.compact())]))
}

impl Submitted {
    /// The name of the test case, by which the right to submit is looked up.
    pub fn testcase(&self) -> &str {
        self.text("testcase").unwrap_or_default()
    }

    /// The result as that user sends it.
    pub fn into_result(self, username: &str) -> NewResult {
        let data = self.data(username);
        let owned = |name| self.text(name).map(str::to_owned);
        let ref_url = owned("testcase_ref_url").map_or(Patch::Keep, Patch::Set);
        NewResult {
            testcase: NewTestCase { name: self.testcase().to_owned(), ref_url },
            outcome: Outcome::stored(self.text("outcome").unwrap_or_default()),
            groups: Vec::new(),
            note: owned("note"),
            ref_url: owned("ref_url"),
            submit_time: None,
            data,
        }
    }

    fn data(&self, username: &str) -> ExtraData {
        let mut data = ExtraData::default();
        data.push("username", username);
        let scratch = if self.text("scratch") == Some("true") { "_scratch" } else { "" };
        data.push("type", format!("{}{scratch}", self.kind.name()));
        let is_compose = self.kind == ResultType::ProductmdCompose;
        if let (true, Some(id)) = (is_compose, self.text("id")) {
            let variant = self.text("system_variant").unwrap_or("unknown");
            let arch = self.text("system_architecture").unwrap_or_default();
            data.push("item", format!("{id}/{variant}/{arch}"));
            data.push("item", id);
        }
        let stored =
            self.values.iter().filter(|(name, _)| !(NOT_IN_DATA.contains(name) || is_compose && *name == "id"));
        for (name, value) in stored {
            match value {
                Checked::One(text) => data.push(name, text),
                Checked::Many(texts) => texts.iter().for_each(|text| data.push(name, text)),
            }
        }
        data
    }

    fn explains_an_error(&self) -> bool {
        self.text("error_reason").is_some() || self.text("issue_url").is_some()
    }

    fn text(&self, field: &str) -> Option<&str> {
        let mut found = self.values.iter().filter(|(name, _)| *name == field);
        found.find_map(|(_, value)| if let Checked::One(text) = value { Some(text.as_str()) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: &str = r#""testcase": "t", "outcome": "PASSED", "ci_name": "n", "ci_team": "m",
        "ci_docs": "https://d.example", "ci_email": "ci@d.example""#;

    fn parsed(kind: ResultType, fields: &str) -> Result<Submitted, Refusal> {
        parse_result(kind, format!("{{{COMMON}, {fields}}}").as_bytes(), &Outcomes::default())
    }

    fn data(kind: ResultType, fields: &str) -> Vec<String> {
        let result = parsed(kind, fields).unwrap().into_result("alice");
        result.data.iter().map(|(key, values)| format!("{key}={}", values.join("|"))).collect()
    }

    const ALWAYS: [&str; 4] = ["ci_name=n", "ci_team=m", "ci_docs=https://d.example/", "ci_email=ci@d.example"];

    #[test]
    fn a_build_is_stored_with_its_user_and_type() {
        let stored = data(ResultType::BrewBuild, r#""item": "a-1-1", "brew_task_id": "007", "note": "x", "log": null"#);
        let own = ["item=a-1-1", "brew_task_id=7"];
        assert_eq!(stored, [&["username=alice", "type=brew-build"][..], &ALWAYS, &own].concat());
        let stored = data(ResultType::BrewBuild, r#""item": "a-1-1", "brew_task_id": 7, "scratch": "yes""#);
        assert_eq!(stored[1], "type=brew-build_scratch");
    }

    #[test]
    fn a_compose_has_two_items() {
        let fields = r#""id": "RHEL-8.8.0-20221129.0", "system_variant": "BaseOS", "system_architecture": "x86_64""#;
        let stored = data(ResultType::ProductmdCompose, fields);
        assert_eq!(stored[2], "item=RHEL-8.8.0-20221129.0/BaseOS/x86_64|RHEL-8.8.0-20221129.0");
        assert!(!stored.iter().any(|pair| pair.starts_with("id=")));
        assert_eq!(data(ResultType::ProductmdCompose, r#""id": "C""#)[2], "item=C/unknown/|C");
    }

    #[test]
    fn an_image_keeps_its_id_and_names() {
        let fields = r#""item": "i", "id": "sha256:1", "issuer": "u", "component": "c", "full_names": ["a", "b"]"#;
        let stored = data(ResultType::RedhatContainerImage, fields);
        assert_eq!(stored[6..], ["item=i", "id=sha256:1", "issuer=u", "component=c", "full_names=a|b"]);
    }

    #[test]
    fn what_is_not_data_is_stored_where_it_belongs() {
        let fields =
            r#""item": "m", "testcase_ref_url": "https://t.example", "ref_url": "http://r.example", "note": "n""#;
        let result = parsed(ResultType::RedhatModule, fields).unwrap().into_result("alice");
        assert_eq!(result.testcase.ref_url, Patch::Set("https://t.example/".to_owned()));
        assert_eq!((result.ref_url.as_deref(), result.note.as_deref()), (Some("http://r.example/"), Some("n")));
    }

    #[test]
    fn all_mistakes_are_told_in_the_order_of_the_table() {
        let body =
            br#"{"outcome": "passed", "testcase": "", "ci_docs": 1, "ci_name": null, "ci_email": "x", "item": "i"}"#;
        let refusal = parse_result(ResultType::BrewBuild, body, &Outcomes::new([], [])).unwrap_err();
        let told = refusal.to_string();
        assert_eq!(
            told.split("; ").collect::<Vec<_>>(),
            [
                "testcase: String should have at least 1 character",
                "outcome: Value error, must be one of: PASSED, INFO, FAILED, NEEDS_INSPECTION, QUEUED, RUNNING, ERROR",
                "ci_name: Input should be a valid string",
                "ci_team: Field required",
                "ci_docs: URL input should be a string or URL",
                "ci_email: value is not a valid email address: An email address must have an @-sign.",
                "brew_task_id: Field required",
            ]
        );
    }

    #[test]
    fn only_an_error_has_a_reason() {
        let reason = r#""item": "m", "error_reason": "no machine""#;
        let refusal = parsed(ResultType::RedhatModule, reason).unwrap_err();
        assert_eq!(refusal.to_string(), "Value error, error_reason and issue_url can be only set for ERROR outcome");
        assert!(refusal.body().starts_with(r#"{"validation_error":[{"loc":[],"#), "{}", refusal.body());
        assert!(parsed(ResultType::RedhatModule, &format!(r#"{reason}, "outcome": "ERROR""#)).is_ok());
    }

    #[test]
    fn what_is_no_object_names_the_class() {
        let refused = |kind, body: &[u8]| parse_result(kind, body, &Outcomes::default()).unwrap_err().body();
        assert_eq!(
            refused(ResultType::RedhatModule, b"[ 1 ]"),
            r#"{"validation_error":[{"loc":[],"msg":"Input should be a valid dictionary or instance of RedHatModuleResultParams","type":"model_type","input":[1],"url":"https://errors.pydantic.dev/2.6/v/model_type"}]}"#
        );
        assert_eq!(refused(ResultType::RedhatModule, b"{"), r#"{"message":"Bad request"}"#);
    }

    #[test]
    fn the_schema_knows_what_is_required() {
        let schema = ResultType::ProductmdCompose.schema(&Outcomes::new([], []));
        let required: Vec<_> = schema["required"].as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
        assert_eq!(required, ["testcase", "outcome", "ci_name", "ci_team", "ci_docs", "ci_email", "id"]);
        assert_eq!(schema["properties"]["outcome"]["enum"].as_array().map(Vec::len), Some(7));
        assert_eq!(schema["properties"]["note"]["type"][1], "null");
    }

    #[test]
    fn each_type_has_an_endpoint() {
        let segments = ResultType::ALL.map(ResultType::segment);
        assert_eq!(segments, ["brew-builds", "productmd-composes", "redhat-container-images", "redhat-modules"]);
        assert!(ResultType::ALL.into_iter().all(|kind| ResultType::of_segment(&kind.segment()) == Some(kind)));
        assert_eq!(ResultType::of_segment("brew-build"), None);
    }
}
