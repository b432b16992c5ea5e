//! Sources whose tests are not chosen by the general rule. Data, so that another distribution can have its own.

use crate::distribution::Distribution;
use crate::model::{NameId, SuiteId};

/// Where the general rule asks for too much or for too little.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialCases {
    /// Sources with this prefix ask only for tests of key packages, and those that are no compiler by number for none.
    pub compiler: Option<Compiler>,
    /// Kernels: the prefix of the sources, and that of the meta packages that bring them to users.
    pub kernel: Option<Kernel>,
    /// A source, and a binary that counts as one of its own.
    pub counts_as: Vec<(&'static str, &'static str)>,
    /// Architectures on which a source with architecture-independent binaries alone is not tested.
    pub not_for_all: Vec<&'static str>,
    /// Architectures on which nothing is tested.
    pub untested: Vec<&'static str>,
}

/// A compiler that everything depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// What the sources' names begin with; a number or `defaults` follows.
    pub prefix: &'static str,
    /// The sources that are tested.
    pub key_packages: Vec<&'static str>,
}

/// Kernels, which nothing depends on and everything runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// What the sources' names begin with. One that has a meta package asks for no test.
    pub prefix: &'static str,
    /// What the meta packages' names begin with instead.
    pub meta_prefix: &'static str,
    /// A binary that the meta packages count as bringing.
    pub brings: &'static str,
    /// The sources that are tested with a meta package, beside its kernel.
    pub key_packages: Vec<&'static str>,
}

/// What a special case makes of a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Treatment<'a> {
    /// The general rule, as if the source also had these binaries and as if these sources depended on it.
    General { binaries: Vec<&'a str>, sources: Vec<String> },
    /// These sources and no others.
    Only(&'a [&'static str]),
    /// No test.
    Nothing,
}

impl SpecialCases {
    /// Those of Ubuntu.
    pub fn ubuntu() -> Self {
        let key_packages = vec!["binutils", "fglrx-installer", "doxygen", "linux"];
        Self {
            compiler: Some(Compiler { prefix: "gcc-", key_packages }),
            kernel: Some(Kernel {
                prefix: "linux",
                meta_prefix: "linux-meta",
                brings: "dkms",
                key_packages: vec!["lxc", "lxd", "glibc", "systemd", "snapd"],
            }),
            counts_as: vec![("rust-coreutils", "coreutils")],
            not_for_all: vec!["i386"],
            untested: vec!["riscv64"],
        }
    }

    /// Whether a source is a kernel's meta package.
    pub(super) fn is_kernel_meta(&self, source: &str) -> bool {
        self.kernel.as_ref().is_some_and(|kernel| source.starts_with(kernel.meta_prefix))
    }

    /// What is made of a source.
    pub(super) fn treatment(&self, distribution: &Distribution, name: NameId) -> Treatment<'_> {
        let source = distribution.name(name);
        if let Some((compiler, rest)) =
            self.compiler.as_ref().and_then(|compiler| Some((compiler, source.strip_prefix(compiler.prefix)?)))
        {
            let numbered = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
            let treated = numbered || rest == "defaults";
            return if treated { Treatment::Only(&compiler.key_packages) } else { Treatment::Nothing };
        }
        let mut binaries: Vec<&str> =
            self.counts_as.iter().filter(|(of, _)| *of == source).map(|&(_, binary)| binary).collect();
        let mut sources = Vec::new();
        if let Some(kernel) = &self.kernel {
            if let Some(rest) = source.strip_prefix(kernel.meta_prefix) {
                binaries.push(kernel.brings);
                sources.extend(kernel.key_packages.iter().map(|&name| name.to_owned()));
                sources.push(format!("{}{rest}", kernel.prefix));
            } else if let Some(rest) = source.strip_prefix(kernel.prefix) {
                let meta = distribution.find_name(&format!("{}{rest}", kernel.meta_prefix));
                let has_meta = meta.is_some_and(|meta| {
                    let real = |suite| distribution.source(suite, meta).is_some_and(|source| !source.fake);
                    real(SuiteId::PRIMARY) || real(SuiteId::TARGET)
                });
                if has_meta {
                    return Treatment::Nothing;
                }
            }
        }
        Treatment::General { binaries, sources }
    }
}
