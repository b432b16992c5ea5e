//! Damaged files of state: moved aside, never overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use tidegate_platform::step::reach;

use super::{FileError, write_error};

/// Whether and with which time in their name damaged files may be moved aside.
#[derive(Debug, Clone, Copy)]
pub struct Repair {
    /// Whether.
    pub allowed: bool,
    /// The instant of the run, in seconds since 1970.
    pub now: i64,
}

impl Repair {
    /// Leaves everything where it is.
    pub const NEVER: Self = Self { allowed: false, now: 0 };

    /// Moves a damaged file to `NAME.corrupt-TIME` and says where that is.
    pub(super) fn move_aside(self, path: &Path) -> Result<Option<PathBuf>, FileError> {
        if !self.allowed {
            return Ok(None);
        }
        let time = jiff::Timestamp::from_second(self.now).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".corrupt-{}", time.strftime("%Y%m%dT%H%M%SZ")));
        let to = PathBuf::from(name);
        reach("state.move-aside.before").map_err(write_error(path))?;
        fs::rename(path, &to).map_err(write_error(path))?;
        reach("state.move-aside.after").map_err(write_error(path))?;
        Ok(Some(to))
    }
}
