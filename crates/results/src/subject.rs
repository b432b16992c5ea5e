//! What was tested, as the trail names it.

use tidegate_kernel::{Subject, SubjectKind};

use crate::announce::key::shared_name;

/// What the trail calls an item of that type.
pub fn of(kind: &str, item: &str) -> Option<Subject> {
    let (kind, id) = match shared_name(kind) {
        "koji_build" => (SubjectKind::Build, item.to_owned()),
        "bodhi_update" => (SubjectKind::Update, item.to_owned()),
        "compose" => (SubjectKind::Compose, item.to_owned()),
        "artifact" => (SubjectKind::Artifact, item.to_owned()),
        other => (SubjectKind::Item, format!("{other}/{item}")),
    };
    Subject::new(kind, id).to_string().parse().ok()
}

/// The type and the item of results about it; `None` where there can be none.
pub fn named(subject: &Subject) -> Option<(&str, &str)> {
    let kind = match subject.kind() {
        SubjectKind::Build => "koji_build",
        SubjectKind::Update => "bodhi_update",
        SubjectKind::Compose => "compose",
        SubjectKind::Artifact => "artifact",
        SubjectKind::Item => return subject.id().split_once('/'),
        SubjectKind::Pr | SubjectKind::Commit | SubjectKind::Source | SubjectKind::Package | SubjectKind::Event => {
            return None;
        }
    };
    Some((kind, subject.id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_item_and_back() {
        for (kind, item, text) in [
            ("koji_build", "a-1-1", "build:a-1-1"),
            ("bodhi_update", "FEDORA-2026-1", "update:FEDORA-2026-1"),
            ("compose", "Fedora-43-20260101.n.0", "compose:Fedora-43-20260101.n.0"),
            ("redhat-module", "a:b:1:2", "item:redhat-module/a:b:1:2"),
            ("url", "a/b/c", "item:url/a/b/c"),
        ] {
            let subject = of(kind, item).unwrap();
            assert_eq!((&*subject.to_string(), named(&subject)), (text, Some((kind, item))));
        }
        assert_eq!(of("brew-build", "a-1-1"), of("koji_build", "a-1-1"));
        assert_eq!(of("koji_build", "a\nb"), None);
        assert_eq!(named(&"pr:acme/web#1".parse().unwrap()), None);
    }
}
