//! Results in a database of `SQLite`, `autopkgtest.db`.
//!
//! One that lies on this machine without a checksum is read where it is. Any other is copied first: compared with its
//! checksum, kept beside it, and fetched again only when the checksum is another one.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use reqwest::Url;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::NamedTempFile;
use tidegate_platform::step;

use super::found::{Found, RawRun};
use super::http::{Http, Patience, Sink as _};
use super::results::{Pair, parse};
use super::{FeedError, shown};
use crate::compat::britney::config::Location;
use crate::files;

/// The name under which a fetched database is kept.
pub(super) const NAME: &str = "autopkgtest.db";

/// Ubuntu's has a quarter of that.
const LARGEST: u64 = 64 << 30;

/// So many runs of one source on one architecture nobody has.
const MOST_RUNS: i64 = 100_000;

const RUNS: &str = "\
    SELECT run_id, CAST(version AS TEXT), CAST(triggers AS TEXT), CAST(exitcode AS INTEGER) \
    FROM result JOIN test ON result.test_id = test.id \
    WHERE test.release = ? AND test.arch = ? AND test.package = ? AND run_id > ? \
      AND length(run_id) <= 1024 AND length(triggers) <= 1000000 AND ifnull(length(version), 0) <= 1024 \
    ORDER BY run_id LIMIT ?";

/// A database that can be asked.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    place: String,
    /// A copy that goes with the run.
    _copy: Option<NamedTempFile>,
}

impl Database {
    /// Finds the database, and fetches it if there is a newer one. Without a place to keep it at, a copy is dropped.
    ///
    /// # Errors
    /// There is none that is whole.
    pub(super) async fn fetch(place: &Location, keep: Option<&Path>) -> Result<Self, FeedError> {
        let origin = Origin::of(place)?;
        let checksum = origin.checksum().await?;
        if let (Location::File(path), None) = (place, &checksum) {
            return Ok(Self { path: path.clone(), place: origin.shown(), _copy: None });
        }
        let kept = keep.map(|path| Kept { path: path.to_owned(), sum: sum_beside(path) });
        if let Some(kept) = kept.as_ref().filter(|kept| checksum.is_some() && kept.checksum() == checksum) {
            return Ok(Self { path: kept.path.clone(), place: origin.shown(), _copy: None });
        }
        let mut copy = keep
            .map_or_else(NamedTempFile::new, files::beside)
            .map_err(|error| origin.unusable(format!("no room for a copy: {error}")))?;
        for _ in 0..2 {
            origin.copy(copy.as_file_mut()).await?;
            let is_whole = match &checksum {
                None => true,
                Some(expected) => *expected == sum(copy.path()).map_err(|error| origin.unusable(error.to_string()))?,
            };
            match (&kept, is_whole) {
                (_, false) => {}
                (None, true) => {
                    let path = copy.path().to_owned();
                    return Ok(Self { path, place: origin.shown(), _copy: Some(copy) });
                }
                (Some(kept), true) => {
                    let put = kept.put(copy, checksum.as_deref());
                    put.map_err(|error| origin.unusable(format!("cannot be kept: {error}")))?;
                    return Ok(Self { path: kept.path.clone(), place: origin.shown(), _copy: None });
                }
            }
        }
        // The one of last time has all results that anybody knew then, and what it lacks is still pending.
        if let Some(kept) = kept.filter(Kept::is_whole) {
            return Ok(Self { path: kept.path, place: origin.shown(), _copy: None });
        }
        Err(origin
            .unusable("it differs from its .sha256, twice, and there is no older copy; publish both again".to_owned()))
    }

    /// The runs of the pairs that are newer than those that are known.
    pub(super) async fn look(&self, series: &str, pairs: &[Pair]) -> Result<Vec<Found>, FeedError> {
        let unusable = |error: sqlx::Error| FeedError::Unusable {
            place: self.place.clone(),
            why: format!("no database of test results: {error}; fetch it again"),
        };
        let options = SqliteConnectOptions::new().filename(&self.path).read_only(true);
        let mut connection = options.connect().await.map_err(unusable)?;
        let mut all = Vec::new();
        for pair in pairs {
            let found = self.runs(&mut connection, series, pair).await;
            all.push(found.map_err(unusable)?);
        }
        // Everything was read; that closing went wrong changes nothing.
        let _ = connection.close().await;
        Ok(all)
    }

    async fn runs(&self, connection: &mut SqliteConnection, series: &str, pair: &Pair) -> Result<Found, sqlx::Error> {
        let newest = pair.newest.as_deref().unwrap_or_default();
        let rows = sqlx::query_as::<_, (String, Option<String>, Option<String>, Option<i64>)>(RUNS)
            .bind(series)
            .bind(&pair.arch)
            .bind(&pair.source)
            .bind(newest)
            .bind(MOST_RUNS)
            .fetch_all(connection)
            .await?;
        let mut found = Found::default();
        for (run_id, version, triggers, exit_code) in rows.iter().filter(|row| !pair.known.contains(&row.0)) {
            let Some(exit_code) = *exit_code else { continue };
            let (version, triggers) = (version.as_deref(), triggers.as_deref().unwrap_or_default());
            let run = RawRun { source: &pair.source, arch: &pair.arch, run_id, exit_code, version, triggers }.read();
            match run {
                Ok(run) => found.runs.extend(run),
                Err(why) => {
                    let Pair { source, arch, .. } = pair;
                    found
                        .warnings
                        .push(format!("{}: run {run_id} of {source} on {arch}: {why}; it does not count", self.place));
                }
            }
        }
        Ok(found)
    }
}

/// Where the database is published.
enum Origin {
    Server { http: Http, url: Url, sum: Url },
    File(PathBuf),
}

impl Origin {
    fn of(place: &Location) -> Result<Self, FeedError> {
        Ok(match place {
            Location::File(path) => Self::File(path.clone()),
            Location::Http(text) => {
                let url = parse(text)?;
                let mut sum = url.clone();
                sum.set_path(&format!("{}.sha256", url.path()));
                Self::Server { http: Http::new(Patience::Always)?, url, sum }
            }
        })
    }

    fn shown(&self) -> String {
        match self {
            Self::Server { url, .. } => shown(url),
            Self::File(path) => path.display().to_string(),
        }
    }

    fn unusable(&self, why: String) -> FeedError {
        FeedError::Unusable { place: self.shown(), why }
    }

    /// The published checksum, in hexadecimal digits; none if there is an empty file instead.
    async fn checksum(&self) -> Result<Option<String>, FeedError> {
        let text = match self {
            Self::Server { http, sum, .. } => {
                String::from_utf8_lossy(&http.get(sum, &[200], 4096).await?.1).into_owned()
            }
            Self::File(path) => match fs::read(sum_beside(path)) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
                Err(error) => return Err(self.unusable(format!("its .sha256 cannot be read: {error}"))),
            },
        };
        match text.split_whitespace().next() {
            None => Ok(None),
            Some(word) if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(Some(word.to_ascii_lowercase()))
            }
            Some(_) => Err(self.unusable("its .sha256 holds no checksum; expected 64 hexadecimal digits".to_owned())),
        }
    }

    async fn copy(&self, copy: &mut File) -> Result<(), FeedError> {
        match self {
            Self::Server { http, url, .. } => http.download(url, LARGEST, copy).await?,
            Self::File(path) => {
                let done = copy.restart().and_then(|()| io::copy(&mut File::open(path)?.take(LARGEST), copy));
                done.map_err(|error| self.unusable(error.to_string()))?;
            }
        }
        Ok(())
    }
}

/// The copy of an earlier run.
struct Kept {
    path: PathBuf,
    sum: PathBuf,
}

impl Kept {
    fn checksum(&self) -> Option<String> {
        let text = fs::read_to_string(&self.sum).ok().filter(|_| self.path.is_file())?;
        Some(text.trim().to_owned())
    }

    fn is_whole(&self) -> bool {
        self.checksum().is_some_and(|expected| sum(&self.path).is_ok_and(|found| found == expected))
    }

    /// Puts a new copy in place. Its checksum comes last: without it the copy is fetched again.
    fn put(&self, copy: NamedTempFile, checksum: Option<&str>) -> io::Result<()> {
        copy.as_file().sync_all()?;
        step::reach("results.database.rename.before")?;
        copy.persist(&self.path).map_err(|error| error.error)?;
        step::reach("results.database.rename.after")?;
        files::save(&self.sum, checksum.unwrap_or_default(), "results.checksum").map_err(io::Error::other)
    }
}

fn sum_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sha256");
    name.into()
}

/// The checksum of a file.
fn sum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let size = file.read(&mut piece)?;
        if size == 0 {
            break;
        }
        digest.update(&piece[..size]);
    }
    Ok(tidegate_kernel::hex(&digest.finalize()))
}
