//! The search field: it takes any subject, and leads to the page that knows it.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tidegate_kernel::{BlockerId, Subject};
use tidegate_platform::http::{FromParams, Params, Problem, Query};
use tidegate_web::Encoded;

use super::Pages;

/// What is looked for.
pub(super) struct Sought(String);

impl FromParams for Sought {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self(params.optional::<String>("q")?.unwrap_or_default()))
    }
}

pub(super) async fn search(State(_): State<Pages>, Query(Sought(text)): Query<Sought>) -> Result<Response, Problem> {
    let place = HeaderValue::from_str(&place_of(text.trim())).map_err(|error| Problem::fault(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
}

/// A subject by its full name has its trail, a blocker its page; whatever else people type is what results are about.
fn place_of(text: &str) -> String {
    if let Ok(subject) = text.parse::<Subject>() {
        return format!("/trail/{}", Encoded(&subject.to_string()));
    }
    if let Ok(id) = text.parse::<BlockerId>() {
        return format!("/blockers/{id}");
    }
    if let Some((repository, number)) = text.split_once('#')
        && repository.contains('/')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return format!("/trail/{}", Encoded(&format!("pr:{text}")));
    }
    if text.is_empty() { "/results".to_owned() } else { format!("/results?item={}", Encoded(text)) }
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn each_way_to_name_a_subject_leads_to_its_page() {
        for (text, place) in [
            ("build:nethack-9-1.fc44", "/trail/build%3Anethack-9-1.fc44"),
            ("acme/web#12", "/trail/pr%3Aacme%2Fweb%2312"),
            ("b5f1c9a20c77e41d", "/blockers/b5f1c9a20c77e41d"),
            ("nethack-9-1.fc44", "/results?item=nethack-9-1.fc44"),
            ("a b\r\n", "/results?item=a%20b%0D%0A"),
            ("", "/results"),
        ] {
            assert_eq!(place_of(text), place, "{text}");
        }
    }
}
