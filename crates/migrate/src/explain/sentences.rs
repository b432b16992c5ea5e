//! Explanations as people read them.

use super::explanation::{Breakage, Element, Explanation, Package, Remedy, Standing, Why};

/// So many names stand in a sentence; of more, the rest is counted.
const MOST_NAMES: usize = 3;

impl Explanation {
    /// The chain in one line, for lists: `moving a 2 breaks b 1 on amd64 (needs a (<< 2)); src:b's version 3 would
    /// fix it; it waits: it is too young: 2 of 5 days`.
    pub fn summary(&self) -> String {
        let head = self.head();
        match &self.why {
            Why::TrialOrder | Why::Impossible { .. } => head,
            Why::Breaks(breakage) => {
                let because = because(breakage);
                let because = if because.is_empty() { because } else { format!(" ({because})") };
                let remedy =
                    breakage.remedies.first().map_or_else(String::new, |remedy| format!("; {}", helps(remedy)));
                format!("{head}{because}{remedy}")
            }
        }
    }

    /// The same at length, one sentence an element: what breaks, why, and what would mend it.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![sentence(&self.head())];
        let Why::Breaks(breakage) = &self.why else { return sentences };
        if breakage.names.len() > 1 {
            let others: Vec<&str> =
                breakage.names.iter().map(String::as_str).filter(|name| *name != breakage.broken.name).collect();
            sentences.push(format!("It would break {} there too.", some(&others)));
        }
        if !breakage.mended.is_empty() {
            let mended: Vec<&str> = breakage.mended.iter().map(String::as_str).collect();
            let but = if breakage.constraint { "a constraint outweighs that" } else { "that is not enough" };
            sentences.push(format!("It would mend {}, but {but}.", some(&mended)));
        }
        match &breakage.core {
            Some(core) => sentences.extend(core.iter().filter_map(Element::sentence)),
            None => sentences.push("Whether it really cannot be installed was not found out in time.".to_owned()),
        }
        for remedy in &breakage.remedies {
            sentences.push(sentence(&helps(remedy)));
            if let Some(hint) = self.hint(remedy) {
                sentences.push(format!("All together would break nothing: `{hint}`."));
            } else if remedy.enough {
                sentences.push("All together would break nothing.".to_owned());
            }
        }
        if !breakage.brought_in && !breakage.remedies.iter().any(|remedy| remedy.mends) {
            let Breakage { broken, source, .. } = breakage;
            let of = if breakage.constraint { String::new() } else { format!(" (of src:{source})") };
            sentences.push(format!("No single item on its way would mend {broken}{of}."));
        }
        sentences
    }

    /// The hint that moves the item with a remedy, where that breaks nothing and the hint could be used.
    pub(super) fn hint(&self, remedy: &Remedy) -> Option<String> {
        let usable = remedy.enough && remedy.standing == Standing::Stayed;
        usable.then(|| {
            let others = [format!("{}/{}", remedy.item, remedy.version)].into_iter().chain(remedy.with.iter().cloned());
            others.fold(format!("easy {}/{}", self.item, self.version), |hint, other| hint + " " + &other)
        })
    }

    fn head(&self) -> String {
        match &self.why {
            Why::TrialOrder => {
                format!("{} would break nothing any more; the next run will try it again", self.move_text)
            }
            Why::Impossible { text } => format!("{} is not possible: {text}", self.move_text),
            Why::Breaks(breakage) => {
                let Breakage { broken, architecture, .. } = breakage;
                if breakage.constraint {
                    let name = &broken.name;
                    format!("{} breaks the constraint {name} on {architecture}", self.move_text)
                } else if breakage.brought_in {
                    format!("{} brings in {broken}, which cannot be installed on {architecture}", self.move_text)
                } else {
                    format!("{} breaks {broken} on {architecture}", self.move_text)
                }
            }
        }
    }
}

impl Element {
    /// What the constraint says; none for the root, which the first sentence has named.
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::Root { .. } => None,
            Self::Essential { package } => Some(format!("{package} is essential: everything is installed with it.")),
            Self::Conflict { package, with, relation } => {
                Some(format!("{package} and {with} exclude each other ({} says `{relation}`).", package.name))
            }
            Self::Needs { package, relation, by, lost, elsewhere } => {
                let rest = if !by.is_empty() {
                    format!(", for which there is only {}", packages(by))
                } else if let Some(lost) = lost.first() {
                    match &lost.replaced_by {
                        Some(version) => format!(", and {} gives way to {version}", lost.package),
                        None => format!(", and {} goes", lost.package),
                    }
                } else if elsewhere.is_empty() {
                    ", which no suite has".to_owned()
                } else {
                    let texts: Vec<String> = elsewhere.iter().map(|one| one.package.to_string()).collect();
                    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                    let brought = elsewhere.iter().any(|one| one.item.is_some());
                    let rest = if brought { "" } else { ", and no item brings that" };
                    format!(", which only {} would meet{rest}", some(&texts))
                };
                Some(format!("{package} needs `{relation}`{rest}."))
            }
        }
    }
}

/// The core in a few words: the relations along the chain, a long one without its middle.
fn because(breakage: &Breakage) -> String {
    let core = breakage.core.as_deref().unwrap_or_default();
    let words = core.iter().filter_map(|element| match element {
        Element::Root { .. } => None,
        Element::Essential { package } => Some(format!("{} is essential", package.name)),
        Element::Conflict { package, with, .. } => Some(format!("{} excludes {}", package.name, with.name)),
        Element::Needs { package, relation, .. } if *package == breakage.broken => Some(format!("needs {relation}")),
        Element::Needs { package, relation, .. } => Some(format!("{} needs {relation}", package.name)),
    });
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [first, middle @ .., last] if middle.len() > 1 => format!("{first}, {} more steps, {last}", middle.len()),
        words => words.join(", "),
    }
}

/// What a remedy does, and why it has not.
fn helps(remedy: &Remedy) -> String {
    let does = if remedy.mends {
        match remedy.with.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => "would fix it".to_owned(),
            with => format!("would fix it, with {}", some(with)),
        }
    } else {
        format!("would bring {}, which is not enough", packages(&remedy.brings))
    };
    let waits = match &remedy.standing {
        Standing::Stayed => "it did not move either".to_owned(),
        Standing::Invalid { cause, text, .. } if *cause == remedy.item => format!("it waits ({})", clause(text)),
        Standing::Invalid { cause, text, .. } => format!("it waits for {cause} ({})", clause(text)),
    };
    format!("{} {does}; {waits}", remedy.text)
}

/// A sentence as part of a longer one.
pub(super) fn clause(text: &str) -> String {
    let text = text.strip_suffix('.').unwrap_or(text);
    let first = text.split_whitespace().next().unwrap_or_default();
    if matches!(first, "It" | "Its" | "Not" | "Nothing" | "Old" | "The" | "Piuparts") {
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |letter| letter.to_ascii_lowercase().to_string() + letters.as_str())
    } else {
        text.to_owned()
    }
}

/// A sentence with its full stop, unless it ends in an address that would no longer be one.
pub(super) fn full_stop(text: &str) -> String {
    let is_address = text.rsplit(' ').next().is_some_and(|word| word.contains("://"));
    if is_address || text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// A clause as a sentence of its own. What begins with a package's name keeps its letters.
pub(super) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    match letters.next() {
        Some(letter) if !clause.starts_with("src:") => {
            full_stop(&(letter.to_ascii_uppercase().to_string() + letters.as_str()))
        }
        _ => full_stop(clause),
    }
}

fn packages(packages: &[Package]) -> String {
    let texts: Vec<String> = packages.iter().map(ToString::to_string).collect();
    some(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// `a, b and c`, or `a, b, c and 7 more`.
pub(super) fn some(names: &[&str]) -> String {
    if names.len() > MOST_NAMES + 1 {
        return format!("{} and {} more", names[..MOST_NAMES].join(", "), names.len() - MOST_NAMES);
    }
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
