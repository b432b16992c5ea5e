//! What stands in a letter. Nothing that comes out of an archive can begin a new line or a new header.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::policy::letter::{Letter, LetterKind};

/// What a letter is written from, apart from itself.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The distribution.
    pub distribution: &'a str,
    /// What the target will be.
    pub series: &'a str,
    /// The page that shows the item.
    pub page: &'a str,
    /// Who helps, and how to reach them.
    pub help: &'a str,
    /// Why it is as it is, in sentences.
    pub why: &'a [String],
}

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The subject, on one line.
    pub subject: String,
    /// The Message-ID in its angle brackets: always the same for the same letter.
    pub id: String,
    /// The text.
    pub body: String,
}

/// At most so many sentences are told; the page has the others.
const MOST_SENTENCES: usize = 20;

/// The width of a line in a mail.
const WIDTH: usize = 72;

/// No line is longer than this, in characters, whatever comes out of an archive.
const LONGEST: usize = 600;

/// Writes a letter.
pub fn write(letter: &Letter, occasion: Occasion<'_>) -> Words {
    let (source, version) = (one_line(&letter.source), one_line(&letter.version));
    let series = one_line(occasion.series);
    match letter.kind {
        LetterKind::Reminder { due } => {
            let days = days(letter.age);
            Words {
                subject: format!("[proposed-migration] {source} {version} stuck in {series}-proposed for {days}."),
                id: message_id("reminder", letter, occasion, due),
                body: reminder(&source, &version, &series, &days, occasion),
            }
        }
        LetterKind::Regression => Words {
            subject: format!("[proposed-migration] {source} {version} regresses tests in {series}-proposed."),
            id: message_id("regression", letter, occasion, 0),
            body: regression(&source, &version, &series, occasion),
        },
    }
}

fn days(age: u32) -> String {
    if age == 1 { "1 day".to_owned() } else { format!("{age} days") }
}

fn reminder(source: &str, version: &str, series: &str, days: &str, occasion: Occasion<'_>) -> String {
    let mut body = format!("Hello,\n\n{source} {version} has been waiting in {series}-proposed for {days}.\n");
    body += "It has not migrated, and it will not do so by itself. You get this mail\n\
             because you uploaded, sponsored or copied it.\n\nWhat stands in its way:\n\n";
    body += &list(occasion.why, "Nothing holds it by itself; moving it would break other packages.");
    let page = one_line(occasion.page);
    let help = one_line(occasion.help);
    let _ = write!(
        body,
        "\nEverything that is known of it:\n  {page}\n\n\
         If you cannot solve it, or something here is wrong, please ask:\n  {help}\n\n\
         You will be reminded again while it stays, less and less often. The\n\
         reminders end when it migrates, or when another version takes its place.\n"
    );
    body
}

fn regression(source: &str, version: &str, series: &str, occasion: Occasion<'_>) -> String {
    let mut body = format!("Hello,\n\nall tests that {source} {version} in {series}-proposed triggered\n");
    body += "have ended, and some fail that passed before:\n\n";
    body += &list(occasion.why, "The page below lists them.");
    let page = one_line(occasion.page);
    let help = one_line(occasion.help);
    let _ = write!(
        body,
        "\nThe update stays where it is until they pass, or until somebody finds out\n\
         that they fail for another reason.\n\n\
         Everything that is known of it:\n  {page}\n\n\
         If you need help, please ask:\n  {help}\n\n\
         This is said once for each version.\n"
    );
    body
}

fn list(sentences: &[String], otherwise: &str) -> String {
    if sentences.is_empty() {
        return format!("- {otherwise}\n");
    }
    let mut text = String::new();
    for sentence in sentences.iter().take(MOST_SENTENCES) {
        text += &bullet(&one_line(sentence));
    }
    if sentences.len() > MOST_SENTENCES {
        let _ = writeln!(text, "- and {} more", sentences.len() - MOST_SENTENCES);
    }
    text
}

/// A sentence in lines of the width of a mail; a long word stays whole.
fn bullet(sentence: &str) -> String {
    let mut text = "-".to_owned();
    let mut width = 1;
    for word in sentence.split_whitespace() {
        let length = word.chars().count();
        if width + 1 + length > WIDTH && width > 1 {
            text.push_str("\n ");
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + length;
    }
    text + "\n"
}

/// The text without anything that could end its line, and not too long.
fn one_line(text: &str) -> String {
    let line_end = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut line: String = text.chars().take(LONGEST).map(|c| if line_end(c) { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// A function of what the letter is about, and of nothing else.
fn message_id(kind: &str, letter: &Letter, occasion: Occasion<'_>, due: u32) -> String {
    let mut hash = Sha256::new();
    for part in [kind, occasion.distribution, occasion.series, &letter.source, &letter.version, &due.to_string()] {
        hash.update(part);
        hash.update([0]);
    }
    format!("<{kind}.{}@proposed-migration.tidegate>", tidegate_kernel::hex(&hash.finalize()[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letter(source: &str, due: u32, age: u32) -> Letter {
        let kind = LetterKind::Reminder { due };
        Letter { kind, source: source.to_owned(), version: "2".to_owned(), age }
    }

    fn occasion(why: &[String]) -> Occasion<'_> {
        Occasion { distribution: "ubuntu", series: "noble", page: "https://x/#foo", help: "#release", why }
    }

    #[test]
    fn a_reminder_says_what_holds_it_and_who_helps() {
        let why = ["Not built on arm64.".to_owned()];
        let words = write(&letter("foo", 3, 4), occasion(&why));
        assert_eq!(words.subject, "[proposed-migration] foo 2 stuck in noble-proposed for 4 days.");
        insta::assert_snapshot!(words.body, @r"
        Hello,

        foo 2 has been waiting in noble-proposed for 4 days.
        It has not migrated, and it will not do so by itself. You get this mail
        because you uploaded, sponsored or copied it.

        What stands in its way:

        - Not built on arm64.

        Everything that is known of it:
          https://x/#foo

        If you cannot solve it, or something here is wrong, please ask:
          #release

        You will be reminded again while it stays, less and less often. The
        reminders end when it migrates, or when another version takes its place.
        ");
    }

    /// Scenario 47, its words.
    #[test]
    fn one_day_is_not_many() {
        let of = |age| write(&letter("foo", 1, age), occasion(&[])).subject;
        assert!(of(1).ends_with(" for 1 day."));
        assert!(of(5).ends_with(" for 5 days."));
    }

    /// 4.6 Email 6: a function of distribution, series, source, version and due age, and of nothing else.
    #[test]
    fn the_message_id_is_that_of_the_due_age() {
        let (foo, noble) = (letter("foo", 3, 3), occasion(&[]));
        let id = |letter: &Letter, occasion: Occasion<'_>| write(letter, occasion).id;
        // The SHA-256 of kind, distribution, series, source, version and due age, a zero byte behind each; its first half.
        assert_eq!(id(&foo, noble), "<reminder.af06d7e099acfea384f974c4cafd377b@proposed-migration.tidegate>");
        let why = ["Not built on arm64.".to_owned()];
        for same in [
            id(&letter("foo", 3, 6), noble),
            id(&foo, Occasion { page: "https://y/", help: "nobody", why: &why, ..noble }),
        ] {
            assert_eq!(same, id(&foo, noble));
        }
        let others = [
            id(&foo, noble),
            id(&letter("foo", 7, 7), noble),
            id(&letter("bar", 3, 3), noble),
            id(&Letter { version: "3".to_owned(), ..foo.clone() }, noble),
            id(&foo, Occasion { series: "jammy", ..noble }),
            id(&foo, Occasion { distribution: "debian", ..noble }),
            id(&Letter { source: "foo2".to_owned(), version: String::new(), ..foo.clone() }, noble),
        ];
        assert_eq!(others.iter().collect::<std::collections::BTreeSet<_>>().len(), others.len(), "{others:?}");
        let told = Letter { kind: LetterKind::Regression, ..letter("foo", 0, 3) };
        assert!(id(&told, noble).starts_with("<regression."));
    }

    #[test]
    fn long_stories_are_cut() {
        let why: Vec<String> = (0..30).map(|number| format!("{number} {}", "x".repeat(10_000))).collect();
        let body = write(&letter("foo", 3, 4), occasion(&why)).body;
        assert!(body.contains("- and 10 more\n") && body.len() < 20_000, "{}", body.len());
    }

    proptest! {
        #[test]
        fn nothing_in_a_name_ends_a_line(name in any::<String>(), sentence in any::<String>()) {
            let plain = write(&letter("foo", 1, 1), occasion(&["x".to_owned()]));
            let why = ["x".to_owned()];
            let words = write(&letter(&name, 1, 1), occasion(&why));
            prop_assert!(!words.subject.contains(char::is_control));
            prop_assert!(!words.id.contains(char::is_control));
            prop_assert_eq!(words.body.lines().count(), plain.body.lines().count());
            let words = write(&letter("foo", 1, 1), occasion(&[sentence]));
            let told = words.body.lines().filter(|line| !plain.body.lines().any(|known| known == *line));
            for line in told {
                prop_assert!(line.starts_with("- ") || line.starts_with("  ") || line == "-", "{line:?}");
            }
        }
    }
}
