//! How a hint names what it speaks of: `[-]name[_suite][/arch][/version]`.

use std::fmt;

use crate::diagnostic::quote;

/// The names without which an item's text can't be understood.
#[derive(Debug, Clone, Copy, Default)]
pub struct ItemNames<'a> {
    /// The architectures of the run.
    pub architectures: &'a [String],
    /// Short names of the additional source suites: `tpu`, `pu`.
    pub suites: &'a [String],
}

/// One thing that a hint speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemRef {
    /// A source's name; a binary's in cruft removals and in `allow-uninst`.
    pub name: String,
    /// Written with a leading `-`: the removal of it.
    pub removal: bool,
    /// Short name of an additional source suite, if one was written.
    pub suite: Option<String>,
    /// An architecture of the run, or `source`, if one was written.
    pub architecture: Option<String>,
    /// The version, if one was written.
    pub version: Option<String>,
}

/// Why a text names no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// Nothing, or a lone `-`, before the first `/`.
    #[error("the name is missing; write [-]name[_suite][/arch][/version]")]
    NoName,
    /// The name holds a character that no package's name can have.
    #[error("{} is not a package name: {} can't be in it there", quote(.name), quote(&.character.to_string()))]
    BadName {
        /// The name as written.
        name: String,
        /// The first character that can't be in a name.
        character: char,
    },
    /// What follows `_` is not the short name of an additional suite.
    #[error("{} is not an additional suite of this run; known: {known}", quote(.suite))]
    UnknownSuite {
        /// The suite as written.
        suite: String,
        /// The known ones, for the message.
        known: String,
    },
    /// One suite behind the name, another behind the architecture.
    #[error("{} and {} are different suites; write one of them", quote(.0), quote(.1))]
    TwoSuites(String, String),
    /// Something between slashes is empty.
    #[error("nothing stands between or after the slashes; leave out the slash, or write the architecture or version")]
    EmptyPart,
    /// Two parts follow the name, and both are architectures.
    #[error("{} and {} are both architectures; write one of them and a version", quote(.0), quote(.1))]
    TwoArchitectures(String, String),
    /// Two parts follow the name, and neither is an architecture.
    #[error("neither {} nor {} is an architecture of this run; write [-]name[_suite][/arch][/version]", quote(.0), quote(.1))]
    TwoVersions(String, String),
    /// More than two parts follow the name.
    #[error("too many slashes; write [-]name[_suite][/arch][/version]")]
    TooManyParts,
}

/// The word that stands for "the source itself" where an architecture may stand.
pub const SOURCE: &str = "source";

impl ItemRef {
    /// Reads an item. Architecture and version may stand in either order; a single part behind the name is the
    /// architecture if the run has it (or it is `source`), else the version. The suite may also stand behind the
    /// architecture, as older reports write it: `foo/amd64_tpu`.
    ///
    /// # Errors
    ///
    /// The text has another form, or names a suite that the run doesn't have.
    pub fn parse(text: &str, names: ItemNames<'_>) -> Result<Self, ItemError> {
        let (removal, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parts = text.split('/');
        let (name, suite) = parse_name(parts.next().unwrap_or_default(), names)?;
        let parts = [parts.next(), parts.next(), parts.next()];
        if parts.contains(&Some("")) {
            return Err(ItemError::EmptyPart);
        }
        let known = |part| parse_architecture(part, names);
        let (architecture, version) = match parts {
            [None, _, _] => (None, None),
            [Some(part), None, _] => match known(part) {
                Some(architecture) => (Some(architecture), None),
                None => (None, Some(part)),
            },
            [Some(a), Some(b), None] => match (known(a), known(b)) {
                (Some(architecture), None) => (Some(architecture), Some(b)),
                (None, Some(architecture)) => (Some(architecture), Some(a)),
                (Some(_), Some(_)) => return Err(ItemError::TwoArchitectures(a.to_owned(), b.to_owned())),
                (None, None) => return Err(ItemError::TwoVersions(a.to_owned(), b.to_owned())),
            },
            [Some(_), Some(_), Some(_)] => return Err(ItemError::TooManyParts),
        };
        let (architecture, suffix) = architecture.unzip();
        let suite = match (suite, suffix.flatten()) {
            (Some(a), Some(b)) if a != b => return Err(ItemError::TwoSuites(a.to_owned(), b.to_owned())),
            (a, b) => a.or(b),
        };
        Ok(Self {
            name: name.to_owned(),
            removal,
            suite: suite.map(str::to_owned),
            architecture: architecture.map(str::to_owned),
            version: version.map(str::to_owned),
        })
    }

    /// The item's name without its version, as excuses and reports write it: `foo`, `foo/amd64`, `-foo`, `foo_tpu`,
    /// `foo_tpu/amd64`.
    pub fn uvname(&self) -> String {
        let mut text = format!("{}{}", if self.removal { "-" } else { "" }, self.name);
        for (mark, part) in [('_', self.suite.as_deref()), ('/', self.binary_architecture())] {
            if let Some(part) = part {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }

    /// The architecture, unless it is `source` or none: then the item is a source's.
    pub fn binary_architecture(&self) -> Option<&str> {
        self.architecture.as_deref().filter(|&architecture| architecture != SOURCE)
    }
}

fn parse_name<'a>(text: &'a str, names: ItemNames<'_>) -> Result<(&'a str, Option<&'a str>), ItemError> {
    // No package name has an underscore, so the first one begins the suite.
    let (name, suite) = match text.split_once('_') {
        Some((name, suite)) => (name, Some(suite)),
        None => (text, None),
    };
    let Some(first) = name.chars().next() else { return Err(ItemError::NoName) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let bad = if first.is_ascii_alphanumeric() { name.chars().find(|&c| !allowed(c)) } else { Some(first) };
    if let Some(character) = bad {
        return Err(ItemError::BadName { name: name.to_owned(), character });
    }
    if let Some(suite) = suite
        && !has(names.suites, suite)
    {
        let known = if names.suites.is_empty() { "none".to_owned() } else { names.suites.join(", ") };
        return Err(ItemError::UnknownSuite { suite: suite.to_owned(), known });
    }
    Ok((name, suite))
}

/// The architecture that a part is, with the suite that may follow it; none if it is no architecture of the run.
fn parse_architecture<'a>(part: &'a str, names: ItemNames<'_>) -> Option<(&'a str, Option<&'a str>)> {
    let known = |architecture: &str| architecture == SOURCE || has(names.architectures, architecture);
    match part.split_once('_') {
        _ if known(part) => Some((part, None)),
        Some((architecture, suite)) if known(architecture) && has(names.suites, suite) => {
            Some((architecture, Some(suite)))
        }
        _ => None,
    }
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

impl fmt::Display for ItemRef {
    /// The full text, in the order in which it is documented; reads back as the same item.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, removal, suite, architecture, version } = self;
        write!(f, "{}{name}", if *removal { "-" } else { "" })?;
        if let Some(suite) = suite {
            write!(f, "_{suite}")?;
        }
        for part in [architecture, version].into_iter().flatten() {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<ItemRef, ItemError> {
        let architectures = ["amd64", "arm64", "kfreebsd-amd64"].map(str::to_owned);
        let suites = ["tpu", "pu"].map(str::to_owned);
        ItemRef::parse(text, ItemNames { architectures: &architectures, suites: &suites })
    }

    fn item(text: &str) -> ItemRef {
        parse(text).unwrap()
    }

    fn refusal(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_name_alone_is_an_item() {
        let foo = item("libfoo-2.0+x");
        assert_eq!(foo.name, "libfoo-2.0+x");
        assert_eq!((foo.removal, foo.suite, foo.architecture, foo.version), (false, None, None, None));
    }

    #[test]
    fn architecture_and_version_stand_in_either_order() {
        let written = item("foo/amd64/1:1.2-3+b1");
        assert_eq!(written.architecture.as_deref(), Some("amd64"));
        assert_eq!(written.version.as_deref(), Some("1:1.2-3+b1"));
        assert_eq!(item("foo/1:1.2-3+b1/amd64"), written);
        assert_eq!(item("foo/1.2").version.as_deref(), Some("1.2"));
        assert_eq!(item("foo/arm64").architecture.as_deref(), Some("arm64"));
    }

    #[test]
    fn an_architecture_that_the_run_has_not_is_taken_for_a_version() {
        assert_eq!(item("foo/sparc").version.as_deref(), Some("sparc"));
        assert_eq!(
            refusal("foo/sparc/1.2"),
            "neither \"sparc\" nor \"1.2\" is an architecture of this run; write [-]name[_suite][/arch][/version]"
        );
    }

    #[test]
    fn source_may_stand_for_an_architecture() {
        let foo = item("foo/source/1.2");
        assert_eq!(foo.architecture.as_deref(), Some(SOURCE));
        assert_eq!(foo.binary_architecture(), None);
        assert_eq!(foo.uvname(), "foo");
    }

    #[test]
    fn a_leading_dash_is_a_removal() {
        let foo = item("-libfoo1/amd64/1.2");
        assert!(foo.removal);
        assert_eq!(foo.name, "libfoo1");
        assert_eq!(foo.uvname(), "-libfoo1/amd64");
    }

    #[test]
    fn a_suffix_is_an_additional_suite() {
        let foo = item("foo_tpu/1.2");
        assert_eq!((foo.name.as_str(), foo.suite.as_deref()), ("foo", Some("tpu")));
        assert_eq!(foo.uvname(), "foo_tpu");
        assert_eq!(item("foo/amd64_tpu/1.2"), item("foo_tpu/amd64/1.2"));
        assert_eq!(item("foo_tpu/amd64/1.2").uvname(), "foo_tpu/amd64");
        assert_eq!(refusal("foo_sid/1"), "\"sid\" is not an additional suite of this run; known: tpu, pu");
        assert_eq!(refusal("foo_tpu/amd64_pu"), "\"tpu\" and \"pu\" are different suites; write one of them");
    }

    #[test]
    fn what_names_nothing_is_refused_with_the_reason() {
        assert!(refusal("").starts_with("the name is missing"));
        assert!(refusal("-").starts_with("the name is missing"));
        assert!(refusal("/1.2").starts_with("the name is missing"));
        assert_eq!(refusal("--foo"), "\"-foo\" is not a package name: \"-\" can't be in it there");
        assert_eq!(refusal("foo,bar/1"), "\"foo,bar\" is not a package name: \",\" can't be in it there");
        assert!(refusal("foo/").starts_with("nothing stands"));
        assert!(refusal("foo//1").starts_with("nothing stands"));
        assert!(refusal("foo/amd64/arm64").contains("both architectures"));
        assert!(refusal("foo/amd64/1/2").starts_with("too many slashes"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_reads_back(
            text in "-?[a-z0-9][a-z0-9+.-]{0,8}(_tpu|_pu)?(/(amd64|arm64|source))?(/[0-9][0-9a-z:.+~-]{0,6})?",
        ) {
            let item = item(&text);
            prop_assert_eq!(item.to_string(), text);
            prop_assert_eq!(&parse(&item.to_string()), &Ok(item.clone()));
            let unversioned = ItemRef { version: None, architecture: item.binary_architecture().map(str::to_owned), ..item };
            prop_assert_eq!(parse(&unversioned.uvname()), Ok(unversioned));
        }

        #[test]
        fn whatever_was_read_can_be_written(text in "[-a-z0-9_/.]{0,20}|-?a(_tpu)?(/amd64(_tpu)?|/1|/source|/x_tpu){0,3}") {
            if let Ok(item) = parse(&text) {
                prop_assert_eq!(parse(&item.to_string()), Ok(item));
            }
        }
    }
}
