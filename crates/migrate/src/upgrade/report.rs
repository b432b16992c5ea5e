//! The account of an upgrade, line by line, in the forms of `update_output.txt`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Ground, Uninstallable};
use crate::model::{ArchId, NameId};

/// The growing account.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
}

impl Report {
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(crate) fn lines<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        for line in lines {
            self.line(line);
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// `    all: items`, or the last twenty if there are more.
    pub(crate) fn selected(&mut self, selected: &[String]) {
        if selected.len() <= 20 {
            self.text.push_str("   all:");
            for name in selected {
                self.text.push(' ');
                self.text.push_str(name);
            }
        } else {
            let _ = write!(self.text, "  most: ({}) ..", selected.len());
            for name in &selected[selected.len() - 20..] {
                self.text.push(' ');
                self.text.push_str(name);
            }
        }
        self.text.push('\n');
    }

    /// `    * ARCH: names` for every architecture with names.
    pub(crate) fn broken(&mut self, ground: Ground<'_>, arch: ArchId, names: &BTreeSet<NameId>) {
        if names.is_empty() {
            return;
        }
        let mut texts: Vec<&str> = names.iter().map(|&name| ground.distribution.name(name)).collect();
        texts.sort_unstable();
        let line = format!("    * {}: {}", ground.distribution.arch_name(arch), texts.join(", "));
        self.line(&line);
    }
}

/// The counts, as `0+0: a-0:i-3`: those of ordinary architectures, those of architectures that may break, each.
pub(crate) fn counts(ground: Ground<'_>, uninstallable: &Uninstallable) -> String {
    let (mut ordinary, mut breaking) = (0, 0);
    let mut each = Vec::new();
    for arch in ground.distribution.arch_ids() {
        let count = uninstallable.ports[arch.index()].len();
        if ground.rules.port(arch).may_break {
            breaking += count;
        } else {
            ordinary += count;
        }
        let initial = ground.distribution.arch_name(arch).chars().next().unwrap_or('?');
        each.push(format!("{initial}-{count}"));
    }
    format!("{ordinary}+{breaking}: {}", each.join(":"))
}
