//! Which subject somebody means.
//!
//! People type short forms: `acme/web#12`, a name with a version, digits of a commit. Whatever is known under such a
//! text is told; nothing is guessed where there are several.

use std::collections::BTreeSet;

use tidegate_kernel::{Subject, SubjectKind};

use super::{Trail, store};
use crate::digest::index_text;
use crate::store::{Reader, Result};

/// So many near ones are told.
const NEAR: usize = 5;
/// So many characters at least a near one shares.
const SHARED: usize = 3;
/// Fewer digits of a commit mean nothing.
const FEWEST_DIGITS: usize = 7;

impl Trail {
    /// The subjects that are known under that text: itself, or what it may be short for.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn known(&self, reader: &mut Reader, text: &str) -> Result<Vec<Subject>> {
        let meant = readings(text);
        let keys: Vec<String> = meant.iter().map(|subject| index_text(&subject.to_string())).collect();
        let stored: BTreeSet<String> = store::known(reader, &keys).await?.into_iter().collect();
        let is_stored = |subject: &&Subject| stored.contains(&index_text(&subject.to_string()));
        let mut found: BTreeSet<Subject> = meant.iter().filter(is_stored).cloned().collect();
        for source in &self.sources {
            found.extend(source.known(reader, &meant).await?);
        }
        if let Some(digits) = digits(text) {
            let commits = store::commits(reader, digits).await?;
            found.extend(commits.iter().filter_map(|commit| commit.parse().ok()));
        }
        Ok(found.into_iter().collect())
    }

    /// Known subjects whose names begin with that text, in order of their kinds and names, at most so many.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn beginning(&self, reader: &mut Reader, text: &str, limit: i64) -> Result<Vec<Subject>> {
        let meant = readings(text);
        let prefixes: Vec<String> = meant.iter().map(Subject::to_string).collect();
        let stored = store::beginning(reader, &prefixes, limit).await?;
        let mut found: BTreeSet<Subject> = stored.iter().filter_map(|subject| subject.parse().ok()).collect();
        for source in &self.sources {
            found.extend(source.beginning(reader, &meant, limit).await?);
        }
        Ok(found.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    /// Known subjects of the same kind that are written almost like that one.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn near(&self, reader: &mut Reader, subject: &Subject) -> Result<Vec<Subject>> {
        let text = index_text(&subject.to_string());
        let mut around = store::after(reader, &text).await?;
        around.extend(store::before(reader, &text).await?);
        let mut around: BTreeSet<Subject> = around.iter().filter_map(|text| text.parse().ok()).collect();
        for source in &self.sources {
            around.extend(source.around(reader, subject).await?);
        }
        let mut near: Vec<(usize, Subject)> = around
            .into_iter()
            .filter(|other| other.kind() == subject.kind())
            .map(|other| (shared(subject.id(), other.id()), other))
            .filter(|(shared, _)| *shared >= SHARED)
            .collect();
        near.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        near.truncate(NEAR);
        Ok(near.into_iter().map(|(_, subject)| subject).collect())
    }
}

/// What the text may name.
fn readings(text: &str) -> Vec<Subject> {
    if let Ok(subject) = text.parse::<Subject>() {
        return vec![subject];
    }
    if text.is_empty() || text.chars().any(char::is_control) {
        return Vec::new();
    }
    let packages = ["rpm", "deb"].map(|format| Subject::new(SubjectKind::Package, format!("{format}/{text}")));
    SubjectKind::ALL.into_iter().map(|kind| Subject::new(kind, text)).chain(packages).collect()
}

/// The text as digits of a commit.
fn digits(text: &str) -> Option<&str> {
    let are_digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (are_digits && (FEWEST_DIGITS..=40).contains(&text.len())).then_some(text)
}

fn shared(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        readings(text).iter().map(Subject::to_string).collect()
    }

    #[test]
    fn a_whole_name_means_itself_and_a_short_one_may_be_of_any_kind() {
        assert_eq!(texts("pr:acme/web#12"), ["pr:acme/web#12"]);
        let short = texts("nethack-9-1.fc44");
        assert!(short.contains(&"build:nethack-9-1.fc44".to_owned()), "{short:?}");
        assert!(short.contains(&"package:rpm/nethack-9-1.fc44".to_owned()), "{short:?}");
        assert_eq!(texts(""), Vec::<String>::new());
        assert_eq!(texts("a\nb"), Vec::<String>::new());
    }

    #[test]
    fn only_seven_to_forty_hex_digits_are_digits_of_a_commit() {
        assert_eq!(digits("9f86d08"), Some("9f86d08"));
        assert_eq!(digits(&"a".repeat(40)), Some("a".repeat(40).as_str()));
        for text in ["9f86d0", "9F86D08", "nethack", "a@9f86d08", &"a".repeat(41)] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
