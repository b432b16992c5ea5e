//! Results in containers of an object store: a listing for each source and architecture, a tar for each run.

use std::collections::BTreeSet;
use std::io::Read as _;

use reqwest::Url;
use tidegate_archive::compression::{Compression, decompress_owned};

use super::found::{Found, LONGEST_WORD, RawRun};
use super::http::{Http, HttpError};
use super::results::Pair;
use super::shown;
use crate::compat::britney::state::time_of_run;
use crate::policy::autopkgtest::results::FoundRun;
use crate::policy::autopkgtest::shelf;

/// No listing is larger: a server sends at most ten thousand lines at once.
const LARGEST_LISTING: usize = 16 << 20;

/// A page with as many lines has another one behind it.
const PAGE: usize = 10_000;

/// So many runs of one source on one architecture nobody has.
const MOST_PAGES: usize = 100;

/// No `result.tar` is larger, as it comes and when it is unpacked.
const LARGEST_TAR: usize = 32 << 20;

/// So many files no `result.tar` has.
const MOST_ENTRIES: usize = 10_000;

/// No file that is read of it is larger.
const LARGEST_ENTRY: u64 = 1 << 20;

/// A container of results.
#[derive(Debug, Clone)]
pub(super) struct Swift {
    http: Http,
    base: Url,
    series: String,
}

impl Swift {
    /// The container of a series, or of the last of the archives that tests use besides.
    pub(super) fn new(http: Http, base: &Url, series: &str, ppas: &[String]) -> Self {
        let of_ppa = ppas.last().map(|ppa| format!("-{}", ppa.replace('/', "-"))).unwrap_or_default();
        let base = below(base, [format!("autopkgtest-{series}{of_ppa}").as_str()]);
        Self { http, base, series: series.to_owned() }
    }

    /// The runs that are newer than those that are known.
    pub(super) async fn look(&self, pair: &Pair) -> Result<Found, HttpError> {
        let mut found = Found::default();
        for path in self.list(pair).await? {
            let Some(run_id) = path.rsplit('/').next().filter(|id| !pair.known.contains(*id)) else { continue };
            let url = below(&self.base, path.split('/').chain(["result.tar"]));
            let (status, body) = self.http.get(&url, &[200, 404], LARGEST_TAR).await?;
            let read = if status == 404 { Err("it is not there".to_owned()) } else { read(body, pair, run_id) };
            match read {
                Ok(run) => found.runs.extend(run),
                Err(why) => found.warnings.push(format!("{}: {why}; the result does not count", shown(&url))),
            }
        }
        Ok(found)
    }

    /// The paths of runs, the oldest first.
    async fn list(&self, pair: &Pair) -> Result<BTreeSet<String>, HttpError> {
        let prefix = format!("{}/{}/{}/{}/", self.series, pair.arch, shelf(&pair.source), pair.source);
        let mut marker = pair.newest.as_ref().map(|newest| format!("{prefix}{newest}"));
        let mut paths = BTreeSet::new();
        for _ in 0..MOST_PAGES {
            let mut url = below(&self.base, [""]);
            url.query_pairs_mut().append_pair("delimiter", "@").append_pair("prefix", &prefix);
            if let Some(marker) = &marker {
                url.query_pairs_mut().append_pair("marker", marker);
            }
            // 401: nobody has made the container yet. 204: it has nothing of the kind.
            let (status, body) = self.http.get(&url, &[200, 204, 401], LARGEST_LISTING).await?;
            if status != 200 {
                break;
            }
            let text = String::from_utf8_lossy(&body);
            let lines = || text.lines().map(str::trim);
            let is_run = |line: &&str| line.strip_prefix(&prefix).is_some_and(is_run_id);
            paths.extend(lines().filter(is_run).map(str::to_owned));
            let last = lines().next_back().map(str::to_owned);
            let goes_on = lines().count() >= PAGE && last > marker;
            if !goes_on {
                break;
            }
            marker = last;
        }
        Ok(paths)
    }
}

/// Whether it is the last part of a run's path. What else stands in a listing leads nowhere.
fn is_run_id(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_@-.".contains(&byte);
    word.len() <= LONGEST_WORD && word.ends_with('@') && time_of_run(word).is_some() && word.bytes().all(fits)
}

/// A URL with further parts; each is encoded, and `..` leads nowhere.
fn below<'a>(base: &Url, parts: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// The run that a `result.tar` tells of. Nothing is written anywhere: whatever paths are in it, only three names are read.
fn read(body: Vec<u8>, pair: &Pair, run_id: &str) -> Result<Option<FoundRun>, String> {
    let body = if body.starts_with(&[0x1f, 0x8b]) {
        decompress_owned(Compression::Gzip, body, LARGEST_TAR as u64).map_err(|error| error.to_string())?
    } else {
        body
    };
    let [mut exit_code, mut version, mut info] = [const { None }; 3];
    let damaged = |error: std::io::Error| format!("the tar is damaged: {error}");
    let mut archive = tar::Archive::new(body.as_slice());
    for entry in archive.entries().map_err(damaged)?.take(MOST_ENTRIES) {
        let entry = entry.map_err(damaged)?;
        let path = entry.path_bytes();
        let place = match path.strip_prefix(b"./").unwrap_or(&path) {
            b"exitcode" => &mut exit_code,
            b"testpkg-version" => &mut version,
            b"testinfo.json" => &mut info,
            _ => continue,
        };
        let mut text = String::new();
        let size = entry.take(LARGEST_ENTRY + 1).read_to_string(&mut text).map_err(damaged)?;
        if size as u64 > LARGEST_ENTRY {
            return Err("a file in the tar is absurdly large".to_owned());
        }
        place.get_or_insert(text);
    }
    let exit_code = exit_code.ok_or("the tar has no exitcode")?;
    let exit_code = exit_code.trim().parse().map_err(|_| "its exitcode is no number")?;
    let version = match version.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let (source, version) = text.split_once(' ').ok_or("its testpkg-version is no source and version")?;
            if source != pair.source {
                return Err(format!("it is a result of {}", crate::diagnostic::quote(source)));
            }
            Some(version)
        }
    };
    let triggers = info.as_deref().map(triggers).transpose()?.unwrap_or_default();
    RawRun { source: &pair.source, arch: &pair.arch, run_id, exit_code, version, triggers: &triggers }.read()
}

/// What the environment of the test says of triggers.
fn triggers(info: &str) -> Result<String, String> {
    let info: serde_json::Value =
        serde_json::from_str(info).map_err(|error| format!("its testinfo.json is no JSON: {error}"))?;
    let variables = info["custom_environment"].as_array().into_iter().flatten();
    let triggers = variables.filter_map(|line| line.as_str()?.strip_prefix("ADT_TEST_TRIGGERS="));
    Ok(triggers.collect::<Vec<_>>().join(" "))
}
