//! Globs as fnmatch has them: `*`, `?`, `[seq]`, `[!seq]`; the size of letters counts, and the whole text has to fit.

/// Whether the text has the form of the glob. A bracket that is never closed is a mere character.
pub fn matches(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut in_text) = (0, 0);
    // where the last star was, and how much of the text it has taken so far
    let mut star: Option<(usize, usize)> = None;
    loop {
        match token(&glob, at) {
            Some((Token::Any, next)) => {
                star = Some((next, in_text));
                at = next;
                continue;
            }
            Some((token, next)) if in_text < text.len() && token.takes(text[in_text]) => {
                (at, in_text) = (next, in_text + 1);
                continue;
            }
            None if in_text == text.len() => return true,
            Some(_) | None => {}
        }
        let Some((behind, taken)) = star.filter(|(_, taken)| *taken < text.len()) else { return false };
        star = Some((behind, taken + 1));
        (at, in_text) = (behind, taken + 1);
    }
}

enum Token<'g> {
    Any,
    One,
    Of { characters: &'g [char], inverted: bool },
    Exactly(char),
}

impl Token<'_> {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Exactly(exact) => *exact == character,
            Self::Of { characters, inverted } => is_among(characters, character) != *inverted,
        }
    }
}

/// What stands at that place of the glob, and where the next begins.
fn token(glob: &[char], at: usize) -> Option<(Token<'_>, usize)> {
    let first = *glob.get(at)?;
    Some(match first {
        '*' => (Token::Any, at + 1),
        '?' => (Token::One, at + 1),
        '[' => {
            let inverted = glob.get(at + 1) == Some(&'!');
            let begin = at + 1 + usize::from(inverted);
            // a closing bracket that stands first is one of the characters
            let end = (begin + 1..glob.len()).find(|place| glob[*place] == ']');
            match end {
                Some(end) => (Token::Of { characters: &glob[begin..end], inverted }, end + 1),
                None => (Token::Exactly('['), at + 1),
            }
        }
        other => (Token::Exactly(other), at + 1),
    })
}

/// Characters and ranges of them; a dash at either end is a character.
fn is_among(characters: &[char], wanted: char) -> bool {
    let mut at = 0;
    while at < characters.len() {
        if let [low, '-', high, ..] = &characters[at..] {
            if (low..=high).contains(&&wanted) {
                return true;
            }
            at += 3;
        } else {
            if characters[at] == wanted {
                return true;
            }
            at += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn the_whole_text_has_to_fit() {
        for (glob, text) in [
            ("", ""),
            ("*", ""),
            ("dist.*", "dist.rpmdeplint"),
            ("*lint", "dist.rpmdeplint"),
            ("a*b*c", "aXbXbc"),
            ("a?c", "aéc"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[a-]", "-"),
            ("[", "["),
            ("a[b", "a[b"),
        ] {
            assert!(matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in [
            ("", "a"),
            ("dist.*", "Dist.x"),
            ("a*b", "abc"),
            ("?", ""),
            ("[a-c]x", "dx"),
            ("[!a-c]x", "bx"),
            ("[c-a]", "b"),
            ("a.c", "abc"),
        ] {
            assert!(!matches(glob, text), "{glob} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
        assert!(matches(&"*a".repeat(200), &"ba".repeat(2_000)));
    }
}
