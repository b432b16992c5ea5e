//! The order of versions: total, and the one that another implementation has.

use std::cmp::Ordering;

use proptest::prelude::*;
use tidegate_archive::version::{check, compare};

/// Short texts of few characters, so that two of them have much in common: mostly no valid versions.
pub(crate) fn any_version() -> impl Strategy<Value = String> {
    prop_oneof!["[0-2a-b.+~:-]{0,8}", "[0-9A-Za-z.+~:_ é-]{0,12}", valid_version()]
}

pub(crate) fn valid_version() -> impl Strategy<Value = String> {
    "([0-2]:)?[0-2]{1,2}([.+~-]?[0-2a-b~]{0,3}){0,3}(-[0-2a-b.+~]{1,3})?"
        .prop_filter("valid versions only", |version| check(version).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_total(a in any_version(), b in any_version(), c in any_version()) {
        prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        let mut sorted = [a.as_str(), b.as_str(), c.as_str()];
        sorted.sort_by(|left, right| compare(left, right));
        let [first, middle, last] = sorted;
        // Transitive: the outer two relate as the inner steps say.
        let steps = compare(first, middle).then(compare(middle, last));
        prop_assert_eq!(compare(first, last), steps, "{:?}", sorted);
    }

    #[test]
    fn any_two_texts_compare(a in any::<String>(), b in any::<String>()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        let _ = check(&a);
    }

    /// Without zeros that stand alone: debversion 0.5 takes `1.` for earlier than `1.0`, where dpkg has them equal.
    #[test]
    fn agrees_with_debversion(a in valid_version(), b in valid_version()) {
        let [a, b] = [a, b].map(|version| version.replace('0', "3"));
        let parsed = |version: &str| version.parse::<debversion::Version>();
        let (left, right) = (parsed(&a).expect("valid"), parsed(&b).expect("valid"));
        prop_assert_eq!(compare(&a, &b), left.cmp(&right));
    }
}
