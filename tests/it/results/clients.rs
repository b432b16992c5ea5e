//! Programs of others that know ResultsDB, unchanged.

use serde_json::{Value, json};
use tidegate_testkit::Python;

use super::{Desk, V2};
use crate::serve::both;

const CLIENT: &str = include_str!("resultsdb_client.py");

#[test]
fn the_client_of_resultsdb_works_unchanged() {
    let Some(python) = Python::with(&["resultsdb-api==2.1.6", "requests==2.34.2", "simplejson==4.3.0"]) else { return };
    both(|house| {
        let desk = Desk::open(house.serve(&[]));
        let url = format!("http://{}{V2}", desk.service.at);
        let printed = python.run(CLIENT, &[&url, &desk.token]);
        let seen: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        let testcase = json!({"name": "dist/rpmdeplint", "ref_url": "https://x/t",
            "href": format!("{url}/testcases/dist/rpmdeplint")});
        assert_eq!(seen["testcase"], testcase);
        assert_eq!(seen["testcase_changed"]["ref_url"], "https://x/other");
        assert_eq!(seen["testcases_like"], json!(["dist/rpmdeplint"]));
        assert_eq!(seen["group"]["description"], "nightly");
        assert_eq!(seen["group_changed"]["description"], "weekly");
        assert_eq!(seen["groups_like"], json!([seen["group"]["uuid"]]));
        let data = json!({"item": ["nethack-9-1.fc44"], "type": ["koji_build"], "arch": ["x86_64", "aarch64"],
            "count": ["3"], "fine": ["True"]});
        assert_eq!(seen["result"]["data"], data);
        assert_eq!(seen["result"]["groups"], json!([seen["group"]["uuid"]]));
        assert_eq!(seen["result_again"], seen["result"]);
        assert_eq!(seen["found"], json!([[1], [1], [], [1]]));
        assert_eq!(seen["pages"], json!([20, 20, 6]), "all pages, the last without a next one");
        assert_eq!(seen["by_basic_auth"], 47);
        assert_eq!(
            seen["errors"],
            json!([
                "Result not found (HTTP 404)",
                "401 Unauthorized: this needs a login: a token in Authorization, or a session (HTTP 401)",
                "Unexpected JSON data (HTTP 400): must be one of: PASSED, INFO, FAILED, NEEDS_INSPECTION, QUEUED, RUNNING, ERROR",
            ])
        );
        assert!(desk.service.stop().0.success());
    });
}
