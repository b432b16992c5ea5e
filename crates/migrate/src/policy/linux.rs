//! Does a kernel come with its meta package?
//!
//! `linux-hwe` and `linux-signed-hwe` are of use only with the `linux-meta-hwe` that makes systems install them.

use super::Opinion;
use crate::blockers::Code;
use crate::excuses::{Context, DependencyKind, Excuse, Hold, ItemKey};
use crate::model::{Scope, SuiteId, Verdict};

/// How the names of meta packages begin.
const META: &str = "linux-meta";

/// How the names of kernels begin; what follows is the flavour, which the meta package has too.
const KERNELS: [&str; 2] = ["linux-signed", "linux"];

/// The opinion on a kernel or meta package; none on anything else.
pub(super) fn judge(context: Context<'_>, excuse: &Excuse) -> Option<Opinion> {
    let Context { distribution, .. } = context;
    let name = distribution.name(excuse.item.name);
    if flavour(name, META).is_some() {
        return Some(Opinion::default());
    }
    let flavour = KERNELS.iter().find_map(|kernel| flavour(name, kernel))?;
    let meta_name = format!("{META}{flavour}");
    let meta = distribution.find_name(&meta_name)?;
    let version = |suite| distribution.source(suite, meta).filter(|source| !source.fake).map(|source| source.version);
    let (coming, there) = (version(SuiteId::PRIMARY), version(SuiteId::TARGET));
    coming.or(there)?;
    let mut opinion = Opinion::default();
    if coming.is_some() && coming != there {
        let item = ItemKey { name: meta, scope: Scope::Source, suite: SuiteId::PRIMARY };
        opinion.notes.push(format!("It moves with {meta_name}."));
        opinion.dependencies.push((DependencyKind::Linux, vec![item]));
    } else {
        opinion.holds.push(Hold {
            code: Code::PolicyLinux,
            verdict: Verdict::RejectedTemporarily,
            reason: Some("linux"),
            about: meta_name.clone(),
            text: format!("It waits for a new version of {meta_name}."),
            until: None,
        });
    }
    Some(opinion)
}

/// What follows the beginning of a name: nothing, or a part with its hyphen.
fn flavour<'a>(name: &'a str, beginning: &str) -> Option<&'a str> {
    name.strip_prefix(beginning).filter(|flavour| flavour.is_empty() || flavour.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flavour_begins_with_a_hyphen() {
        assert_eq!(flavour("linux", "linux"), Some(""));
        assert_eq!(flavour("linux-hwe-6.8", "linux"), Some("-hwe-6.8"));
        assert_eq!(flavour("linuxdoc-tools", "linux"), None);
        assert_eq!(flavour("linux-signed-aws", "linux-signed"), Some("-aws"));
    }
}
