//! What the gate learns from messages of others: the builds of updates.

use std::collections::BTreeSet;

use serde_json::Value;

/// The topics that tell of updates, behind any prefix.
pub const UPDATE_TOPICS: &str = "bodhi.update.*";

/// An update has at most as many builds as one result may be about.
const MOST_BUILDS: usize = 10_000;

/// The update that a message tells of, and its builds; `None` if it tells of none, which is no fault.
pub fn update_builds(body: &Value) -> Option<(String, BTreeSet<String>)> {
    let update = body.get("update")?;
    let alias = update.get("alias")?.as_str().filter(|alias| is_name(alias))?;
    let builds = update.get("builds")?.as_array()?;
    let nvrs = builds.iter().filter_map(|build| build.get("nvr")?.as_str());
    let nvrs: BTreeSet<_> = nvrs.filter(|nvr| is_name(nvr)).take(MOST_BUILDS).map(str::to_owned).collect();
    (!nvrs.is_empty()).then(|| (alias.to_owned(), nvrs))
}

/// Whether it can be stored and looked up.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 1_024 && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_update_names_its_builds() {
        let builds = json!([{"nvr": "b-1-1.fc44", "epoch": 0}, {"nvr": "a-1-1.fc44"}, {"nvr": 1}, {}]);
        let body = json!({"update": {"alias": "FEDORA-2026-1", "builds": builds}, "agent": "x"});
        let (alias, nvrs) = update_builds(&body).unwrap();
        assert_eq!(
            (alias.as_str(), nvrs.into_iter().collect::<Vec<_>>()),
            ("FEDORA-2026-1", vec!["a-1-1.fc44".to_owned(), "b-1-1.fc44".to_owned()])
        );
    }

    #[test]
    fn what_names_none_is_ignored() {
        for body in [
            json!({}),
            json!({"update": {}}),
            json!({"update": {"alias": "U", "builds": []}}),
            json!({"update": {"alias": 1, "builds": [{"nvr": "a"}]}}),
            json!({"update": {"alias": "U", "builds": [{"nvr": "a\u{0}"}]}}),
        ] {
            assert_eq!(update_builds(&body), None, "{body}");
        }
    }
}
