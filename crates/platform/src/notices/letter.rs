//! The text of a mail that tells of several things, without any I/O.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Waiting;

/// Subject and text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
}

/// Folds lines by their groups, in the order in which they came. There is at least one.
pub(super) fn fold(lines: &[Waiting]) -> Letter {
    let mut groups: BTreeMap<&str, Vec<&Waiting>> = BTreeMap::new();
    for line in lines {
        groups.entry(&line.group).or_default().push(line);
    }
    let title = |lines: &[&Waiting]| lines.last().map(|line| line.title.clone()).unwrap_or_default();
    let mut text = String::new();
    for lines in groups.values() {
        if !text.is_empty() {
            text.push('\n');
        }
        if groups.len() > 1 {
            let _ = writeln!(text, "{} ({})", title(lines), lines.len());
        }
        for line in lines {
            let _ = writeln!(text, "- {}", one_line(&line.line));
        }
    }
    let first = groups.values().next().map(|lines| title(lines)).unwrap_or_default();
    let subject = match groups.len() {
        0 | 1 => first,
        2 => format!("{first}, and 1 more"),
        several => format!("{first}, and {} more", several - 1),
    };
    Letter { subject, text }
}

fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(group: &str, line: &str) -> Waiting {
        Waiting { id: 0, group: group.to_owned(), title: format!("About {group}"), line: line.to_owned() }
    }

    #[test]
    fn one_group_is_its_lines_under_its_title() {
        let letter = fold(&[line("nethack", "depcheck failed"), line("nethack", "rpmlint\npassed")]);
        assert_eq!(letter.subject, "About nethack");
        assert_eq!(letter.text, "- depcheck failed\n- rpmlint passed\n");
    }

    #[test]
    fn several_groups_are_told_with_their_counts() {
        let letter = fold(&[line("zsh", "a"), line("nethack", "b"), line("zsh", "c"), line("bash", "d")]);
        assert_eq!(letter.subject, "About bash, and 2 more");
        assert_eq!(letter.text, "About bash (1)\n- d\n\nAbout nethack (1)\n- b\n\nAbout zsh (2)\n- a\n- c\n");
    }
}
