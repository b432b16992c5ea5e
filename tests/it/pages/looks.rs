//! How pages look and what they are called: at the width of a phone and of a desk, in both themes, with scripts and without.
//!
//! Three pages are looked at in every way and all others in the hardest, on a phone without scripts; with
//! `TIDEGATE_LONG=1` all pages in every way. With `TIDEGATE_PICTURES=1` the pictures of the book are made anew.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use tidegate_testkit::{Browser, Theme};

use super::Site;
use super::browser::log_in;
use crate::serve::House;
use crate::tree::root;

const MAIN: [&str; 3] = ["/", "/results", "/ops"];
const OTHERS: [&str; 16] = [
    "/results/records/1",
    "/results/subjects/koji_build/nethack-9-6.fc44",
    "/results/testcases/desktop.browser",
    "/results?item=none",
    "/blockers",
    "/trail/build:nethack-9-6.fc44",
    "/ops/jobs/platform.relay",
    "/ops/messages",
    "/ops/writes",
    "/account",
    "/admin/users",
    "/admin/teams",
    "/admin/grants",
    "/login",
    "/errors/platform.csrf",
    "/ops/none",
];

/// What a person works with; each has to have a name.
const CONTROLS: [&str; 7] = ["button", "checkbox", "combobox", "DisclosureTriangle", "link", "searchbox", "textbox"];

/// Texts whose contrast with what is behind them is below 4.5, or below 3 where they are large. A colour that lets
/// something through is mixed with what is behind it.
const FAINT: &str = "
    const channels = (text) => {
      const parts = text.match(/[\\d.]+/g).map(Number);
      return text.startsWith('color(srgb') ? [...parts.slice(0, 3).map((part) => part * 255), parts[3] ?? 1]
        : [...parts.slice(0, 3), parts[3] ?? 1];
    };
    const over = (top, below) => top.slice(0, 3).map((part, i) => part * top[3] + below[i] * (1 - top[3]));
    const behind = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
      return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    const light = (colour) => {
      const [r, g, b] = colour.map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [];
    const check = (element, colour, size, text) => {
      const below = behind(element);
      const [one, other] = [light(over(channels(colour), below)), light(below)].sort((a, b) => b - a);
      const ratio = (one + 0.05) / (other + 0.05);
      if (ratio < (parseFloat(size) >= 24 ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${text}`);
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.textContent.trim();
      if (!text || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      check(element, element.closest('svg') ? style.fill : style.color, style.fontSize, text);
    }
    for (const field of document.querySelectorAll('[placeholder]')) {
      const style = getComputedStyle(field, '::placeholder');
      check(field, style.color, style.fontSize, field.placeholder);
    }
    return faint;";

/// A service with what pages can show: results of some builds, a team, a token, a pause.
fn filled(house: &House) -> Site {
    let site = Site::open(house);
    let bearer = format!("Bearer {}", site.token);
    let send = |path: &str, body: &Value| {
        let answer = site.service.ask("POST", path, &[("authorization", &bearer)], Some(body));
        let (status, told) = answer.expect("the service answers");
        assert!(status < 300, "{path}: {status} {told}");
    };
    import(&site, &bearer);
    send("/api/v1/platform/teams", &json!({"name": "qa", "title": "Quality"}));
    send("/api/v1/platform/grants", &json!({"team": "qa", "role": "platform.operator"}));
    send("/api/v1/platform/tokens", &json!({"name": "openqa poster", "scopes": ["results:write"]}));
    let reason = json!({"reason": "the broker moves to another machine"});
    send("/api/v1/platform/jobs/platform.relay/pause", &reason);
    site
}

/// All results at once.
fn import(site: &Site, bearer: &str) {
    let lines = history().iter().fold(String::new(), |lines, result| lines + &result.to_string() + "\n");
    let mut stream = TcpStream::connect(&site.service.at).expect("the service listens");
    let (at, length) = (&site.service.at, lines.len());
    let head = format!("POST /api/v1/results/import?announce=all HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n");
    let head = format!("{head}authorization: {bearer}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + &lines).as_bytes()).expect("the service reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the service answers");
    assert!(answer.contains("\"rejected\":[]"), "{answer}");
}

/// Twenty-four builds with their tests, of which some fail, and one does not know what it wants.
fn history() -> Vec<Value> {
    const CASES: [&str; 4] = ["compose.install_default_upload", "desktop.browser", "dist.rpmdeplint", "server.cockpit"];
    const VARIANTS: [(&str, &str); 3] = [("x86_64", "bios"), ("x86_64", "uefi"), ("aarch64", "uefi")];
    let mut all = Vec::new();
    for build in 1..=24_usize {
        for (case, testcase) in CASES.iter().enumerate() {
            for (place, (arch, scenario)) in VARIANTS.iter().enumerate() {
                let chance = (build * 31 + case * 17 + place * 7 + build * case * 5) % 29;
                let broken = case == 1 && (9..=12).contains(&build);
                let outcomes: &[&str] = match chance {
                    _ if build == 24 && case == 1 && place == 2 => &["RUNNING"],
                    _ if broken && chance < 22 => &["FAILED"],
                    0 => &["FAILED"],
                    1 => &["FAILED", "PASSED"],
                    2 => &["NEEDS_INSPECTION"],
                    _ => &["PASSED"],
                };
                for outcome in outcomes {
                    let data = json!({"item": format!("nethack-9-{build}.fc44"), "type": "koji_build", "arch": arch,
                        "scenario": scenario});
                    all.push(json!({"testcase": testcase, "outcome": outcome, "data": data,
                        "ref_url": format!("https://openqa.example.org/tests/{}", 1_000 + all.len())}));
                }
            }
        }
    }
    all
}

fn is_long() -> bool {
    std::env::var_os("TIDEGATE_LONG").is_some()
}

/// What is wrong with the page as it is now.
fn faults(browser: &Browser) -> Vec<String> {
    let mut faults = Vec::new();
    let wide = browser.look("return document.documentElement.scrollWidth - window.innerWidth", &[]);
    if wide.as_i64() > Some(0) {
        faults.push(format!("it is {wide} pixels too wide"));
    }
    let nodes = browser.nodes();
    let nameless = nodes.iter().filter(|node| CONTROLS.contains(&node.role.as_str()) && node.name.is_empty());
    faults.extend(nameless.map(|node| format!("a {} has no name", node.role)));
    for landmark in ["banner", "navigation", "search", "main", "contentinfo"] {
        if !nodes.iter().any(|node| node.role == landmark) {
            faults.push(format!("there is no {landmark}"));
        }
    }
    let faint = browser.look(FAINT, &[]);
    faults.extend(faint.as_array().expect("a list").iter().map(|text| format!("faint: {text}")));
    let ids = "const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
        return ids.filter((id, place) => ids.indexOf(id) !== place)";
    let twice = browser.look(ids, &[]);
    faults.extend(twice.as_array().expect("a list").iter().map(|id| format!("the id {id} is there twice")));
    faults
}

#[test]
fn every_page_fits_a_phone_reads_well_and_names_its_controls() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = filled(&house);
    log_in(&browser, &site);
    let mut found = Vec::new();
    for scripts in [false, true] {
        browser.scripts(scripts);
        for theme in [Theme::Light, Theme::Dark] {
            browser.theme(theme);
            for width in [360, 1280] {
                browser.size(width, 900);
                let is_hardest = !scripts && width == 360;
                let others = if is_long() || is_hardest { &OTHERS[..] } else { &[] };
                for path in MAIN.iter().chain(others) {
                    browser.open(&format!("http://{}{path}", site.service.at));
                    let faults = faults(&browser);
                    found.extend(faults.iter().map(|fault| format!("{path} {width} {theme:?} {scripts}: {fault}")));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    drop(browser);
    site.end();
}

/// A fault of each kind is seen, so that its absence says something.
#[test]
fn a_page_with_faults_is_found_out() {
    let Some(browser) = Browser::start() else { return };
    browser.size(360, 900);
    browser.open(
        "data:text/html,<button></button><p id=a style='width:500px;color:rgb(200 200 200)'>pale</p><i id=a></i>",
    );
    let found = faults(&browser).join("\n");
    for fault in ["pixels too wide", "a button has no name", "there is no main", "1.67 pale", "\"a\" is there twice"] {
        assert!(found.contains(fault), "{fault}: {found}");
    }
}

/// The focus is to be seen: what has it looks otherwise than before.
#[test]
fn the_focus_is_seen_and_the_first_step_skips_the_navigation() {
    let Some(browser) = Browser::start() else { return };
    let house = House::sqlite();
    let site = Site::open(&house);
    browser.open(&format!("http://{}/", site.service.at));
    browser.press("\u{E004}");
    let first = browser.look("return document.activeElement.textContent", &[]);
    assert_eq!(first, "Skip to the content");
    for _ in 0..8 {
        browser.press("\u{E004}");
        let seen = "const style = getComputedStyle(document.activeElement);
            return [style.outlineStyle, parseFloat(style.outlineWidth), document.activeElement.outerHTML]";
        let seen = browser.look(seen, &[]);
        assert!(seen[0] != "none" && seen[1].as_f64() >= Some(2.0), "{seen}");
    }
    drop(browser);
    site.end();
}

/// The pictures of the book.
#[test]
fn the_book_has_its_pictures() {
    let folder = root().join("docs/src/img");
    let pictures = [
        ("start", "/", Theme::Light),
        ("results", "/results", Theme::Light),
        ("history", "/results/testcases/desktop.browser", Theme::Light),
        ("history-dark", "/results/testcases/desktop.browser", Theme::Dark),
        ("operations", "/ops", Theme::Dark),
    ];
    if std::env::var_os("TIDEGATE_PICTURES").is_some() {
        let browser = Browser::start().expect("pictures need a browser");
        let house = House::sqlite();
        let site = filled(&house);
        log_in(&browser, &site);
        browser.size(1100, 700);
        fs::create_dir_all(&folder).expect("the book can be written");
        for (name, path, theme) in pictures {
            browser.theme(theme);
            browser.open(&format!("http://{}{path}", site.service.at));
            browser.wait_for("All times are UTC.");
            fs::write(folder.join(name).with_extension("png"), browser.picture(700)).expect("the book can be written");
        }
        drop(browser);
        site.end();
    }
    let page = fs::read_to_string(root().join("docs/src/pages.md")).expect("the book has a page about pages");
    let mut bytes = 0;
    for (name, ..) in pictures {
        assert!(page.contains(&format!("(img/{name}.png)")), "{name} is shown");
        bytes += fs::metadata(folder.join(name).with_extension("png")).map_or(0, |picture| picture.len());
    }
    assert!((1..600_000).contains(&bytes), "{bytes} bytes");
}
