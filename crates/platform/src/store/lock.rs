//! One process has a SQLite file.
//!
//! The lock is the operating system's, on a file beside the store, so it ends with the process however that ends. What
//! the file says is for people: who has it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use tidegate_kernel::Timestamp;

use super::error::{Result, StoreError};

/// The lock, held until it is dropped.
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of that store.
    pub(super) fn take(store: &Path, now: Timestamp) -> Result<Self> {
        let mut name = store.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let failed = |error| StoreError::Path { path: path.clone(), error };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(failed)?;
                let holder = holder.trim();
                let holder = if holder.is_empty() { "another process" } else { holder };
                return Err(StoreError::Locked { path: store.to_owned(), holder: holder.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "process {} since {now}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
