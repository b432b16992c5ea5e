//! Test results as an object store serves them: listings by prefix, and a tar for each run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidegate_testkit::{Answer, Web};

/// What is in a `result.tar`.
#[derive(Debug, Clone)]
pub(crate) struct ResultTar {
    entries: Vec<(String, Vec<u8>)>,
}

impl ResultTar {
    /// A run that ended so: `package` is `source version`, or empty where it ended too early.
    pub(crate) fn new(exit_code: i32, package: &str, triggers: &str) -> Self {
        let mut tar = Self { entries: Vec::new() }.with("exitcode", format!("{exit_code}\n"));
        if !package.is_empty() {
            tar = tar.with("testpkg-version", format!("{package}\n"));
        }
        if !triggers.is_empty() {
            let info = serde_json::json!({"custom_environment": ["A=b", format!("ADT_TEST_TRIGGERS={triggers}")]});
            tar = tar.with("testinfo.json", info.to_string());
        }
        tar
    }

    /// With a further file.
    pub(crate) fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.entries.push((path.to_owned(), content.into()));
        self
    }

    /// The bytes of the tar. Any path is written, also one that leads out of the folder.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in &self.entries {
            let mut header = tar::Header::new_ustar();
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, content.as_slice()).expect("memory can be written");
        }
        builder.into_inner().expect("memory can be written")
    }
}

/// The store. A container exists when something is in it.
#[derive(Clone)]
pub(crate) struct Swift {
    pub(crate) web: Web,
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Swift {
    /// An empty store.
    pub(crate) fn start() -> Self {
        let objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let served = Arc::clone(&objects);
        let web = Web::start(move |request| {
            let objects = served.lock().unwrap_or_else(PoisonError::into_inner);
            let (path, query) = (request.path.trim_start_matches('/'), &request.query);
            match objects.get(path) {
                Some(bytes) => Answer::ok(bytes.clone()),
                None if query.contains_key("prefix") => list(&objects, path.trim_end_matches('/'), query),
                None => Answer::status(404),
            }
        });
        Self { web, objects }
    }

    /// Makes the container of a series, with nothing that anybody asks for.
    pub(crate) fn make(&self, series: &str) {
        self.store(&format!("autopkgtest-{series}/of-nobody"), Vec::new());
    }

    /// Adds the result of a run of `source` on `arch`, in the series `testing`.
    pub(crate) fn put(&self, source: &str, arch: &str, run_id: &str, result: &ResultTar) {
        self.put_bytes(source, arch, run_id, result.bytes());
    }

    /// Adds something that is called a result.
    pub(crate) fn put_bytes(&self, source: &str, arch: &str, run_id: &str, bytes: Vec<u8>) {
        let shelf = if source.starts_with("lib") { &source[..4] } else { &source[..1] };
        self.store(&format!("autopkgtest-testing/testing/{arch}/{shelf}/{source}/{run_id}/result.tar"), bytes);
    }

    fn store(&self, path: &str, bytes: Vec<u8>) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), bytes);
    }
}

/// Paths up to the delimiter, once each, behind the marker.
fn list(objects: &BTreeMap<String, Vec<u8>>, container: &str, query: &BTreeMap<String, String>) -> Answer {
    let inside = format!("{container}/");
    let mut paths = objects.keys().filter_map(|path| path.strip_prefix(&inside)).peekable();
    if paths.peek().is_none() {
        return Answer::status(401);
    }
    let value = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
    let (prefix, marker, delimiter) = (value("prefix"), value("marker"), value("delimiter"));
    let mut lines: Vec<&str> = Vec::new();
    for path in paths.filter(|path| path.starts_with(prefix)) {
        let end = path[prefix.len()..].find(delimiter).map_or(path.len(), |at| prefix.len() + at + delimiter.len());
        if &path[..end] > marker && lines.last() != Some(&&path[..end]) {
            lines.push(&path[..end]);
        }
    }
    if lines.is_empty() {
        return Answer::status(204);
    }
    Answer::ok(lines.join("\n") + "\n")
}
