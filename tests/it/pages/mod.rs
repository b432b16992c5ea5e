//! The pages: as text here, and as a person meets them in a browser.

mod browser;
mod forms;
mod looks;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::serve::{House, Service, both};
use crate::tree::{files_ending_in, text_of};

pub(super) struct Site {
    pub(super) service: Service,
    pub(super) token: String,
}

impl Site {
    pub(super) fn open(house: &House) -> Self {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        Self { service, token }
    }

    pub(super) fn result(&self, outcome: &str, item: &str) {
        let data = json!({"item": item, "type": "koji_build", "arch": "x86_64"});
        let body: Value = json!({"outcome": outcome, "testcase": "dist/rpmdeplint", "data": data, "note": "<b>x</b>",
            "ref_url": "javascript:alert(1)"});
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        let answer = self.service.ask("POST", "/api/v1/results/records", &headers, Some(&body));
        assert_eq!(answer.map(|(status, _)| status), Some(201));
    }

    /// Head and body of what is at that path.
    pub(super) fn page(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.service.at).expect("the service listens");
        let at = &self.service.at;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\naccept: text/html\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("the service reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the service answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        (head.to_owned(), body.to_owned())
    }

    pub(super) fn good(&self, path: &str) -> String {
        let (head, body) = self.page(path);
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head} {body}\n{}", self.service.says());
        assert!(head.contains("content-type: text/html; charset=utf-8"), "{path}: {head}");
        for part in ["<html lang=\"en\">", "<main id=\"main\"", "<h1>", "aria-label=\"Places\"", "<label for=\"find\" "]
        {
            assert_eq!(body.matches(part).count(), 1, "{path} has one {part}");
        }
        assert!(!body.contains(" style=") && !body.contains("<script>"), "{path} has nothing that its policy forbids");
        body
    }

    pub(super) fn end(self) {
        assert!(self.service.stop().0.success());
    }
}

#[test]
fn an_empty_service_says_what_will_be_where() {
    let house = House::sqlite();
    let site = Site::open(&house);
    assert!(site.good("/").contains("Nothing stands still."));
    assert!(site.good("/results").contains("No result has come yet."));
    let operations = site.good("/ops");
    assert!(operations.contains("platform.relay") && !operations.contains("Who changed what"));
    site.end();
}

#[test]
fn results_are_found_by_filters_and_shown_with_all_they_have() {
    both(|house| {
        let site = Site::open(house);
        site.result("FAILED", "nethack-9-1.fc44");
        site.result("PASSED", "nethack-9-2.fc44");
        let all = site.good("/results");
        assert!(all.contains(r#"<a href="/results/records/2">2</a>"#) && all.contains("✗</span> FAILED"));
        let some = site.good("/results?item=nethack-9-1*&testcase=dist/*&type=koji_build&outcome=FAILED");
        assert!(some.contains("/results/records/1\"") && !some.contains("/results/records/2\""));
        assert!(some.contains(r#"value="nethack-9-1*""#) && some.contains("<option selected>FAILED</option>"));
        assert!(site.good("/results?item=other").contains("No result is like this."));

        let one = site.good("/results/records/1");
        assert!(one.contains("&#60;b&#62;x&#60;/b&#62;") && !one.contains("javascript:"), "{one}");
        assert!(one.contains("</a> that pass: 0 of 1."), "{one}");
        assert!(one.contains("nethack-9-1.fc44: ") && one.contains("/results/testcases/dist/rpmdeplint"));
        let history = site.good("/results/testcases/dist/rpmdeplint");
        assert!(
            history.contains("<b>50 %</b>passed") && history.contains("<b>2</b>builds, by 1 variant<"),
            "{history}"
        );
        assert!(history.contains("aria-label=\"FAILED for nethack-9-1.fc44 on x86_64, "), "{history}");
        let subject = site.good("/results/subjects/koji_build/nethack-9-1.fc44");
        assert!(subject.contains("FAILED") && !subject.contains("PASSED") && subject.contains("/trail/build%3A"));
        assert!(site.good("/trail/build:nethack-9-1.fc44").contains("/results/subjects/koji_build/nethack-9-1.fc44"));
        let (found, _) = site.page("/search?q=nethack-9-1.fc44");
        assert!(found.contains("location: /results?item=nethack-9-1.fc44"), "{found}");
        site.end();
    });
}

#[test]
fn long_lists_have_pages() {
    let house = House::sqlite();
    let site = Site::open(&house);
    for number in 0..60 {
        site.result("PASSED", &format!("p{number}-1-1"));
    }
    let first = site.good("/results?type=koji_build");
    let link = first.split("<a rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let link = link.expect("there is a next page").replace("&#38;", "&");
    let second = site.good(&link);
    assert_eq!(
        (first.matches("<tr>").count(), second.matches("<tr>").count()),
        (51, 11),
        "with the head of each table"
    );
    assert!(second.contains("p0-1-1") && !first.contains("p0-1-1"));
    assert!(!second.contains("rel=\"next\""));
    site.end();
}

#[test]
fn an_error_is_a_page_too() {
    let house = House::sqlite();
    let site = Site::open(&house);
    for (path, status, text) in [
        ("/results/records/7", "404", "there is no such result"),
        ("/results/records/x", "404", "there is no such result"),
        ("/results/testcases/none", "404", "there is no such test case"),
        ("/results?cursor=x", "400", "cursor"),
        ("/results?colour=red", "400", "there is no &#34;colour&#34; here"),
        ("/ops/none", "404", "there is nothing at /ops/none"),
        ("/ops/jobs/none", "404", "there is no job"),
        ("/blockers/0000000000000000", "404", "there is no such blocker"),
        ("/blockers?since_before=-1x", "400", "-24h for a day ago"),
        ("/results/subjects/koji_build/none-1-1", "404", "no result about the koji_build none-1-1"),
        ("/trail/ship:a", "404", "is no subject"),
        ("/errors/platform.none", "404", "there is no error"),
        ("/account", "401", "name=\"then\" value=\"/account\""),
        ("/admin/users", "401", "this needs a login"),
        ("/ops/writes", "401", "this needs a login"),
    ] {
        let (head, body) = site.page(path);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")) && head.contains("text/html"), "{path}: {head}");
        assert!(body.contains(text) && body.contains("<nav aria-label=\"Places\">"), "{path}: {body}");
    }
    site.end();
}

#[test]
fn what_pages_load_is_there() {
    let house = House::sqlite();
    let site = Site::open(&house);
    for (path, kind) in [
        ("style.css", "text/css"),
        ("live.js", "text/javascript"),
        ("keys.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let (head, body) = site.page(&format!("/assets/{path}"));
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains(kind) && !body.is_empty(), "{path}: {head}");
        assert!(head.contains("default-src 'self'"), "{head}");
    }
    site.end();
}

/// What an error's `type` says is an address that explains it.
#[test]
fn every_code_that_can_be_answered_is_explained() {
    let mut codes = std::collections::BTreeSet::new();
    for path in files_ending_in("rs").iter().filter(|path| path.iter().any(|part| part == "src")) {
        let text = text_of(path).expect("a source file is UTF-8");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["Problem::new(", "ProblemItem::new("] {
            codes.extend(text.split(call).skip(1).filter_map(|rest| {
                let head = rest.split([';', '}']).next()?;
                let code =
                    head.split('"').find(|word| word.starts_with("platform.") || word.starts_with("results."))?;
                Some(code.to_owned())
            }));
        }
    }
    assert!(codes.len() > 10 && codes.contains("platform.csrf"), "{codes:?}");
    let house = House::sqlite();
    let site = Site::open(&house);
    for code in codes {
        assert!(site.good(&format!("/errors/{code}")).contains("What you can do"), "{code}");
    }
    site.end();
}
