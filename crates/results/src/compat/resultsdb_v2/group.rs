//! Groups, as a result names them and as they are posted.

use crate::compat::json::{Fields, Json, Kind};
use crate::compat::refusal::{FieldError, Step};
use crate::model::{MAX_GROUP_UUID, NewGroup, Patch};

/// The groups that a result names: uuids, or objects.
pub(super) fn list(of: &Fields<'_>, errors: &mut Vec<FieldError>) -> Vec<NewGroup> {
    let Some(value) = of.get("groups").filter(|value| !value.is_null()) else { return Vec::new() };
    let Kind::List(items) = &value.kind else {
        let msg = "Input should be a valid list";
        errors.push(FieldError::new([Step::Field("groups")], "list_type", msg, value.compact()));
        return Vec::new();
    };
    items.iter().enumerate().filter_map(|(index, item)| one(index, item, errors)).collect()
}

fn one(index: usize, item: &Json<'_>, errors: &mut Vec<FieldError>) -> Option<NewGroup> {
    let loc = [Step::Field("groups"), Step::Index(index)];
    match &item.kind {
        Kind::Text(text) => {
            let uuid = uuid(item, text, &loc, errors);
            Some(NewGroup { uuid, ..NewGroup::default() })
        }
        Kind::Object(inner) => Some(fields(inner, &loc, errors)),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Deep => {
            let msg = "Input should be a valid dictionary";
            errors.push(FieldError::new(loc, "dict_type", msg, item.compact()));
            None
        }
    }
}

/// A group by its fields, of which each may be absent.
pub(super) fn fields(of: &Fields<'_>, loc: &[Step], errors: &mut Vec<FieldError>) -> NewGroup {
    let uuid = match of.get("uuid").map(|value| (value, &value.kind)) {
        None | Some((_, Kind::Null)) => None,
        Some((value, Kind::Text(text))) => uuid(value, text, loc, errors),
        Some((value, _)) => {
            errors.push(no_text(value, loc, "uuid"));
            None
        }
    };
    let description = optional_text(of, "description", loc, errors);
    let ref_url = optional_text(of, "ref_url", loc, errors);
    NewGroup { uuid, description, ref_url }
}

/// An empty one is none.
fn uuid(value: &Json<'_>, text: &str, loc: &[Step], errors: &mut Vec<FieldError>) -> Option<String> {
    if text.chars().count() > MAX_GROUP_UUID {
        let msg = format!("String should have at most {MAX_GROUP_UUID} characters");
        errors.push(FieldError::new(below(loc, "uuid"), "string_too_long", msg, value.compact()));
        return None;
    }
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// What an object says about a text that it may have.
pub(super) fn optional_text(of: &Fields<'_>, field: &'static str, loc: &[Step], errors: &mut Vec<FieldError>) -> Patch {
    match of.get(field).map(|value| (value, &value.kind)) {
        None => Patch::Keep,
        Some((_, Kind::Null)) => Patch::Clear,
        Some((_, Kind::Text(text))) => Patch::Set(text.clone()),
        Some((value, _)) => {
            errors.push(no_text(value, loc, field));
            Patch::Keep
        }
    }
}

fn no_text(value: &Json<'_>, loc: &[Step], field: &'static str) -> FieldError {
    FieldError::new(below(loc, field), "string_type", "Input should be a valid string", value.compact())
}

fn below(loc: &[Step], field: &'static str) -> Vec<Step> {
    [loc, &[Step::Field(field)]].concat()
}
