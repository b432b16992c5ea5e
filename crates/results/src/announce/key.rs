//! The identity for which a change is announced.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::{KeyHash, Parts};
use crate::model::ExtraData;

/// A set of values, sorted; `None` if the result does not have the key at all, which is not the same as an empty value.
pub type Values = Option<BTreeSet<String>>;

/// What tells results about one item apart. In text: its values, or that there are none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Variant {
    /// Processor architectures of the item.
    pub arch: Values,
    /// How it was tested.
    pub scenario: Values,
    /// The architecture of the machine that tested.
    pub system_architecture: Values,
    /// The variant of the system that tested.
    pub system_variant: Values,
}

impl Variant {
    /// The variant that a result's data name.
    pub fn of(data: &ExtraData) -> Self {
        Self {
            arch: values(data, "arch"),
            scenario: values(data, "scenario"),
            system_architecture: values(data, "system_architecture"),
            system_variant: values(data, "system_variant"),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arch, scenario, system_architecture, system_variant } = self;
        let joined = |values: &Values| values.as_ref().map(|set| set.iter().cloned().collect::<Vec<_>>().join("+"));
        let parts: Vec<_> =
            [arch, scenario, system_architecture, system_variant].into_iter().filter_map(joined).collect();
        if parts.is_empty() { f.write_str("no variant") } else { f.write_str(&parts.join(" · ")) }
    }
}

/// The identity for which a change is announced: test case, type, item and variant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The name of the test case.
    pub testcase: String,
    /// What sort of thing the item is. `brew-build` is `koji_build` here.
    pub kind: Values,
    /// One thing that was tested.
    pub item: String,
    /// What tells results about the item apart.
    pub variant: Variant,
}

impl Key {
    /// SHA-256 over the parts in their order, each behind its length.
    pub fn hash(&self) -> KeyHash {
        let Variant { arch, scenario, system_architecture, system_variant } = &self.variant;
        let set = |parts: Parts, values: &Values| parts.list(values.as_ref().map(texts));
        let parts = set(Parts::default().text(&self.testcase), &self.kind).text(&self.item);
        [arch, scenario, system_architecture, system_variant].into_iter().fold(parts, set).hash()
    }

    /// The type in one text; `None` without one.
    pub fn kind_text(&self) -> Option<String> {
        joined(&self.kind)
    }
}

/// The type of a subject under the name that all share: `brew-build` is another word for `koji_build`.
pub fn shared_name(kind: &str) -> &str {
    if kind == "brew-build" { "koji_build" } else { kind }
}

/// The types that a result's data name, under their shared names.
pub(super) fn kinds(data: &ExtraData) -> Values {
    let kinds = data.get("type")?.iter().map(|kind| shared_name(kind).to_owned());
    Some(kinds.collect())
}

/// The values in one text, joined by commas as in a query.
pub(super) fn joined(values: &Values) -> Option<String> {
    let values = values.as_ref()?;
    Some(texts(values).collect::<Vec<_>>().join(","))
}

fn values(data: &ExtraData, key: &str) -> Values {
    data.get(key).map(|values| values.iter().cloned().collect())
}

fn texts(values: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    values.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pairs: &[(&str, &str)]) -> Key {
        let data = pairs.iter().copied().collect();
        Key { testcase: "t".to_owned(), kind: kinds(&data), item: "a-1-1".to_owned(), variant: Variant::of(&data) }
    }

    #[test]
    fn the_order_of_values_does_not_count_and_their_set_does() {
        let both = key(&[("arch", "b"), ("arch", "a"), ("arch", "b")]);
        assert_eq!(both.hash(), key(&[("arch", "a"), ("arch", "b")]).hash());
        assert_ne!(both.hash(), key(&[("arch", "a")]).hash());
    }

    #[test]
    fn absent_is_not_empty() {
        assert_ne!(key(&[]).hash(), key(&[("scenario", "")]).hash());
        assert_ne!(key(&[("scenario", "x")]).hash(), key(&[("system_variant", "x")]).hash());
    }

    #[test]
    fn a_brew_build_is_a_koji_build() {
        assert_eq!(key(&[("type", "brew-build")]).hash(), key(&[("type", "koji_build")]).hash());
        assert_eq!(key(&[("type", "brew-build"), ("type", "koji_build")]).kind_text(), Some("koji_build".to_owned()));
        assert_ne!(key(&[("type", "brew_build")]).hash(), key(&[("type", "koji_build")]).hash());
    }

    #[test]
    fn the_hash_is_stable_for_ever() {
        let hash = key(&[("type", "koji_build"), ("arch", "x86_64")]).hash().to_string();
        assert_eq!(hash, "sha256:fa4390c9a97134f87652462be3b55fee6419bc319e54ebb8d6e550895b4a06c2");
    }
}
