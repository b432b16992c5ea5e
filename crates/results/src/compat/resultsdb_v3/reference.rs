//! The reference for people: one page, out of the same table as the checks.

use std::fmt::Write as _;

use super::tables::ResultType;
use crate::compat::validation::Field;

/// The page. `base` is where the interface is found, `http://HOST/resultsdb/api/v3`, and `login` the address at which a
/// person gets a token.
pub fn html(base: &str, login: &str) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Results, version 3</title></head>\n\
         <body>\n<h1>Results, version 3</h1>\n",
    );
    page.push_str(&endpoint("permissions", "GET /api/v3/permissions", "Who may submit results for which test cases."));
    for kind in ResultType::ALL {
        page.push_str(&of_type(kind, base));
    }
    page.push_str(&sign_in(&escaped(login)));
    page.push_str("</body>\n</html>\n");
    page
}

fn endpoint(id: &str, request: &str, about: &str) -> String {
    format!(
        "<h2 id=\"{id}\"><code>{request}</code> <a class=\"anchor-link\" href=\"#{id}\">#</a></h2>\n<p>{about}</p>\n"
    )
}

fn of_type(kind: ResultType, base: &str) -> String {
    let segment = kind.segment();
    let id = format!("results/{segment}");
    let about = format!("Submits a result of type <code>{}</code>.", kind.name());
    let mut text = endpoint(&id, &format!("POST /api/v3/results/{segment}"), &about);
    for field in kind.fields() {
        text.push_str(&of_field(&id, field));
    }
    let url = escaped(&format!("{base}/results/{segment}"));
    let call = "curl --json \"$test_result_data\" -H \"Authorization: Bearer $token\" \\";
    writeln!(text, "<pre><code>{call}\n  {url}</code></pre>").expect("writing to a String cannot fail");
    text
}

fn of_field(endpoint: &str, field: &Field) -> String {
    let Field { name, kind, required, about } = field;
    let needed = if *required { "required" } else { "optional" };
    format!(
        "<section id=\"{endpoint}/{name}\">\n<h3><code>{name}</code> <a class=\"anchor-link\" \
         href=\"#{endpoint}/{name}\">#</a></h3>\n<p>{} ({}, {needed})</p>\n</section>\n",
        escaped(about),
        kind.name()
    )
}

fn sign_in(login: &str) -> String {
    format!(
        "<h2 id=\"token\">Getting a token</h2>\n<pre><code>response = session.get(\"{login}\")\n\
         token = response.json()[\"token\"]</code></pre>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_and_field_can_be_linked_to() {
        let page = html("http://h/api/v3", "http://h/auth/oidclogin");
        for kind in ResultType::ALL {
            let segment = kind.segment();
            assert!(page.contains(&format!("POST /api/v3/results/{segment}<")));
            assert!(page.contains(&format!("<a class=\"anchor-link\" href=\"#results/{segment}\">#</a>")));
            for field in kind.fields() {
                assert!(page.contains(&format!("<section id=\"results/{segment}/{}\">", field.name)));
            }
            let call = "curl --json \"$test_result_data\" -H \"Authorization: Bearer $token\" \\";
            assert!(page.contains(&format!("{call}\n  http://h/api/v3/results/{segment}")));
        }
        assert!(page.contains("GET /api/v3/permissions"));
        assert!(page.contains("response = session.get(\"http://h/auth/oidclogin\")"));
    }

    #[test]
    fn a_hostile_host_stays_text() {
        assert!(!html("http://<script>\"/api/v3", "x").contains("<script>"));
    }
}
