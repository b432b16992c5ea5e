//! Forms of pages: the same rights as the API's routes, and the browser goes on to a page.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tidegate_platform::http::{Mounts, Platform, RouteLine, Routes, form_routes};
use tidegate_testkit::{Kind, TestDb};
use tokio::sync::watch;

use super::{HAUL, Service, sent, settings};
use crate::auth::auth;
use crate::wake::PLATFORM;

fn forms(t: &TestDb) -> Routes {
    let stopping = watch::channel(false).1;
    form_routes(Platform::new(t.db.clone(), auth(&t.db), settings(), vec![HAUL.as_str()], stopping))
}

fn post(service: &Service, path: &str, form: &'static str) -> RequestBuilder {
    let request = service.request(Method::POST, path).header("origin", format!("http://{}", service.at));
    request.header("content-type", "application/x-www-form-urlencoded").body(form)
}

#[test]
fn every_form_asks_for_its_permission() {
    TestDb::on(Kind::Sqlite, PLATFORM, async |t| {
        let service = Service::with(t, settings(), forms(t), Mounts::default()).await;
        let nobody = service.token_for(t, "nobody", None, None).await;
        let lines = forms(t).lines();
        assert!(lines.len() > 15);
        for RouteLine { path, method, access } in lines {
            assert_eq!(method, "POST", "{path}");
            let target = path.replace("{job}", HAUL.as_str()).replace(['{', '}'], "");
            assert_eq!(sent(post(&service, &target, "name=x")).await.0, 401, "{path} without a login");
            if access != "signed-in" {
                let refused = post(&service, &target, "name=x").bearer_auth(&nobody);
                assert_eq!(sent(refused).await.0, 403, "{path} without the permission");
            }
        }
        service.end().await;
    });
}

#[test]
fn a_form_does_what_the_api_does_and_leads_to_its_page() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::with(t, settings(), forms(t), Mounts::default()).await;
        let pause = "/ops/jobs/harbour.haul/pause";
        let answered = post(&service, pause, "reason=fog+on+the+river&then=%2Fops").bearer_auth(&service.admin);
        let answered = answered.send().await.expect("the service answers");
        assert_eq!(answered.headers()["location"], "/ops");
        assert_eq!(answered.status(), 303);
        assert_eq!(
            t.rows("SELECT via, object, reason FROM platform_write").await,
            [["page", "job:harbour.haul", "fog on the river"]]
        );
        let twice = post(&service, pause, "reason=&then=%2Fops").bearer_auth(&service.admin);
        let (status, problem) = sent(twice).await;
        assert_eq!((status, &problem["errors"][0]["at"]), (400, &json!("/body/reason")), "what is empty was not said");
        let no_form = service.post(pause, &json!({"reason": "fog"})).header("origin", format!("http://{}", service.at));
        assert_eq!(sent(no_form).await.0, 415);
        let large = service.request(Method::POST, pause).header("origin", format!("http://{}", service.at));
        let large = large.header("content-type", "application/x-www-form-urlencoded").body("a".repeat(65 * 1024));
        assert_eq!(sent(large).await.0, 413);
        service.end().await;
    });
}
