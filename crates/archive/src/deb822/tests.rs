//! Examples of stanzas, good and bad.

use super::*;

/// All stanzas as `name=value` lists, or the text of the error.
fn scan(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut scanner = Scanner::new(text);
    let mut fields = Vec::new();
    let mut stanzas = Vec::new();
    while let Some(offset) = scanner.next_stanza(&mut fields).map_err(|error| error.to_string())? {
        assert_eq!(offset, fields[0].offset);
        let shown = fields.iter().map(|field| format!("{}={}", field.name, field.value));
        stanzas.push(shown.collect());
    }
    Ok(stanzas)
}

fn refusal(text: &str) -> String {
    scan(text).expect_err("the text is damaged")
}

#[test]
fn reads_fields_and_stanzas() {
    let text = "Package: tide\nVersion:1.0\n\n\n \t\nPackage :  gate \nEmpty:\n";
    let expected = [vec!["Package=tide", "Version=1.0"], vec!["Package=gate", "Empty="]];
    assert_eq!(scan(text).expect("the text is well-formed"), expected);
    assert_eq!(scan(""), Ok(vec![]));
    assert_eq!(scan("\n \n# only a comment\n\n"), Ok(vec![]));
}

#[test]
fn reads_a_last_stanza_without_a_newline() {
    assert_eq!(scan("A: 1\n\nB: 2"), scan("A: 1\n\nB: 2\n\n"));
    assert_eq!(scan("A:"), Ok(vec![vec!["A=".into()]]));
}

#[test]
fn reads_both_kinds_of_line_end() {
    let unix = "A: 1\nB: 2\n\nC: 3\n";
    assert_eq!(scan(&unix.replace('\n', "\r\n")), scan(unix));
}

#[test]
fn keeps_folded_values_and_leaves_comments_to_the_reader() {
    let text = "Depends:\n# why\n a,\n# and why\n b ,\n c\n# end\nSection: misc\n";
    let mut fields = Vec::new();
    let found = Scanner::new(text).next_stanza(&mut fields);
    assert_eq!(found, Ok(Some(0)));
    assert_eq!(fields[0].value, "a,\n# and why\n b ,\n c");
    assert_eq!(fields[0].lines().collect::<Vec<_>>(), ["a,", "b ,", "c"]);
    assert_eq!(fields[1].value, "misc");
    assert_eq!(&text[fields[1].offset..][..7], "Section");
}

#[test]
fn a_value_may_look_like_a_comment_or_a_field() {
    let text = "Homepage: # none\nDescription: x\n Package: y\n .\n";
    let expected = ["Homepage=# none", "Description=x\n Package: y\n ."];
    assert_eq!(scan(text).expect("the text is well-formed"), [expected]);
}

#[test]
fn refuses_what_is_no_stanza() {
    let damaged = [
        (
            "A: 1\nhalf a line",
            "expected `Field: value`, a continuation, a comment or a blank line, found something else at byte 5",
        ),
        (": x\n", "expected `Field: value`, a continuation, a comment or a blank line, found something else at byte 0"),
        (
            "-----BEGIN: x\n",
            "expected `Field: value`, a continuation, a comment or a blank line, found something else at byte 0",
        ),
        (
            "Gr\u{fc}n: x\n",
            "expected `Field: value`, a continuation, a comment or a blank line, found something else at byte 0",
        ),
        ("A: 1\n\n b\n", "expected a field, found a continuation line that continues none at byte 6"),
        ("A: 1\nB: \0\n", "expected text, found a NUL byte at byte 8"),
        ("A: 1\nB\0", "expected text, found a NUL byte at byte 6"),
        ("# \0\n", "expected text, found a NUL byte at byte 2"),
    ];
    for (text, expected) in damaged {
        assert_eq!(refusal(text), expected, "{text:?}");
    }
}

#[test]
fn two_stanzas_run_into_one_show_as_a_repeated_field() {
    assert_eq!(
        refusal("Package: tide\nVersion: 1\nPackage: gate\nVersion: 2\n"),
        "expected a blank line before the next stanza, found the field `Package` a second time at byte 25"
    );
    assert!(refusal("Package: tide\npackage: gate\n").contains("`package` a second time at byte 14"));
}

#[test]
fn finds_a_repeated_field_in_a_stanza_of_any_length() {
    for count in [1, 2, 63, 64, 65, 66, 5000] {
        let fields = (0..count).fold(String::new(), |text, number| text + &format!("Field-{number}: x\n"));
        assert_eq!(scan(&fields).map(|stanzas| stanzas[0].len()), Ok(count));
        for repeated in [0, count / 2, count - 1] {
            let text = format!("{fields}FIELD-{repeated}: y\n");
            assert!(refusal(&text).contains(&format!("`FIELD-{repeated}` a second time at byte {}", fields.len())));
        }
        // The next stanza starts afresh.
        assert_eq!(scan(&format!("{fields}\n{fields}")).map(|stanzas| stanzas.len()), Ok(2));
    }
}

#[test]
fn is_at_its_end_after_damage_and_shows_what_came_before() {
    let mut scanner = Scanner::new("Package: tide\nhalf\n\nPackage: gate\n");
    let mut fields = Vec::new();
    assert!(scanner.next_stanza(&mut fields).is_err());
    assert_eq!(fields[0].value, "tide");
    assert_eq!(scanner.next_stanza(&mut fields), Ok(None));
    assert_eq!(fields, []);
}

#[test]
fn refuses_bytes_that_are_no_text() {
    assert_eq!(text("Grün".as_bytes()), Ok("Grün"));
    let error = text(b"Maintainer: Gr\xfcn").expect_err("Latin-1 is not UTF-8");
    assert_eq!(error.to_string(), "expected UTF-8 text, found another byte sequence at byte 14");
}
