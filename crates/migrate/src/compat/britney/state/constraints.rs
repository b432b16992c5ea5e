//! What must stay installable: the file `constraints`.

use std::collections::BTreeSet;

use super::{Stanza, stanzas};
use crate::diagnostic::{Diagnostic, Place, quote};

/// The only kind of constraint there is.
const PRESENT_AND_INSTALLABLE: &str = "present-and-installable";

/// One constraint. It becomes a binary of this name on every architecture of both suites, which needs all these packages; as
/// long as that binary is installable, the packages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Name of the binary that stands for the constraint.
    pub name: String,
    /// What it needs, in the order of the file.
    pub packages: Vec<ConstrainedPackage>,
    /// 1-based line of its stanza.
    pub line: u32,
}

/// One line of a constraint's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstrainedPackage {
    /// The package, as one group of a relation without architectures.
    pub relation: String,
    /// Where it is needed; everywhere if empty.
    pub architectures: Vec<String>,
}

impl Constraint {
    /// What the constraint needs on an architecture, as a `Depends` value.
    pub fn depends_on(&self, architecture: &str) -> String {
        let counts = |package: &&ConstrainedPackage| {
            package.architectures.is_empty() || package.architectures.iter().any(|name| name == architecture)
        };
        let relations: Vec<&str> =
            self.packages.iter().filter(counts).map(|package| package.relation.as_str()).collect();
        relations.join(", ")
    }
}

/// Reads the stanzas. One with a mistake is left out whole, for half a constraint would promise what it doesn't hold.
pub fn parse_constraints(text: &str, file: &str) -> (Vec<Constraint>, Vec<Diagnostic>) {
    let mut constraints: Vec<Constraint> = Vec::new();
    let mut names = BTreeSet::new();
    let mut diagnostics = Vec::new();
    stanzas(text, file, &mut diagnostics, |stanza, diagnostics| match constraint(stanza) {
        Ok(found) if !names.insert(found.name.clone()) => {
            let message = format!("a constraint {} is there already; give each its own name", quote(&found.name));
            diagnostics.push(stanza.place.error("constraint-malformed", message));
        }
        Ok(found) => constraints.push(found),
        Err(mistakes) => diagnostics.extend(mistakes),
    });
    (constraints, diagnostics)
}

fn constraint(stanza: &Stanza<'_, '_, '_>) -> Result<Constraint, Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let name = stanza.required("Fake-Package-Name", "the name of the package that stands for the constraint");
    let kind = stanza.required("Constraint", PRESENT_AND_INSTALLABLE);
    let list = stanza.required("Package-List", "one package a line");
    if let (Ok(kind), Some(field)) = (&kind, stanza.field("Constraint"))
        && *kind != PRESENT_AND_INSTALLABLE
    {
        let message = format!("{} is no kind of constraint; write {PRESENT_AND_INSTALLABLE}", quote(kind));
        mistakes.push(stanza.place_of(field).error("constraint-malformed", message));
    }
    let mut packages = Vec::new();
    if let Some(field) = stanza.field("Package-List") {
        let first = stanza.place_of(field);
        for (line, content) in (first.line..).zip(field.value.lines()) {
            let content = content.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            match package(content) {
                Ok(package) => packages.push(package),
                Err(reason) => {
                    let message = format!("{} {reason}", quote(content));
                    mistakes.push(Place { line, ..first }.error("constraint-malformed", message));
                }
            }
        }
    }
    match (name, kind, list) {
        (Ok(name), Ok(_), Ok(_)) if mistakes.is_empty() => {
            Ok(Constraint { name: name.to_owned(), packages, line: stanza.place.line })
        }
        (name, kind, list) => {
            mistakes.extend([name.err(), kind.err(), list.err()].into_iter().flatten());
            Err(mistakes)
        }
    }
}

fn package(content: &str) -> Result<ConstrainedPackage, &'static str> {
    if content.contains(',') {
        return Err("has a comma; write one package a line");
    }
    if content.contains('!') {
        return Err("has an exclamation mark; list the architectures where the package is needed");
    }
    let (relation, architectures) = match content.split_once('[') {
        Some((relation, rest)) => (
            relation.trim(),
            rest.strip_suffix(']').ok_or("has no closing bracket at its end; write package [arch arch]")?,
        ),
        None => (content, ""),
    };
    if relation.is_empty() {
        return Err("names no package; write package [arch arch]");
    }
    if content.contains('[') && architectures.trim().is_empty() {
        return Err("has no architecture between the brackets; write package [arch arch], or leave them out");
    }
    if architectures.contains(['[', ']']) {
        return Err("has too many brackets; write package [arch arch]");
    }
    let architectures = architectures.split_whitespace().map(str::to_owned).collect();
    Ok(ConstrainedPackage { relation: relation.to_owned(), architectures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> (Vec<Constraint>, Vec<String>) {
        let (constraints, diagnostics) = parse_constraints(text, "constraints");
        (constraints, diagnostics.iter().map(ToString::to_string).collect())
    }

    const GOOD: &str = "\
Fake-Package-Name: keep-desktop
Constraint: present-and-installable
Package-List:
 gnome
 # a comment
 grub-pc [amd64 i386] # and one behind
 openjdk-21-jre | openjdk-25-jre

Fake-Package-Name: keep-base
Constraint: present-and-installable
Package-List: base-files
";

    #[test]
    fn a_constraint_needs_its_packages_where_they_are_listed() {
        let (constraints, mistakes) = parse(GOOD);
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(
            constraints.iter().map(|constraint| (constraint.name.as_str(), constraint.line)).collect::<Vec<_>>(),
            [("keep-desktop", 1), ("keep-base", 9)]
        );
        assert_eq!(constraints[0].depends_on("amd64"), "gnome, grub-pc, openjdk-21-jre | openjdk-25-jre");
        assert_eq!(constraints[0].depends_on("arm64"), "gnome, openjdk-21-jre | openjdk-25-jre");
        assert_eq!(constraints[1].depends_on("arm64"), "base-files");
    }

    #[test]
    fn a_constraint_with_mistakes_is_left_out_with_all_of_them() {
        let text = "\n\nFake-Package-Name: x\nConstraint: sometimes\nPackage-List:\n a, b\n c [!amd64]\n d [amd64\n [amd64]\n e []\n f [a] [b]\n\n".to_owned() + GOOD;
        let (constraints, mistakes) = parse(&text);
        assert_eq!(constraints.len(), 2);
        assert_eq!(
            mistakes,
            [
                "constraints:4:1: \"sometimes\" is no kind of constraint; write present-and-installable",
                "constraints:6:1: \"a, b\" has a comma; write one package a line",
                "constraints:7:1: \"c [!amd64]\" has an exclamation mark; list the architectures where the package is needed",
                "constraints:8:1: \"d [amd64\" has no closing bracket at its end; write package [arch arch]",
                "constraints:9:1: \"[amd64]\" names no package; write package [arch arch]",
                "constraints:10:1: \"e []\" has no architecture between the brackets; write package [arch arch], or leave them out",
                "constraints:11:1: \"f [a] [b]\" has too many brackets; write package [arch arch]",
            ]
        );
    }

    #[test]
    fn missing_fields_and_repeated_names_are_said() {
        let (constraints, mistakes) =
            parse(&format!("Constraint: present-and-installable\nOther: 1\n\n{GOOD}\n{GOOD}"));
        assert_eq!(constraints.len(), 2);
        assert_eq!(
            mistakes,
            [
                "constraints:1:1: the stanza has no Fake-Package-Name; add it: the name of the package that stands for the constraint",
                "constraints:1:1: the stanza has no Package-List; add it: one package a line",
                "constraints:16:1: a constraint \"keep-desktop\" is there already; give each its own name",
                "constraints:24:1: a constraint \"keep-base\" is there already; give each its own name",
            ]
        );
    }

    #[test]
    fn damage_ends_the_reading_and_is_said() {
        let (constraints, mistakes) = parse(&format!("{GOOD}\nno field here\n\n{GOOD}"));
        assert_eq!(constraints.len(), 2);
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].starts_with("constraints:13:1: "), "{}", mistakes[0]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>(), list in "[a \\[\\],!#\n|]{0,40}") {
            let _ = parse(&text);
            let _ = parse(&format!("Fake-Package-Name: x\nConstraint: present-and-installable\nPackage-List:{list}"));
        }
    }
}
