//! The scanner against the slow reader, and against stanzas of known content.

use proptest::prelude::*;
use tidegate_archive::deb822::Scanner;

use crate::bodies::deb822::{run, scan};

/// Pieces that make the interesting cases likely: names in two cases, blanks, comments, line ends, damage.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "Package",
        "package",
        "Version",
        "Architecture",
        "Depends",
        "Source",
        "Suite",
        ":",
        ": ",
        "a",
        "é",
        " ",
        "\t",
        "\r",
        "\n",
        "\n",
        "\r\n",
        "\n\n",
        "#",
        "\n#",
        "-",
        "\0",
        "(",
        ")",
        "|",
        "[",
        "\n continued",
        "Package: a\n",
        "Version: 1\n",
        "Architecture: all\n",
        "Depends: a (>= 1)",
        "Source: s (1)\n",
        "Suite: x\n",
        "\u{b}",
        "\u{a0}",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

#[derive(Debug, Clone)]
struct Known {
    name: String,
    lines: Vec<String>,
}

fn known_stanza() -> impl Strategy<Value = Vec<Known>> {
    let line = "[!-~é][ -~é]{0,20}[!-~é]|[!-~]";
    let field = ("[A-Za-z][A-Za-z0-9_-]{0,12}", prop::collection::vec(line, 0..4));
    prop::collection::vec(field, 1..80).prop_map(|fields| {
        let mut stanza: Vec<Known> = Vec::new();
        for (name, lines) in fields {
            if !stanza.iter().any(|field| field.name.eq_ignore_ascii_case(&name)) {
                stanza.push(Known { name, lines });
            }
        }
        stanza
    })
}

/// Writes stanzas with the variations that the format allows.
fn write(stanzas: &[Vec<Known>], end: &str, comment: &str, final_newline: bool) -> String {
    let mut text = String::new();
    for (number, stanza) in stanzas.iter().enumerate() {
        if number > 0 {
            text.extend([" \t", end, end]);
        }
        for field in stanza {
            let first = field.lines.first().map_or("", String::as_str);
            text.extend([&field.name, ": ", first, end]);
            for line in field.lines.iter().skip(1) {
                text.extend([comment, " ", line, "\t", end]);
            }
            text += comment;
        }
    }
    if !final_newline {
        text.truncate(text.trim_end().len());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_as_the_slow_reader_does(text in pieces()) {
        run(text.as_bytes());
    }

    #[test]
    fn reads_any_text_and_any_bytes(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        run(text.as_bytes());
        run(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_back_what_was_written(
        stanzas in prop::collection::vec(known_stanza(), 0..4),
        end in prop::sample::select(vec!["\n", "\r\n"]),
        comment in prop::sample::select(vec!["", "# a comment: yes\n", "#\r\n"]),
        final_newline in any::<bool>(),
    ) {
        let text = write(&stanzas, end, comment, final_newline);
        let reading = scan(&text);
        prop_assert_eq!(&reading.damage, &None);
        prop_assert_eq!(reading.stanzas.len(), stanzas.len());
        for (found, written) in reading.stanzas.iter().zip(&stanzas) {
            prop_assert_eq!(found.fields.len(), written.len());
            for (found, written) in found.fields.iter().zip(written) {
                prop_assert_eq!(found.name, &written.name);
                prop_assert_eq!(found.lines().collect::<Vec<_>>(), written.lines.clone());
                prop_assert!(text[found.offset..].starts_with(&written.name));
            }
        }
    }

    #[test]
    fn a_long_text_in_any_order_of_lines(lines in prop::collection::vec("[a-c]{1,2}: [x ]|[ \t]|", 0..300)) {
        run(lines.join("\n").as_bytes());
    }
}

/// Whoever sends such a text should not be able to make its reading expensive. Each of these would take minutes if it were not.
#[test]
fn reading_is_linear_in_the_text() {
    let many = |line: fn(usize) -> String| (0..200_000).map(line).collect::<String>();
    for text in [
        many(|number| format!("Field-{number}: x\n")),
        format!("Provides:{}", many(|number| format!("\n p{number},"))),
        format!("Provides:{}", many(|number| format!("\n# p{number},"))),
        many(|_| "\n".to_owned()),
        many(|_| "# comment\n".to_owned()),
        format!("Field:{}x\n", many(|_| " \t".to_owned())),
        format!("Field{}: x\n", many(|_| " \t".to_owned())),
    ] {
        let mut scanner = Scanner::new(&text);
        let mut fields = Vec::new();
        while scanner.next_stanza(&mut fields).is_ok_and(|offset| offset.is_some()) {}
    }
}
