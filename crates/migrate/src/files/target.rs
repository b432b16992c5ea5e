//! The indices of a new target, cut out of those that were read.

use tidegate_archive::index;

use super::{FileError, RunOptions, inputs};
use crate::compat::britney::config::Config;
use crate::load::LoadError;
use crate::session::Session;
use crate::target::Target;

/// `Sources` and `Packages_ARCH` of the new target, by file name.
///
/// The indices are read once more: a run does not keep their texts.
///
/// # Errors
/// They cannot be read any more.
pub fn target_indices(config: &Config, session: &Session, target: &Target) -> Result<Vec<(String, String)>, FileError> {
    let inputs = inputs(config.clone(), &RunOptions::default())?;
    let distribution = &session.distribution;
    let mut sources = String::new();
    let mut packages = vec![String::new(); inputs.architectures.len()];
    let mut taken = std::collections::BTreeSet::new();
    for suite in &inputs.suites {
        for file in &suite.sources {
            let damaged = |error| LoadError::Index { file: file.path.clone(), error: Box::new(error) };
            let stanzas = index::sources(&file.text).collect::<Result<Vec<_>, _>>().map_err(damaged)?;
            let ends = ends(stanzas.iter().map(|stanza| stanza.offset), file.text.len());
            for (stanza, end) in stanzas.iter().zip(ends) {
                let held = distribution.find_name(stanza.name).and_then(|name| target.source(name));
                let version = held.map(|id| distribution.text(distribution.sources[id.index()].version));
                if version == Some(stanza.version) && taken.insert((None, stanza.name)) {
                    push(&mut sources, &file.text[stanza.offset..end]);
                }
            }
        }
        for (number, files) in suite.packages.iter().enumerate() {
            let arch = crate::model::ArchId::at(number);
            for file in files {
                let damaged = |error| LoadError::Index { file: file.path.clone(), error: Box::new(error) };
                let stanzas = index::packages(&file.text).collect::<Result<Vec<_>, _>>().map_err(damaged)?;
                let ends = ends(stanzas.iter().map(|stanza| stanza.offset), file.text.len());
                for (stanza, end) in stanzas.iter().zip(ends) {
                    let held = distribution.find_name(stanza.name).and_then(|name| target.entry(arch, name));
                    let version = held.map(|id| distribution.text(distribution.entry_binary(arch, id).version));
                    if version == Some(stanza.version) && taken.insert((Some(arch), stanza.name)) {
                        push(&mut packages[number], &file.text[stanza.offset..end]);
                    }
                }
            }
        }
    }
    let mut files = vec![("Sources".to_owned(), sources)];
    files.extend(inputs.architectures.iter().zip(packages).map(|(arch, text)| (format!("Packages_{arch}"), text)));
    Ok(files)
}

/// Where each stanza ends: where the next one begins.
fn ends(starts: impl Iterator<Item = usize>, len: usize) -> Vec<usize> {
    let mut ends: Vec<usize> = starts.skip(1).collect();
    ends.push(len);
    ends
}

fn push(index: &mut String, stanza: &str) {
    index.push_str(stanza.trim_end());
    index.push_str("\n\n");
}
