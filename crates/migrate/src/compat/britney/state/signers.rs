//! Who signed the upload of a binary: `signers.json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Versions, json};
use crate::diagnostic::{Diagnostic, Place, quote};

/// Who signed an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whether that is a build daemon.
    pub buildd: bool,
    /// Name or address; empty if the file has none.
    pub uid: String,
}

/// The signers of each version of each binary, by architecture (`all` for architecture-independent ones).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signers {
    versions: Versions<BTreeMap<String, Signer>>,
}

impl Signers {
    /// Who signed a binary's upload, if that is known.
    pub fn get(&self, binary: &str, version: &str, arch: &str) -> Option<&Signer> {
        self.versions.get(binary)?.get(version)?.get(arch)
    }
}

/// Reads `{binary: {version: {arch: {"buildd": bool, "uid": text}}}}`. A signer that cannot be read is unknown.
///
/// # Errors
/// The text is no JSON object.
pub fn parse_signers(text: &str, file: &str) -> Result<(Signers, Vec<Diagnostic>), Diagnostic> {
    let mut signers = Signers::default();
    let mut diagnostics = Vec::new();
    for (binary, versions) in json::object(text, file)? {
        let mut odd = !versions.is_object();
        for (version, archs) in versions.as_object().into_iter().flatten() {
            odd |= !archs.is_object();
            for (arch, signer) in archs.as_object().into_iter().flatten() {
                let Some(buildd) = signer.get("buildd").and_then(Value::as_bool) else {
                    odd |= !signer.is_null();
                    continue;
                };
                let uid = signer.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
                let versions = signers.versions.entry(binary.clone()).or_default();
                versions.entry(version.clone()).or_default().insert(arch.clone(), Signer { buildd, uid });
            }
        }
        if odd {
            let expected = r#"{version: {arch: {"buildd": true or false, "uid": text}}}"#;
            let message = format!("signers of {} are unknown; expected {expected}", quote(&binary));
            diagnostics.push(Place { file, line: 1, column: 1 }.warning("state-malformed", message));
        }
    }
    Ok((signers, diagnostics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_signer_is_known_by_binary_version_and_architecture() {
        let text = r#"{"foo": {"1": {"amd64": {"buildd": true, "uid": "x"}, "all": {"buildd": false}, "i386": null}}}"#;
        let (signers, odd) = parse_signers(text, "signers.json").unwrap();
        assert_eq!(odd, []);
        assert_eq!(signers.get("foo", "1", "amd64"), Some(&Signer { buildd: true, uid: "x".to_owned() }));
        assert_eq!(signers.get("foo", "1", "all").map(|signer| signer.buildd), Some(false));
        assert_eq!([signers.get("foo", "1", "i386"), signers.get("foo", "2", "amd64")], [None, None]);
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_said() {
        let text = r#"{"foo": {"1": {"amd64": {"buildd": "yes"}}}, "bar": 1, "baz": {"1": {}}}"#;
        let (signers, odd) = parse_signers(text, "signers.json").unwrap();
        assert_eq!((signers, odd.len()), (Signers::default(), 2));
        assert!(parse_signers("{", "signers.json").is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_signers(&text, "signers.json");
        }
    }
}
