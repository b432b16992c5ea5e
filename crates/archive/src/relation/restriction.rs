//! Whether a relation counts at all: on this architecture, with these build profiles.

/// Whether the list between `[` and `]` admits an architecture; an empty list admits all.
///
/// `!` before an entry excludes. A list of exclusions only admits the rest; otherwise an entry without `!` has to match. Entries
/// are names or wildcards (`any`, `linux-any`, `any-amd64`), and match as in dpkg.
pub fn architecture_matches(list: &str, architecture: &str) -> bool {
    let mut admitted = None;
    for entry in words(list) {
        match entry.strip_prefix('!') {
            Some(excluded) if entry_matches(excluded, architecture) => return false,
            Some(_) => {}
            None => {
                let matches = entry_matches(entry, architecture);
                admitted = Some(admitted.unwrap_or(false) || matches);
            }
        }
    }
    admitted.unwrap_or(true)
}

/// Whether restriction formulas hold with these build profiles active; no formula always holds.
///
/// `<a !b> <c>` means (a and not b) or c.
pub fn profiles_match(formulas: &str, active: &[&str]) -> bool {
    let mut formulas =
        formulas.split('<').skip(1).map(|formula| formula.split('>').next().unwrap_or_default()).peekable();
    formulas.peek().is_none()
        || formulas.any(|formula| {
            words(formula).all(|term| match term.strip_prefix('!') {
                Some(profile) => !active.contains(&profile),
                None => active.contains(&term),
            })
        })
}

/// The words of a list that may be folded, without the comment lines that may be in it.
fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split('\n')
        .enumerate()
        .filter(|&(index, line)| index == 0 || !line.starts_with('#'))
        .flat_map(|(_, line)| line.split_ascii_whitespace())
}

fn entry_matches(entry: &str, architecture: &str) -> bool {
    if entry == architecture || entry == "any" {
        return true;
    }
    // `all` and `source` are on no system: no narrower wildcard means them.
    if !entry.contains('-') || matches!(architecture, "all" | "source") {
        return false;
    }
    if !entry.split('-').any(|part| part == "any") {
        return entry.strip_prefix("linux-") == Some(architecture);
    }
    let own = parts(architecture);
    let mut wanted = entry.rsplit('-');
    let matches = own.into_iter().zip(&mut wanted).all(|(own, wanted)| wanted == "any" || wanted == own);
    matches && wanted.next().is_none()
}

/// The processor, system and C library that an architecture's name stands for.
///
/// A name without a hyphen is a processor's, on Linux with the GNU library. A few name a processor together with a way to call
/// functions on it. What they stand for: dpkg-architecture(1), `--list` with `--match-wildcard any-arm` and so on.
fn parts(architecture: &str) -> [&str; 3] {
    let mut parts = architecture.rsplit('-');
    let cpu = match parts.next().unwrap_or_default() {
        "armel" | "armhf" => "arm",
        "arm64ilp32" => "arm64",
        "mipsn32" => "mips64",
        "mipsn32el" => "mips64el",
        "mipsn32r6" => "mips64r6",
        "mipsn32r6el" => "mips64r6el",
        "powerpcspe" => "powerpc",
        "x32" => "amd64",
        name => name,
    };
    let os = parts.next().unwrap_or("linux");
    [cpu, os, parts.next().unwrap_or("gnu")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_architectures() {
        for (list, admitted, refused) in [
            ("", vec!["amd64", "hurd-amd64"], vec![]),
            ("amd64 arm64", vec!["amd64", "arm64"], vec!["i386"]),
            ("!amd64 !arm64", vec!["i386"], vec!["amd64", "arm64"]),
            ("linux-any", vec!["amd64", "armhf", "musl-linux-amd64"], vec!["hurd-amd64", "all", "source"]),
            ("any-amd64", vec!["amd64", "hurd-amd64", "x32"], vec!["arm64", "hurd-i386"]),
            ("any-arm", vec!["armel", "armhf"], vec!["arm64"]),
            ("any", vec!["amd64", "hurd-i386", "all"], vec![]),
            ("any-any", vec!["amd64", "hurd-i386"], vec!["all"]),
            ("kfreebsd-any hurd-any", vec!["kfreebsd-amd64", "hurd-i386"], vec!["amd64"]),
            ("!hurd-any", vec!["amd64"], vec!["hurd-amd64"]),
            ("linux-amd64", vec!["amd64"], vec!["arm64"]),
            ("gnu-linux-any musl-any-any", vec!["amd64", "musl-linux-amd64"], vec!["hurd-amd64", "uclibc-linux-amd64"]),
            ("linux-any !arm64", vec!["amd64"], vec!["arm64", "hurd-amd64"]),
            ("amd64\n# not yet: arm64\n i386", vec!["amd64", "i386"], vec!["arm64"]),
            ("a-b-c-any any-linux", vec![], vec!["amd64", "c-any"]),
        ] {
            for architecture in admitted {
                assert!(architecture_matches(list, architecture), "[{list}] {architecture}");
            }
            for architecture in refused {
                assert!(!architecture_matches(list, architecture), "[{list}] {architecture}");
            }
        }
    }

    #[test]
    fn restriction_formulas() {
        for (formulas, active, holds) in [
            ("", &[][..], true),
            ("<!nocheck>", &[], true),
            ("<!nocheck>", &["nocheck"], false),
            ("<stage1>", &[], false),
            ("<stage1 cross>", &["cross"], false),
            ("<stage1 cross>", &["cross", "stage1"], true),
            ("<!nocheck> <a b>", &["nocheck", "a"], false),
            ("<!nocheck><a b>", &["nocheck", "a", "b"], true),
            ("<!stage1 !nocheck>", &[], true),
            ("<!stage1 !nocheck>", &["nocheck"], false),
        ] {
            assert_eq!(profiles_match(formulas, active), holds, "{formulas} {active:?}");
        }
    }
}
