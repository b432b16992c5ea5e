//! The routes of test suites in the running service.

use serde_json::json;

use super::{V2, failed};
use crate::serve::{House, both, run};

#[test]
fn a_suite_gets_an_empty_service_as_often_as_it_wants() {
    both(|house| {
        let service = house.serve(&[("TIDEGATE_TEST__HOOKS", "true")]);
        for _ in 0..2 {
            let (status, stored) = service.post(&format!("{V2}/results"), &failed("a-1-1"));
            assert_eq!((status, &stored["id"]), (201, &json!(1)), "anybody may write, and ids begin with 1");
            let told = service.ask("GET", "/test/messages", &[], None).expect("the service answers");
            assert_eq!(told, (200, json!([stored])));
            assert_eq!(service.post("/test/reset", &json!({})), (200, json!({})));
        }
        assert!(service.stop().0.success());
        // later, as a service for people, it keeps what it has and has no such routes
        let mut service = house.serve(&[]);
        let token = service.set_up();
        let bearer = format!("Bearer {token}");
        let kept = service.ask("POST", &format!("{V2}/results"), &[("authorization", &bearer)], Some(&failed("a-1-1")));
        assert_eq!(kept.expect("the service answers").0, 201);
        assert_eq!(service.post("/test/reset", &json!({})).0, 404);
        assert!(service.stop().0.success());
    });
}

#[test]
fn the_store_of_people_is_not_emptied() {
    both(|house| {
        assert!(house.serve(&[]).stop().0.success());
        let service = house.serve(&[("TIDEGATE_TEST__HOOKS", "true")]);
        let (status, refused) = service.post("/test/reset", &json!({}));
        assert_eq!((status, &refused["code"]), (409, &json!("results.not-for-tests")));
        assert!(service.stop().0.success());
    });
}

/// Scenario 35 of the platform.
#[test]
fn hooks_beyond_loopback_do_not_start() {
    let house = House::sqlite();
    let mut command = house.command(&["serve"]);
    command.env("TIDEGATE_TEST__HOOKS", "true").env("TIDEGATE_HTTP__LISTEN", r#"["127.0.0.1:0", "0.0.0.0:0"]"#);
    let (exit, _, told) = run(command);
    assert_eq!(exit, 2);
    assert!(told.contains("http.listen has 0.0.0.0:0: expected loopback only"), "{told}");
    assert!(!house.folder.path().join("data").exists(), "nothing was begun");
}
