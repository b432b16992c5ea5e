//! What a gate can say: its codes with their columns, and the checked-in list of them.
//!
//! A gate declares its codes as one enum with [`BlockerCode`]. Its test writes [`catalogue`] to `blockers.toml`, so
//! that a new code, and a code whose meaning changed, is read as a difference in review; and it makes every code
//! appear through the real program and asks [`departures`] whether what came out is what was declared.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::blocker::{Blocker, Level, WhoKind};

/// The codes of one gate. A code is stable for ever: it may stop to appear, but never mean something else.
pub trait BlockerCode: Copy + 'static {
    /// The gate's name, which is the prefix of its codes.
    const GATE: &'static str;

    /// Every code.
    fn all() -> &'static [Self];

    /// The code in kebab-case, without its prefix: `age`.
    fn code(&self) -> &'static str;

    /// Whether it stops its subject.
    fn level(&self) -> Level;

    /// What it says, in one sentence for the documents.
    fn sentence(&self) -> &'static str;

    /// The sorts of people who can act on it.
    fn who_kinds(&self) -> &'static [WhoKind];

    /// What ends it.
    fn ends_with(&self) -> &'static str;

    /// The code as it stands on the wire and in the store: `migrate.age`.
    fn qualified(&self) -> String {
        format!("{}.{}", Self::GATE, self.code())
    }
}

/// The text of the gate's `blockers.toml`: one table a code, sorted by code.
pub fn catalogue<C: BlockerCode>() -> String {
    let mut tables: Vec<_> = C::all().iter().map(|code| (code.code(), table(code))).collect();
    tables.sort_unstable();
    let head = format!(
        "# The blockers of `{}`, made from the code by a test. Review a change here as a change of the interface.\n",
        C::GATE
    );
    tables.into_iter().fold(head, |text, (_, table)| text + "\n" + &table)
}

fn table<C: BlockerCode>(code: &C) -> String {
    let who: Vec<_> = code.who_kinds().iter().map(|kind| quoted(kind.name())).collect();
    format!(
        "[{}]\nlevel = {}\nsays = {}\nwho = [{}]\nends_with = {}\n",
        quoted(&code.qualified()),
        quoted(code.level().name()),
        quoted(code.sentence()),
        who.join(", "),
        quoted(code.ends_with()),
    )
}

/// Where blockers that the program made differ from what the gate declares, one sentence each: a code that is not
/// declared, another level, a sort of `who` that the code does not name; and every declared code that no blocker has.
pub fn departures<C: BlockerCode>(blockers: &[Blocker]) -> Vec<String> {
    let mut missing: BTreeSet<_> = C::all().iter().map(C::qualified).collect();
    let mut found = Vec::new();
    for blocker in blockers {
        missing.remove(blocker.code());
        let Some(code) = C::all().iter().find(|code| code.qualified() == blocker.code()) else {
            found.push(format!("{} is not declared", blocker.code()));
            continue;
        };
        if blocker.level() != code.level() {
            found.push(format!("{} appears as a {}", blocker.code(), blocker.level().name()));
        }
        for who in blocker.who().iter().filter(|who| !code.who_kinds().contains(&who.kind)) {
            found.push(format!("{} asks a {} to act", blocker.code(), who.kind.name()));
        }
    }
    found.extend(missing.into_iter().map(|code| format!("{code} never appears")));
    found
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => {
                write!(quoted, "\\u{:04X}", u32::from(character)).expect("writing to a String cannot fail");
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocker::{LookAgain, Who};
    use crate::subject::Subject;

    #[derive(Clone, Copy)]
    enum Tide {
        Low,
        Fog,
    }

    impl BlockerCode for Tide {
        const GATE: &'static str = "harbour";

        fn all() -> &'static [Self] {
            &[Self::Low, Self::Fog]
        }

        fn code(&self) -> &'static str {
            match self {
                Self::Low => "low-water",
                Self::Fog => "fog",
            }
        }

        fn level(&self) -> Level {
            match self {
                Self::Low => Level::Hold,
                Self::Fog => Level::Note,
            }
        }

        fn sentence(&self) -> &'static str {
            match self {
                Self::Low => "The water is too low.",
                Self::Fog => "Nobody sees the \"pier\".",
            }
        }

        fn who_kinds(&self) -> &'static [WhoKind] {
            match self {
                Self::Low => &[WhoKind::Nobody],
                Self::Fog => &[WhoKind::User, WhoKind::Role],
            }
        }

        fn ends_with(&self) -> &'static str {
            match self {
                Self::Low => "the next tide",
                Self::Fog => "wind\tor sun",
            }
        }
    }

    fn blocker(code: Tide, who: WhoKind) -> Blocker {
        let who = Who::new(who, "x", "wait");
        Blocker::new(code, Subject::source("boat", "1"), "It waits.", who, LookAgain::on("harbour.tide.changed"))
    }

    #[test]
    fn the_list_is_sorted_by_code_and_is_toml() {
        let expected = r#"# The blockers of `harbour`, made from the code by a test. Review a change here as a change of the interface.

["harbour.fog"]
level = "note"
says = "Nobody sees the \"pier\"."
who = ["user", "role"]
ends_with = "wind\u0009or sun"

["harbour.low-water"]
level = "hold"
says = "The water is too low."
who = ["nobody"]
ends_with = "the next tide"
"#;
        assert_eq!(catalogue::<Tide>(), expected);
    }

    #[test]
    fn what_appears_as_declared_departs_in_nothing() {
        let all = [blocker(Tide::Low, WhoKind::Nobody), blocker(Tide::Fog, WhoKind::Role)];
        assert_eq!(departures::<Tide>(&all), Vec::<String>::new());
    }

    #[test]
    fn a_missing_code_and_a_wrong_who_depart() {
        let found = departures::<Tide>(&[blocker(Tide::Low, WhoKind::Team)]);
        assert_eq!(found, ["harbour.low-water asks a team to act", "harbour.fog never appears"]);
    }

    #[test]
    fn another_level_and_an_unknown_code_depart() {
        let alter = |from: &str, to: &str| {
            let json = serde_json::to_string(&blocker(Tide::Low, WhoKind::Nobody)).unwrap().replace(from, to);
            serde_json::from_str(&json).unwrap()
        };
        let all = [
            alter("\"hold\"", "\"note\""),
            alter("harbour.low-water", "harbour.storm"),
            blocker(Tide::Fog, WhoKind::User),
        ];
        assert_eq!(departures::<Tide>(&all), ["harbour.low-water appears as a note", "harbour.storm is not declared"]);
    }
}
