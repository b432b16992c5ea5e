//! For whom a result is news: one result can be about several builds.
//!
//! The update itself is not among them. Whether one failed build fails its update is for the consumer to say.

use indexmap::IndexSet;

use super::key::{Key, Values, Variant, joined, kinds};
use crate::model::ExtraData;

/// The longest name of an update or a build, in bytes.
const LONGEST_NAME: usize = 1_024;

/// How results are spread over builds, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FanOut {
    /// Keys of the extra data that name builds.
    pub build_keys: Vec<String>,
    /// Types whose items are updates.
    pub update_types: Vec<String>,
    /// So many builds one result may name.
    pub max_builds: usize,
}

impl Default for FanOut {
    fn default() -> Self {
        Self {
            build_keys: vec!["builds".to_owned(), "nvrs".to_owned()],
            update_types: vec!["bodhi_update".to_owned()],
            max_builds: 10_000,
        }
    }
}

/// The update, or whatever else the result is about itself, on the way from which a build is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The type of the result.
    pub kind: Option<String>,
    /// Its items, joined by commas; `None` without one.
    pub item: Option<String>,
}

/// What one result is news for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// Each once, in the order given.
    pub keys: Vec<Key>,
    /// `None` where the result is announced for its own items.
    pub via: Option<Via>,
}

/// A result that names more builds than one may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a result may name at most {max} builds, and this one names {given}")]
pub struct TooManyBuilds {
    /// How many it names.
    pub given: usize,
    /// How many it may name.
    pub max: usize,
}

impl FanOut {
    /// The updates whose builds have to be known before [`fan_out`] can say for whom the result is news; none if it
    /// names builds itself.
    pub fn updates<'a>(&self, data: &'a ExtraData) -> &'a [String] {
        let of_update = |kind: &String| self.update_types.contains(kind);
        let asks = self.named_builds(data).is_empty() && data.values("type").iter().any(of_update);
        if asks { data.values("item") } else { &[] }
    }

    /// The builds that a result of one update names, each with the update.
    pub fn learnt<'a>(&self, data: &'a ExtraData) -> Vec<(&'a str, &'a str)> {
        // longer ones are no names, and no database could look them up
        let is_name = |text: &str| text.len() <= LONGEST_NAME;
        let is_of_update = data.values("type").iter().any(|kind| self.update_types.contains(kind));
        let [update] = data.values("item") else { return Vec::new() };
        if !is_of_update || update.is_empty() || !is_name(update) {
            return Vec::new();
        }
        self.named_builds(data).into_iter().filter(|nvr| is_name(nvr)).map(|nvr| (update.as_str(), nvr)).collect()
    }

    fn named_builds<'a>(&self, data: &'a ExtraData) -> IndexSet<&'a str> {
        let values = self.build_keys.iter().flat_map(|key| data.values(key));
        values.map(String::as_str).filter(|nvr| !nvr.is_empty()).collect()
    }
}

/// The keys for which a result is news, each once. `known_builds` are those of its updates ([`FanOut::updates`]).
///
/// The first that fits: builds that the result names; builds that its update is known to have; its own items. A result
/// without any of these is news for nobody, and goes to the full stream only.
///
/// # Errors
///
/// There are more builds than `max_builds`.
pub fn fan_out(
    rules: &FanOut,
    testcase: &str,
    data: &ExtraData,
    known_builds: &[String],
) -> Result<Spread, TooManyBuilds> {
    let mut builds = rules.named_builds(data);
    if builds.is_empty() && !rules.updates(data).is_empty() {
        builds = known_builds.iter().map(String::as_str).collect();
    }
    if builds.len() > rules.max_builds {
        return Err(TooManyBuilds { given: builds.len(), max: rules.max_builds });
    }
    let variant = Variant::of(data);
    let key = |kind: &Values, item: &str| Key {
        testcase: testcase.to_owned(),
        kind: kind.clone(),
        item: item.to_owned(),
        variant: variant.clone(),
    };
    let own = kinds(data);
    if builds.is_empty() {
        let items: IndexSet<_> = data.values("item").iter().collect();
        return Ok(Spread { keys: items.into_iter().map(|item| key(&own, item)).collect(), via: None });
    }
    let koji_build = Some(["koji_build".to_owned()].into());
    let via = Via { kind: joined(&own), item: data.get("item").map(|items| items.join(",")) };
    Ok(Spread { keys: builds.into_iter().map(|nvr| key(&koji_build, nvr)).collect(), via: Some(via) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(data: &[(&str, &str)], known: &[&str]) -> (Vec<String>, Option<Via>) {
        let data = data.iter().copied().collect();
        let known: Vec<_> = known.iter().map(ToString::to_string).collect();
        let Spread { keys, via } = fan_out(&FanOut::default(), "t", &data, &known).unwrap();
        let text = |key: &Key| format!("{} {}", key.kind_text().unwrap_or_default(), key.item);
        (keys.iter().map(text).collect(), via)
    }

    fn via(kind: &str, item: &str) -> Via {
        Via { kind: Some(kind.to_owned()), item: Some(item.to_owned()) }
    }

    #[test]
    fn named_builds_are_announced_once_each_and_not_the_update() {
        let data =
            [("type", "bodhi_update"), ("item", "U-1"), ("builds", "b-1-1"), ("builds", "a-1-1"), ("nvrs", "b-1-1")];
        let expected = vec!["koji_build b-1-1".to_owned(), "koji_build a-1-1".to_owned()];
        assert_eq!(spread(&data, &["c-1-1"]), (expected, Some(via("bodhi_update", "U-1"))));
    }

    #[test]
    fn the_builds_of_a_known_update_are_announced() {
        let data = [("type", "bodhi_update"), ("item", "U-1")];
        let expected = vec!["koji_build a-1-1".to_owned()];
        assert_eq!(spread(&data, &["a-1-1"]), (expected, Some(via("bodhi_update", "U-1"))));
        assert_eq!(spread(&data, &[]), (vec!["bodhi_update U-1".to_owned()], None));
    }

    #[test]
    fn what_is_no_update_has_no_known_builds() {
        let data = [("type", "brew-build"), ("item", "a-1-1")];
        assert_eq!(spread(&data, &["b-1-1"]), (vec!["koji_build a-1-1".to_owned()], None));
    }

    #[test]
    fn each_item_is_announced_with_the_own_type() {
        let data = [("type", "compose"), ("item", "x"), ("item", "y"), ("item", "x")];
        assert_eq!(spread(&data, &[]), (vec!["compose x".to_owned(), "compose y".to_owned()], None));
    }

    #[test]
    fn without_item_and_builds_it_is_news_for_nobody() {
        assert_eq!(spread(&[("type", "koji_build")], &["a-1-1"]), (Vec::new(), None));
    }

    #[test]
    fn one_build_too_many_is_refused_and_repetitions_do_not_count() {
        let rules = FanOut { max_builds: 2, ..FanOut::default() };
        let announced = |builds: &[&str]| {
            let data = builds.iter().map(|nvr| ("builds", *nvr)).collect();
            fan_out(&rules, "t", &data, &[]).map(|spread| spread.keys.len())
        };
        assert_eq!(announced(&["a", "b", "a"]), Ok(2));
        let refused = announced(&["a", "b", "c"]).unwrap_err();
        assert_eq!(refused.to_string(), "a result may name at most 2 builds, and this one names 3");
    }
}
