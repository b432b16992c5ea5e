//! Pages in a real browser, by role and label: what people do on them.

use serde_json::json;
use tidegate_testkit::Browser;

use super::Site;
use crate::serve::House;

/// Logs in, wherever the browser is then.
pub(super) fn log_in(browser: &Browser, site: &Site) {
    browser.open(&format!("http://{}/login", site.service.at));
    browser.fill("textbox", "Name", "ann");
    browser.fill("textbox", "Password", "spring tide");
    browser.follow("button", "Log in");
}

fn text(browser: &Browser) -> String {
    browser.look("return document.body.innerText", &[]).as_str().unwrap_or_default().to_owned()
}

/// From the empty store to a token that is revoked, without a script.
#[test]
fn the_first_admin_comes_in_and_makes_a_token() {
    let Some(browser) = Browser::start() else { return };
    browser.scripts(false);
    let house = House::sqlite();
    let mut service = house.serve(&[]);
    let token = service.setup_token();
    let at = format!("http://{}", service.at);
    browser.open(&format!("{at}/setup"));
    browser.fill("textbox", "Setup token", &format!("tgs_{}", "0".repeat(64)));
    browser.fill("textbox", "Your name", "ann");
    browser.fill("textbox", "Password", "spring tide");
    browser.follow("button", "Make the first admin");
    assert!(text(&browser).contains("This token is not the one"), "{}", text(&browser));
    browser.fill("textbox", "Setup token", &token);
    browser.fill("textbox", "Your name", "ann");
    browser.fill("textbox", "Password", "spring tide");
    browser.follow("button", "Make the first admin");
    assert_eq!(browser.url(), format!("{at}/account"));

    browser.follow("button", "Log out");
    assert_eq!(browser.url(), format!("{at}/"));
    browser.follow("link", "Log in");
    browser.fill("textbox", "Name", "ann");
    browser.fill("textbox", "Password", "a wrong one");
    browser.follow("button", "Log in");
    browser.find("alert", "");
    browser.fill("textbox", "Password", "spring tide");
    browser.follow("button", "Log in");
    browser.follow("link", "Account of ann");

    browser.fill("textbox", "What it is for", "poster");
    browser.click("checkbox", "results:write");
    browser.follow("button", "Make a token");
    let shown = text(&browser);
    let made = shown.split_whitespace().find(|word| word.starts_with("tg_"));
    let made = made.unwrap_or_else(|| panic!("no token is shown: {shown}")).to_owned();
    let me = |token: &str| {
        let bearer = format!("Bearer {token}");
        service.ask("GET", "/api/v1/platform/me", &[("authorization", &bearer)], None).expect("it answers")
    };
    let (status, known) = me(&made);
    assert_eq!((status, &known["permissions"]), (200, &json!([{"permission": "results:write", "object": null}])));
    browser.open(&format!("{at}/account"));
    assert!(!text(&browser).contains(&made), "it is shown once");
    browser.follow("button", "Revoke poster");
    assert_eq!(me(&made).0, 401);
    drop(browser);
    assert!(service.stop().0.success());
}

#[test]
fn filters_are_in_the_address_and_stay_in_their_fields() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = Site::open(&house);
    site.result("FAILED", "nethack-9-1.fc44");
    site.result("PASSED", "nethack-9-2.fc44");
    browser.open(&format!("http://{}/results", site.service.at));
    browser.fill("textbox", "Item", "nethack-*");
    browser.choose("Outcome", "FAILED");
    browser.follow("button", "Show");
    assert!(browser.url().ends_with("/results?item=nethack-*&testcase=&type=&outcome=FAILED"), "{}", browser.url());
    browser.find("link", "nethack-9-1.fc44");
    assert!(!text(&browser).contains("nethack-9-2.fc44"));
    assert_eq!(browser.look("return document.getElementById('item').value", &[]), "nethack-*");
    browser.follow("link", "nethack-9-1.fc44");
    assert!(browser.url().ends_with("/results/subjects/koji_build/nethack-9-1.fc44"), "{}", browser.url());
    browser.follow("link", "dist/rpmdeplint");
    browser.find("group", "Outcomes of each variant by build");
    let marks = browser.nodes().into_iter().filter(|node| node.role == "link" && node.name.contains(" on x86_64, "));
    assert_eq!(marks.count(), 2, "each outcome of the picture is a link with its words");
    drop(browser);
    site.end();
}

#[test]
fn keys_lead_to_places() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = Site::open(&house);
    browser.open(&format!("http://{}/", site.service.at));
    browser.press("gr");
    browser.wait_for("Test case");
    assert!(browser.url().ends_with("/results"));
    browser.press("?");
    browser.find("dialog", "Keyboard");
    browser.click("button", "Close");
    browser.press("/");
    browser.press("nethack\u{E007}");
    browser.wait_for("No result is like this.");
    assert!(browser.url().ends_with("/results?item=nethack"), "{}", browser.url());
    drop(browser);
    site.end();
}

/// How often the list of results was answered.
fn asked(site: &Site) -> u64 {
    let (_, metrics) = site.page("/metrics");
    let lines = metrics.lines().filter(|line| line.contains("\"/results\"") && line.contains("_count"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn a_change_shows_by_itself_and_a_hidden_tab_asks_nothing() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = Site::open(&house);
    let results = format!("http://{}/results", site.service.at);
    browser.open(&results);
    browser.wait_for("Live");
    site.result("PASSED", "first-1-1");
    browser.wait_for("first-1-1");

    let hidden = browser.tab();
    let front = browser.new_tab();
    browser.open(&results);
    browser.wait_for("Live");
    let before = asked(&site);
    site.result("PASSED", "second-1-1");
    browser.wait_for("second-1-1");
    assert_eq!(asked(&site), before + 1, "the tab in front asked, and no other");
    site.result("PASSED", "third-1-1");
    browser.wait_for("third-1-1");
    assert_eq!(asked(&site), before + 2);

    browser.show(&hidden);
    browser.wait_for("third-1-1");
    assert_ne!(front, hidden);
    drop(browser);
    site.end();
}

#[test]
fn an_open_page_catches_up_when_the_service_is_back() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = Site::open(&house);
    let at = site.service.at.clone();
    browser.open(&format!("http://{at}/results"));
    browser.wait_for("Live");
    let token = site.token.clone();
    site.end();
    browser.wait_for("Not connected");
    let port = at.rsplit(':').next().unwrap_or_default().to_owned();
    let service = house.serve_at(&port, &[]);
    let site = Site { service, token };
    site.result("PASSED", "meanwhile-1-1");
    browser.wait_for("meanwhile-1-1");
    drop(browser);
    site.end();
}

#[test]
fn an_operator_pauses_a_job_with_a_reason() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = Site::open(&house);
    log_in(&browser, &site);
    browser.follow("link", "Operations");
    browser.click("DisclosureTriangle", "Pause platform.relay");
    browser.fill("textbox", "Why platform.relay is paused", "the broker moves");
    browser.follow("button", "Pause platform.relay now");
    assert!(browser.url().ends_with("/ops"));
    browser.find("button", "Resume platform.relay");
    assert!(text(&browser).contains("the broker moves"));

    browser.follow("link", "Start");
    browser.follow("link", "platform.job-paused");
    browser.follow("link", "platform.job-paused of item:tidegate-pause/platform.relay");
    assert!(text(&browser).contains("platform.operator can resume it"), "{}", text(&browser));
    browser.follow("link", "item:tidegate-pause/platform.relay");
    assert!(text(&browser).contains("It stands at the gate platform."));
    browser.follow("link", "Operations");
    browser.follow("link", "platform.relay");
    browser.follow("button", "Resume");
    browser.find("button", "Pause");
    drop(browser);
    site.end();
}
