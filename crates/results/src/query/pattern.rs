//! A text, or all texts of a form.

/// What a value has to be: a text, or, where a wildcard is allowed, all texts of a form. `*` stands for any characters,
/// also none; no other character means anything but itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// This text.
    Exact(String),
    /// Any text of this form.
    Like(String),
}

impl Pattern {
    /// The form, which is a mere text if it has no wildcard.
    pub fn like(form: &str) -> Self {
        if form.contains('*') { Self::Like(form.to_owned()) } else { Self::Exact(form.to_owned()) }
    }

    /// The text that it asks for; `None` if it asks for several.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Like(_) => None,
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Like(text) => text,
        }
    }

    /// What every text that it means begins with.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Exact(text) => text,
            Self::Like(form) => form.split('*').next().unwrap_or_default(),
        }
    }

    /// Whether it means that text. The size of letters counts.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Like(form) => matches(form, text),
        }
    }
}

/// Whether each part of the form is in the text, in order; taking the first place of each is enough.
fn matches(form: &str, text: &str) -> bool {
    let Some((first, rest)) = form.split_once('*') else { return form == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let Some((middle, last)) = rest.rsplit_once('*') else { return left.ends_with(rest) };
    for part in middle.split('*') {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_star_is_a_wildcard() {
        let like = |form: &str, text: &str| Pattern::like(form).matches(text);
        assert!(like("a_b*", "a_b1") && !like("a_b*", "axb1"));
        assert!(like("100%*", "100%!") && !like("100%*", "100x"));
        assert!(like("[ab]?*", "[ab]?") && !like("[ab]?*", "a1"));
        assert!(like("*", "") && like("a*a", "aa") && !like("a*a", "a") && !like("A*", "a"));
        assert_eq!(Pattern::like("a_b").exact(), Some("a_b"));
    }

    /// Tries every place for every star.
    fn slow(form: &[char], text: &[char]) -> bool {
        match form.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skipped| slow(rest, &text[skipped..])),
            Some((letter, rest)) => text.split_first().is_some_and(|(first, text)| first == letter && slow(rest, text)),
        }
    }

    proptest! {
        #[test]
        fn it_matches_what_trying_everything_matches(form in "[ab*é]{0,6}", text in "[abé]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Pattern::like(&form).matches(&text), slow(&chars(&form), &chars(&text)));
        }
    }
}
