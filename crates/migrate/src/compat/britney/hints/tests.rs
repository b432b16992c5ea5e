//! Hint files as stories: what is written, what becomes of it, and what is said.

use proptest::prelude::*;

use super::*;

const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];
const SUITES: [&str; 2] = ["tpu", "pu"];

fn with_names<T>(read: impl FnOnce(ItemNames<'_>) -> T) -> T {
    let architectures = ARCHITECTURES.map(str::to_owned);
    let suites = SUITES.map(str::to_owned);
    read(ItemNames { architectures: &architectures, suites: &suites })
}

fn parse_as(rights: HintRights, text: &[u8]) -> (Vec<Hint>, Vec<Diagnostic>) {
    with_names(|names| parse_file(text, "hints/ann", "ann", rights, names))
}

/// The hints of a file of a user who may do everything, and what is said of it.
fn parse(text: &str) -> (Vec<String>, Vec<String>) {
    let (hints, diagnostics) = parse_as(HintRights::ALL, text.as_bytes());
    (texts(&hints), texts(&diagnostics))
}

fn texts<T: ToString>(things: &[T]) -> Vec<String> {
    things.iter().map(ToString::to_string).collect()
}

/// What becomes of a line without mistakes.
fn hints(line: &str) -> Vec<String> {
    let (hints, said) = parse(line);
    assert_eq!(said, [""; 0], "{line}");
    hints
}

/// What is said of a line of which nothing is used.
fn refusal(line: &str) -> String {
    let (hints, said) = parse(line);
    assert_eq!(hints, [""; 0], "{line}");
    said.join("\n")
}

#[test]
fn a_file_is_one_hint_a_line_up_to_finished() {
    let text = "\u{feff}# freeze\n\nblock foo\r\n  unblock\tbar/1.2   # asked for by mail\nremark nothing at all\nfinished\nforce foo/2\nnonsense";
    assert_eq!(parse(text), (vec!["block foo".to_owned(), "unblock bar/1.2".to_owned()], vec![]));
}

#[test]
fn a_hint_knows_where_it_stands() {
    let (hints, _) = parse_as(HintRights::ALL, b"\n  age-days 5 foo/1.2 bar/3 # soon\n");
    assert_eq!(hints.len(), 2);
    let hint = &hints[1];
    assert_eq!((hint.kind, hint.user.as_str(), hint.days), (HintKind::AgeDays, "ann", Some(5)));
    assert_eq!((hint.file.as_str(), hint.line, hint.text.as_str()), ("hints/ann", 2, "age-days 5 foo/1.2 bar/3"));
    assert_eq!(hint.item().map(ItemRef::uvname).as_deref(), Some("bar"));
}

#[test]
fn groups_keep_their_items_together() {
    assert_eq!(hints("easy foo/1.2 bar/amd64/3 -baz/4 qux_tpu/5"), ["easy foo/1.2 bar/amd64/3 -baz/4 qux_tpu/5"]);
    assert_eq!(hints("hint foo/1.2"), ["hint foo/1.2"]);
    assert_eq!(hints("force-hint foo/1.2"), ["force-hint foo/1.2"]);
    assert_eq!(
        refusal("easy foo/1.2"),
        "hints/ann:1:1: easy needs at least 2 items and has 1; write easy foo/1.2 bar/3.4"
    );
    assert_eq!(refusal("hint"), "hints/ann:1:1: hint needs at least 1 item and has 0; write hint foo/1.2 bar/3.4");
    assert_eq!(
        refusal("force-hint #"),
        "hints/ann:1:1: force-hint needs at least 1 item and has 0; write force-hint foo/1.2 bar/3.4"
    );
}

#[test]
fn a_group_with_a_mistake_is_refused_whole_with_every_mistake() {
    assert_eq!(
        refusal("easy foo/1.2 bar b_a_d/3"),
        "hints/ann:1:14: \"bar\": the version is missing; write easy foo/1.2 bar/3.4\n\
         hints/ann:1:18: \"b_a_d/3\": \"a_d\" is not an additional suite of this run; known: tpu, pu"
    );
}

#[test]
fn each_package_of_a_line_makes_a_hint_and_a_mistaken_one_costs_only_itself() {
    assert_eq!(hints("block foo bar"), ["block foo", "block bar"]);
    assert_eq!(hints("unblock foo/1 bar/2"), ["unblock foo/1", "unblock bar/2"]);
    let (hints, said) = parse("unblock foo/1 bar baz/3");
    assert_eq!(hints, ["unblock foo/1", "unblock baz/3"]);
    assert_eq!(said, ["hints/ann:1:15: \"bar\": the version is missing; write unblock foo/1.2"]);
}

#[test]
fn versions_are_required_where_the_hint_speaks_of_one_upload() {
    for kind in [
        "force",
        "remove",
        "unblock",
        "unblock-udeb",
        "approve",
        "urgent",
        "age-days 5",
        "ignore-rc-bugs 1",
        "ignore-piuparts",
        "force-badtest",
        "force-skiptest",
        "force-reset-test",
    ] {
        assert_eq!(hints(&format!("{kind} foo/1.2")).len(), 1, "{kind}");
        assert!(refusal(&format!("{kind} foo")).contains("\"foo\": the version is missing; write"), "{kind}");
    }
    for kind in ["allow-uninst", "allow-smooth-update", "allow-archall-maintainer-upload"] {
        assert_eq!(hints(&format!("{kind} foo")), [format!("{kind} foo")]);
        assert!(refusal(&format!("{kind} foo/1.2")).contains("takes no version"), "{kind}");
    }
}

#[test]
fn architectures_are_taken_where_they_mean_something() {
    for kind in ["unblock", "unblock-udeb", "force-badtest", "force-reset-test", "block", "block-udeb"] {
        assert_eq!(hints(&format!("{kind} foo/1.2/amd64")), [format!("{kind} foo/amd64/1.2")]);
    }
    assert_eq!(hints("allow-uninst foo/amd64"), ["allow-uninst foo/amd64"]);
    for kind in ["force", "remove", "urgent", "age-days 5", "ignore-rc-bugs 1", "ignore-piuparts", "force-skiptest"] {
        let word = kind.split(' ').next().unwrap();
        assert!(refusal(&format!("{kind} foo/amd64/1.2")).contains(&format!("{word} takes no architecture")), "{kind}");
        assert_eq!(hints(&format!("{kind} foo/source/1.2")), [format!("{kind} foo/1.2")]);
    }
    assert!(refusal("allow-smooth-update foo/amd64").contains("takes no architecture"));
}

#[test]
fn a_misspelt_architecture_is_no_version() {
    assert_eq!(
        refusal("unblock foo/amd/1 foo/sparc"),
        "hints/ann:1:9: \"foo/amd/1\": neither \"amd\" nor \"1\" is an architecture of this run; write [-]name[_suite][/arch][/version]\n\
         hints/ann:1:19: \"foo/sparc\": \"sparc\" is neither a version nor an architecture of this run; write unblock foo/1.2"
    );
}

#[test]
fn blocks_take_a_source_a_removal_a_version_an_architecture() {
    for text in ["block foo", "block -foo", "block foo/1.2", "block foo/amd64", "block foo/amd64/1.2", "block-udeb foo"]
    {
        assert_eq!(hints(text), [text]);
    }
    assert_eq!(hints("block some-src/1.0-1/amd64"), ["block some-src/amd64/1.0-1"]);
    assert_eq!(refusal("block"), "hints/ann:1:1: block of what? write block foo");
}

#[test]
fn only_blocks_and_groups_speak_of_removals() {
    assert_eq!(
        refusal("remove -foo/1"),
        "hints/ann:1:8: \"-foo/1\": remove can't speak of a removal; write remove foo/1.2"
    );
    assert!(refusal("unblock -foo/1").contains("unblock can't speak of a removal"));
}

#[test]
fn block_all_takes_one_of_two_words() {
    assert_eq!(hints("block-all source"), ["block-all source"]);
    assert_eq!(hints("block-all new-source"), ["block-all new-source"]);
    let example = "write block-all source or block-all new-source";
    assert_eq!(refusal("block-all"), format!("hints/ann:1:1: what to block is missing; {example}"));
    assert_eq!(refusal("block-all all"), format!("hints/ann:1:11: \"all\" can't be blocked as a whole; {example}"));
    assert_eq!(refusal("block-all source foo"), format!("hints/ann:1:18: \"foo\" is too much; {example}"));
}

#[test]
fn approve_is_unblock() {
    let (hints, _) = parse_as(HintRights::ALL, b"approve foo_tpu/1.2\n");
    assert_eq!(hints[0].kind, HintKind::Unblock);
    assert_eq!(hints[0].text, "approve foo_tpu/1.2");
    assert_eq!(hints[0].items[0].suite.as_deref(), Some("tpu"));
}

#[test]
fn age_days_begins_with_a_number() {
    assert_eq!(hints("age-days 0 foo/1 bar/2"), ["age-days 0 foo/1", "age-days 0 bar/2"]);
    let example = "write age-days 5 foo/1.2";
    assert_eq!(refusal("age-days"), format!("hints/ann:1:1: the number of days is missing; {example}"));
    assert_eq!(refusal("age-days foo/1"), format!("hints/ann:1:10: \"foo/1\" is not a number of days; {example}"));
    assert_eq!(refusal("age-days -1 foo/1"), format!("hints/ann:1:10: \"-1\" is not a number of days; {example}"));
    assert_eq!(refusal("age-days 5"), format!("hints/ann:1:1: age-days of what? {example}"));
}

#[test]
fn ignore_rc_bugs_begins_with_numbers() {
    assert_eq!(hints("ignore-rc-bugs 12,7,12 foo/1 bar/2"), ["ignore-rc-bugs 12,7 foo/1", "ignore-rc-bugs 12,7 bar/2"]);
    let example = "write ignore-rc-bugs 123,456 foo/1.2";
    let no_list = "is not a list of bug numbers with commas and no spaces";
    assert_eq!(refusal("ignore-rc-bugs"), format!("hints/ann:1:1: the bug numbers are missing; {example}"));
    assert_eq!(refusal("ignore-rc-bugs foo/1"), format!("hints/ann:1:16: \"foo/1\" {no_list}; {example}"));
    assert_eq!(refusal("ignore-rc-bugs 1, 2 foo/1"), format!("hints/ann:1:16: \"1,\" {no_list}; {example}"));
    assert_eq!(refusal("ignore-rc-bugs 1"), format!("hints/ann:1:1: ignore-rc-bugs of what? {example}"));
}

#[test]
fn any_version_of_a_bad_test_has_words() {
    assert_eq!(
        hints("force-badtest foo/all bar/amd64/blacklisted"),
        ["force-badtest foo/all", "force-badtest bar/amd64/blacklisted"]
    );
    assert!(refusal("force-skiptest foo/all").contains("\"all\" is neither a version nor"));
}

#[test]
fn an_unknown_hint_costs_only_its_line() {
    let (hints, said) = parse("unblok foo/1\nunblock foo/1\n\u{1}\nUnblock foo/1");
    assert_eq!(hints, ["unblock foo/1"]);
    assert_eq!(
        said,
        [
            "hints/ann:1:1: unknown hint \"unblok\"; the line is ignored; did you mean \"unblock\"?",
            "hints/ann:3:1: unknown hint \"\\u{1}\"; the line is ignored",
            "hints/ann:4:1: unknown hint \"Unblock\"; the line is ignored; did you mean \"unblock\"?",
        ]
    );
}

#[test]
fn a_hint_that_is_not_permitted_costs_only_its_line() {
    let rights = HintRights::of(&[HintKind::Block, HintKind::BlockAll]);
    let (hints, diagnostics) = parse_as(rights, b"force foo/1\nblock foo\n  unblock foo/1\n");
    assert_eq!(texts(&hints), ["block foo"]);
    assert_eq!(
        texts(&diagnostics),
        [
            "hints/ann:1:1: ann may not use force; the line is ignored; permitted: block block-all; to permit it, add it to HINTS_ANN",
            "hints/ann:3:3: ann may not use unblock; the line is ignored; permitted: block block-all; to permit it, add it to HINTS_ANN",
        ]
    );
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.code == "hint-not-permitted"));
    let (hints, diagnostics) = parse_as(HintRights::NONE, b"block foo\nfinished\n");
    assert_eq!(hints, []);
    assert!(diagnostics[0].message.contains("permitted: nothing;"));
}

#[test]
fn a_file_that_is_not_utf8_is_ignored_whole() {
    let (hints, diagnostics) = parse_as(HintRights::ALL, b"block foo\nblock b\xe4r\n");
    assert_eq!(hints, []);
    assert_eq!(
        texts(&diagnostics),
        ["hints/ann:2:1: byte 17 is not UTF-8, so the whole file is ignored; save it as UTF-8"]
    );
}

#[test]
fn the_command_line_may_do_everything() {
    let (hints, diagnostics) = with_names(|names| parse_command_line("easy foo/1 bar/2; force baz/3;;oops", names));
    assert_eq!(texts(&hints), ["easy foo/1 bar/2", "force baz/3"]);
    assert_eq!((hints[1].user.as_str(), hints[1].file.as_str(), hints[1].line), ("command-line", "--hints", 2));
    assert_eq!(texts(&diagnostics), ["--hints:4:1: unknown hint \"oops\"; the line is ignored"]);
}

#[test]
fn a_single_line_can_be_read() {
    let place = Place { file: "standard input", line: 7, column: 1 };
    let (hints, diagnostics) = with_names(|names| parse_line(" remove foo/1", place, "ann", HintRights::ALL, names));
    assert_eq!(diagnostics, []);
    assert_eq!((hints[0].file.as_str(), hints[0].line), ("standard input", 7));
}

#[test]
fn the_example_of_every_form_is_a_hint() {
    for kind in HintKind::ALL {
        for example in form(kind).example.split(" or ").flat_map(|part| part.split(", ")) {
            let line =
                if example.starts_with(kind.as_str()) { example.to_owned() } else { format!("{kind} {example}") };
            assert_eq!(hints(&line).len(), usize::from(kind != HintKind::Remark), "{line}");
        }
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        let _ = parse_as(HintRights::ALL, &bytes);
        let _ = parse(&text);
        let _ = with_names(|names| parse_command_line(&text, names));
    }

    #[test]
    fn reading_what_looks_like_hints_never_panics(
        lines in proptest::collection::vec((0..HintKind::ALL.len(), "[-a-z0-9_/,.#é ]{0,24}"), 0..8),
    ) {
        let lines: Vec<String> = lines.iter().map(|(kind, rest)| format!("{} {rest}", HintKind::ALL[*kind])).collect();
        let (hints, _) = parse_as(HintRights::ALL, lines.join("\n").as_bytes());
        for hint in &hints {
            // What a hint prints is a hint, the same one.
            let (again, diagnostics) = parse_as(HintRights::ALL, hint.to_string().as_bytes());
            prop_assert_eq!(diagnostics, []);
            prop_assert_eq!(again.len(), 1);
            prop_assert_eq!(again[0].to_string(), hint.to_string());
            prop_assert_eq!((&again[0].items, &again[0].bugs, again[0].days), (&hint.items, &hint.bugs, hint.days));
        }
    }

    #[test]
    fn lines_do_not_depend_on_each_other(lines in proptest::collection::vec("(block|easy|unblok|force) [a-c](/[12])?( [a-c]/1)?", 0..8)) {
        let (whole, _) = parse(&lines.join("\n"));
        let parts: Vec<String> = lines.iter().flat_map(|line| parse(line).0).collect();
        prop_assert_eq!(whole, parts);
    }
}
