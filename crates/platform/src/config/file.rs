//! Finds the file, reads it, and lays the environment over it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tidegate_kernel::{Classified, ErrorClass};
use toml::de::DeTable;

use super::issue::Issue;
use super::tree::{self, Entry, Node, Origin, Places, Value};
use crate::secret::Secret;

/// The environment of the process, handed in.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// What a configuration is read from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    pub(super) tree: Node,
    pub(super) folder: PathBuf,
    /// What is no TOML.
    pub(super) issues: Vec<Issue>,
}

/// The file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}", path = path.display())]
pub struct FileError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub error: std::io::Error,
}

impl Classified for FileError {
    fn class(&self) -> ErrorClass {
        ErrorClass::Mistake
    }
}

const PREFIX: &str = "TIDEGATE_";
/// Keys that stand above all tables.
const TOP: [&str; 1] = ["data_dir"];
/// A secret is shorter than this.
const LONGEST_SECRET: u64 = 64 * 1024;

impl Environment {
    /// The environment that this process has. Variables that are no UTF-8 are left out.
    pub fn of_process() -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(utf8).collect())
    }

    /// Those variables and no others.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A variable; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where data lies if nobody says so: systemd's state directory, else below the user's home.
    pub fn data_dir(&self) -> PathBuf {
        let of_systemd = self.get("STATE_DIRECTORY").and_then(|list| list.split(':').next()).map(PathBuf::from);
        let of_user = || self.get("XDG_DATA_HOME").map(|home| Path::new(home).join("tidegate"));
        let of_home = || self.get("HOME").map(|home| Path::new(home).join(".local/share/tidegate"));
        of_systemd.or_else(of_user).or_else(of_home).unwrap_or_else(|| PathBuf::from("tidegate-data"))
    }
}

impl Sources {
    /// The file that was asked for, or the first that is there: `TIDEGATE_CONFIG`, `./tidegate.toml`,
    /// `/etc/tidegate/tidegate.toml`; or none. The environment lies on top.
    ///
    /// # Errors
    ///
    /// A file that was asked for, or that is there, cannot be read.
    pub fn find(asked: Option<&Path>, environment: &Environment) -> Result<Self, FileError> {
        let named = asked.map(Path::to_owned).or_else(|| environment.get("TIDEGATE_CONFIG").map(PathBuf::from));
        let usual = || {
            let usual = ["tidegate.toml", "/etc/tidegate/tidegate.toml"].map(PathBuf::from);
            usual.into_iter().find(|path| path.exists())
        };
        let file = named.or_else(usual);
        let mut sources = match &file {
            None => Self::of_text("", ""),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| FileError { path: path.clone(), error })?;
                let mut sources = Self::of_text(&path.display().to_string(), &text);
                sources.folder = path.parent().map(Path::to_owned).unwrap_or_default();
                sources
            }
        };
        sources.file = file;
        Ok(sources.with(environment))
    }

    /// A text as if it were that file.
    pub fn of_text(file: &str, text: &str) -> Self {
        let places = Places::new(file, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        let tree = tree::of_table(document.get_ref(), Origin::Default, &|span| places.at(span));
        let issues = errors.iter().map(|error| {
            let at = places.at(&error.span().unwrap_or(0..0));
            Issue { at, text: error.message().lines().next().unwrap_or("not TOML").to_owned() }
        });
        Self { file: None, tree, folder: PathBuf::new(), issues: issues.collect() }
    }

    /// With the variables `TIDEGATE_<TABLE>__<KEY>` on top.
    #[must_use]
    pub fn with(mut self, environment: &Environment) -> Self {
        for (name, raw) in &environment.0 {
            let Some(path) = name.strip_prefix(PREFIX) else { continue };
            let path = path.to_ascii_lowercase();
            if path.contains("__") || TOP.contains(&path.as_str()) {
                let words: Vec<_> = path.split("__").collect();
                lay(&mut self.tree, &words, name, raw);
            }
        }
        self
    }
}

/// Puts a variable where its words lead.
fn lay(node: &mut Node, words: &[&str], name: &str, raw: &str) {
    let origin = Origin::Environment(name.to_owned());
    let Value::Table(entries) = &mut node.value else { return };
    match words {
        [] => {}
        [key] => {
            // a secret from the environment stands for the file that the configuration names
            entries.remove(&format!("{key}_file"));
            entries.insert((*key).to_owned(), Entry { at: origin, node: tree::of_variable(name, raw) });
        }
        [key, rest @ ..] => {
            let new = || Entry { at: origin.clone(), node: Node::table(origin.clone()) };
            lay(&mut entries.entry((*key).to_owned()).or_insert_with(new).node, rest, name, raw);
        }
    }
}

/// A secret that lies in a file of its own, without the newline at its end.
pub(super) fn secret(path: &Path) -> Result<Secret, String> {
    let named = |problem: String| format!("{}: {problem}", path.display());
    let about = std::fs::metadata(path).map_err(|error| named(error.to_string()))?;
    let mode = about.permissions().mode() & 0o777;
    if mode & !0o640 != 0 {
        return Err(named(format!("others may read this secret, as its mode is {mode:04o}: expected at most 0640")));
    }
    if about.len() > LONGEST_SECRET {
        return Err(named("a file of this size is no secret: expected at most 64KiB".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() { Err(named("the file is empty".to_owned())) } else { Ok(Secret::new(text)) }
}
