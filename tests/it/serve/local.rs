//! Commands that work on the store itself.

use std::fs;

use serde_json::{Value, json};

use super::{House, both, on_postgres, run};

fn local(house: &House, words: &[&str]) -> (i32, String, String) {
    run(house.command(words))
}

#[test]
fn a_store_is_migrated_and_checked_without_a_server() {
    both(|house| {
        let (exit, answer, said) = local(house, &["--json", "db", "check"]);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{said}"));
        let lacks = answer["lacks"].as_u64().unwrap();
        assert_eq!((exit, lacks > 0), (1, true), "{answer}");
        let (exit, _, said) = local(house, &["user", "list", "--local"]);
        assert_eq!((exit, said.contains("\"tidegate db migrate\"")), (2, true), "{said}");
        let (exit, answer, _) = local(house, &["db", "migrate", "--dry-run"]);
        assert_eq!((exit, answer), (0, format!("{lacks} migrations would be applied\n")));
        let (exit, answer, _) = local(house, &["db", "migrate"]);
        assert_eq!((exit, answer), (0, format!("{lacks} migrations were applied\n")));
        let (exit, answer, _) = local(house, &["db", "check"]);
        assert_eq!((exit, answer.as_str()), (0, "the store is whole, and its tables are those of this program\n"));
    });
}

#[test]
fn people_are_managed_on_the_store_itself() {
    both(|house| {
        assert_eq!(local(house, &["db", "migrate"]).0, 0);
        for words in [
            &["user", "add", "ann", "--local", "--mail", "ann@example.org"][..],
            &["user", "--local", "add", "bob"],
            &["user", "set", "bob", "--local", "--title", "Bob B."],
            &["team", "add", "crew", "--local"],
            &["team", "join", "crew", "bob", "--local"],
            &["grant", "add", "platform.admin", "--user", "ann", "--local"],
        ] {
            let (exit, _, said) = local(house, words);
            assert_eq!((exit, said.as_str()), (0, ""), "{words:?}");
        }
        let (exit, listed, _) = local(house, &["--json", "user", "list", "--local"]);
        let users: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let shown: Vec<_> = users.iter().map(|user| (user["name"].clone(), user["title"].clone())).collect();
        assert_eq!((exit, shown), (0, vec![(json!("ann"), json!("ann")), (json!("bob"), json!("Bob B."))]));
        let (exit, _, said) = local(house, &["user", "add", "b b", "--local"]);
        assert_eq!((exit, said.is_empty()), (2, false), "{said}");
        let (exit, token, said) = local(house, &["token", "add", "rescue", "--user", "ann", "--local"]);
        assert_eq!(exit, 0, "{said}");
        let (exit, _, said) = local(house, &["token", "add", "ship", "--user", "bob", "--local"]);
        assert_eq!(exit, 0, "{said}");
        let tokens = |words: &[&str]| {
            let (exit, listed, said) = local(house, &[&["--json", "token", "list", "--local"], words].concat());
            assert_eq!(exit, 0, "{said}");
            let tokens = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            tokens.map(|token| format!("{} {}", token["user"], token["name"])).collect::<Vec<_>>()
        };
        let (ann, bob) = (r#""ann" "rescue""#, r#""bob" "ship""#);
        assert_eq!(tokens(&[]), [bob, ann], "the newest first, whosever they are");
        assert_eq!(
            (tokens(&["--user", "ann"]), tokens(&["--user", "bob"])),
            (vec![ann.to_owned()], vec![bob.to_owned()])
        );
        let (exit, _, said) = local(house, &["token", "list", "--user", "cid", "--local"]);
        assert_eq!((exit, said.contains("cid")), (1, true), "{said}");

        let service = house.serve(&[]);
        let shown = format!("Bearer {}", token.trim());
        let headers = [("authorization", shown.as_str())];
        let (_, me) = service.ask("GET", "/api/v1/platform/me", &headers, None).unwrap();
        assert_eq!(me["user"], "ann", "{me}");
        let (_, writes) = service.ask("GET", "/api/v1/platform/writes?object=user:ann", &headers, None).unwrap();
        let write = &writes["items"][0];
        assert_eq!((&write["via"], &write["actor"]["kind"]), (&json!("cli"), &json!("system")), "{writes}");
        assert!(service.stop().0.success());
    });
}

#[test]
fn a_file_that_a_server_has_is_refused_with_the_remedy() {
    let house = House::sqlite();
    let service = house.serve(&[]);
    for (words, remedy) in [
        (&["user", "list", "--local"][..], "leave out --local"),
        (&["token", "add", "t", "--user", "a", "--local"], "leave out --local"),
        (&["db", "check"], "/readyz"),
        (&["db", "migrate"], "/readyz"),
    ] {
        let (exit, answer, said) = local(&house, words);
        assert_eq!((exit, answer.as_str()), (3, ""), "{said}");
        assert!(said.contains("tidegate.sqlite is in use by process") && said.contains(remedy), "{said}");
    }
    assert!(service.stop().0.success());
}

#[test]
fn beside_a_server_on_postgresql_the_store_can_be_worked_on() {
    on_postgres(|house| {
        let mut service = house.serve(&[]);
        let token = service.set_up();
        assert_eq!(local(house, &["user", "add", "bob", "--local"]).0, 0);
        let shown = format!("Bearer {token}");
        let found = service.ask("GET", "/api/v1/platform/users/bob", &[("authorization", &shown)], None).unwrap();
        assert_eq!(found.0, 200, "{}", found.1);
        assert!(service.stop().0.success());
    });
}

#[test]
fn a_damaged_file_is_found_and_left_as_it_is() {
    let house = House::sqlite();
    assert_eq!(local(&house, &["db", "migrate"]).0, 0);
    let path = house.folder.path().join("data/tidegate.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let (middle, end) = (bytes.len() / 2, bytes.len() - 100);
    bytes[middle..end].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    let (exit, answer, said) = local(&house, &["db", "check"]);
    assert_eq!((exit, answer.as_str()), (4, ""), "{said}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "{said}");
}
