//! Whether the service is as the demo tells it: asked from outside, answer by answer and page by page.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{LOCATION, SET_COOKIE};

use super::ci::{BROKEN_FOR_A_NIGHT, Lesson, MENDED, UPDATE};
use super::pages::{ENTER, EXCUSES};
use super::story;
use super::tour::CHANGED;
use super::visit::{ADMIN, PAUSED_JOB};
use crate::failure::Failure;
use crate::remote::Server;

/// The pages that the demo sends people to, with what each has to show.
const PAGES: [(&str, &[&str]); 6] = [
    ("/", &[CHANGED, PAUSED_JOB]),
    ("/blockers", &[PAUSED_JOB]),
    ("/results", &[MENDED, UPDATE]),
    ("/ops", &[PAUSED_JOB, "paused"]),
    (EXCUSES, &[story::HELD, story::STAYS]),
    ("/readyz", &[]),
];

/// What is not as it should be on the server, which has had the lesson and nothing after it.
pub(super) async fn faults(server: &Server, lesson: &Lesson, key: &str) -> Result<Vec<String>, Failure> {
    let mut faults = told(server, lesson).await?;
    let history = format!("/results/testcases/{BROKEN_FOR_A_NIGHT}");
    let pages = PAGES.into_iter().chain([(history.as_str(), &["class=\"mark bad\"", "class=\"mark good\""][..])]);
    for (path, words) in pages {
        let text = page(server, path).await?;
        let missing = words.iter().filter(|word| !text.contains(**word));
        faults.extend(missing.map(|word| format!("{path} does not show {word:?}")));
    }
    faults.extend(entered(server, key).await?);
    Ok(faults)
}

/// Each change is told once, in its order, and nothing else is.
async fn told(server: &Server, lesson: &Lesson) -> Result<Vec<String>, Failure> {
    let events = server.get(&format!("/api/v1/events?topic={CHANGED}&limit=500")).await?.body;
    let mut told: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events["items"].as_array().into_iter().flatten() {
        let body = &event["message"]["body"];
        let outcome = body["outcome"].as_str().unwrap_or_default();
        told.entry(body["announcement"]["subject"]["item"].as_str().unwrap_or_default()).or_default().push(outcome);
    }
    let mut faults = Vec::new();
    for (item, outcomes) in &lesson.told {
        match told.remove(item.as_str()) {
            Some(found) if found == *outcomes => {}
            found => faults.push(format!("of {item} was told {:?}, not {outcomes:?}", found.unwrap_or_default())),
        }
    }
    faults.extend(told.keys().map(|item| format!("a change of {item:?} was told, which nobody made")));
    Ok(faults)
}

/// The link lets in whoever has it, and nobody else.
async fn entered(server: &Server, key: &str) -> Result<Option<String>, Failure> {
    let open = async |key: &str| {
        let request = server.request(Method::GET, &format!("{ENTER}?key={key}"), &[]);
        request.send().await.map_err(|error| server.away(&error))
    };
    let stranger = open("guessed").await?;
    if stranger.headers().contains_key(SET_COOKIE) {
        return Ok(Some("a guessed link lets in".to_owned()));
    }
    let visitor = open(key).await?;
    let cookie = visitor.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default();
    let me = server.ask(Method::GET, "/api/v1/platform/me", None, &[("cookie", cookie)]).await?.body;
    let is_led_on = visitor.headers().get(LOCATION).is_some_and(|place| place == "/");
    let is_in = is_led_on && me["user"] == ADMIN;
    Ok((!is_in).then(|| format!("the link that logs in made us {}", me["user"])))
}

async fn page(server: &Server, path: &str) -> Result<String, Failure> {
    let response = server.answered(server.request(Method::GET, path, &[])).await?;
    response.text().await.map_err(|error| server.away(&error))
}
