//! Packages that stand for what the archive doesn't hold: the file `faux-packages`.

use super::{Stanza, stanzas};
use crate::diagnostic::Diagnostic;

/// One faux package. It is a binary without a source of its own, in the target and in the primary source suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FauxPackage {
    /// `Package`.
    pub name: String,
    /// `Version`, by default 1.0-1.
    pub version: String,
    /// `Provides` as written, perhaps folded; empty if there is none.
    pub provides: String,
    /// `Architecture`: where it exists; none means everywhere.
    pub architectures: Option<Vec<String>>,
    /// `Component`, by default non-free.
    pub component: String,
    /// `Multi-Arch`, if there is one.
    pub multi_arch: Option<String>,
    /// 1-based line of its stanza.
    pub line: u32,
}

impl FauxPackage {
    /// Its section: `faux`, with the component in front unless that is `main`.
    pub fn section(&self) -> String {
        match self.component.as_str() {
            "main" => "faux".to_owned(),
            component => format!("{component}/faux"),
        }
    }

    /// Whether it exists on an architecture.
    pub fn is_on(&self, architecture: &str) -> bool {
        self.architectures.as_ref().is_none_or(|architectures| architectures.iter().any(|name| name == architecture))
    }
}

/// Reads the stanzas; one without a name is left out.
pub fn parse_faux_packages(text: &str, file: &str) -> (Vec<FauxPackage>, Vec<Diagnostic>) {
    let mut packages = Vec::new();
    let mut diagnostics = Vec::new();
    stanzas(text, file, &mut diagnostics, |stanza, diagnostics| match package(stanza) {
        Ok(package) => packages.push(package),
        Err(diagnostic) => diagnostics.push(diagnostic),
    });
    (packages, diagnostics)
}

fn package(stanza: &Stanza<'_, '_, '_>) -> Result<FauxPackage, Diagnostic> {
    let name = stanza.required("Package", "the name of the package")?;
    let or = |name: &str, default: &str| stanza.value(name).unwrap_or(default).to_owned();
    let architectures = stanza.value("Architecture").filter(|&value| value != "all" && value != "any");
    Ok(FauxPackage {
        name: name.to_owned(),
        version: or("Version", "1.0-1"),
        provides: or("Provides", ""),
        architectures: architectures.map(|value| value.split_whitespace().map(str::to_owned).collect()),
        component: or("Component", "non-free"),
        multi_arch: stanza.value("Multi-Arch").map(str::to_owned),
        line: stanza.place.line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_alone_is_a_package_everywhere() {
        let (packages, diagnostics) = parse_faux_packages("Package: driver\n", "faux-packages");
        assert_eq!(diagnostics, []);
        let expected = FauxPackage {
            name: "driver".to_owned(),
            version: "1.0-1".to_owned(),
            provides: String::new(),
            architectures: None,
            component: "non-free".to_owned(),
            multi_arch: None,
            line: 1,
        };
        assert_eq!(packages, [expected]);
        assert!(packages[0].is_on("amd64"));
        assert_eq!(packages[0].section(), "non-free/faux");
    }

    #[test]
    fn every_field_can_be_given() {
        let text = "# file\n\nPackage: libfoo\nVersion: 2\nProvides: foo (= 2),\n bar\nArchitecture: amd64 arm64\nComponent: main\nMulti-Arch: same\n";
        let (packages, _) = parse_faux_packages(text, "faux-packages");
        let package = &packages[0];
        assert_eq!((package.version.as_str(), package.line), ("2", 3));
        assert_eq!(package.provides, "foo (= 2),\n bar");
        assert!(package.is_on("arm64") && !package.is_on("i386"));
        assert_eq!(package.section(), "faux");
        assert_eq!(package.multi_arch.as_deref(), Some("same"));
    }

    #[test]
    fn a_stanza_without_a_name_is_left_out_and_said() {
        let (packages, diagnostics) = parse_faux_packages("Version: 2\n\nPackage: x\n", "faux-packages");
        assert_eq!(packages.len(), 1);
        assert_eq!(
            diagnostics[0].to_string(),
            "faux-packages:1:1: the stanza has no Package; add it: the name of the package"
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_faux_packages(&text, "faux-packages");
        }
    }
}
