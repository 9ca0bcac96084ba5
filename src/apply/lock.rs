use std::fmt;
use std::fs::TryLockError;
use std::io::{self, Write as _};
use std::time::Duration;

use camino::Utf8Path;
use fs_err as fs;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The lock of a checkout: whoever has it may apply. The kernel frees it when the process ends, however it ends.
///
/// The lock is on `lock`; who has it stands in `lock.holder`, which is for the eye alone and may be stale.
#[derive(Debug)]
pub struct Lock {
    held: fs::File,
}

/// Who has the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Who.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// In which process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

/// Why the lock is not held.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it; `None` where they did not say who they are.
    #[error("the lock is held{}", .0.as_ref().map(|holder| format!(" by {holder}")).unwrap_or_default())]
    Held(Option<Holder>),
    /// The file system said no.
    #[error("the lock cannot be taken")]
    Io(#[from] io::Error),
}

const LOCK: &str = "lock";
const HOLDER: &str = "lock.holder";

impl Lock {
    /// Takes the lock of a folder, which is made where it is missing. It is freed when it is dropped.
    ///
    /// # Errors
    /// Somebody else has it, or the files cannot be made.
    pub fn take(folder: &Utf8Path, operator: &str, host: &str) -> Result<Self, LockError> {
        fs::create_dir_all(folder)?;
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK))?;
        let mut tries = 0;
        while let Err(error) = file.file().try_lock() {
            match error {
                // Whoever asks for the holder has it for an instant: that is no reason to refuse.
                TryLockError::WouldBlock if tries < 5 => std::thread::sleep(Duration::from_millis(10)),
                TryLockError::WouldBlock => return Err(LockError::Held(read_holder(folder))),
                TryLockError::Error(error) => return Err(error.into()),
            }
            tries += 1;
        }
        let holder = Holder {
            operator: operator.to_owned(),
            host: host.to_owned(),
            pid: std::process::id(),
            since: Timestamp::now(),
        };
        let mut shown = fs::File::create(folder.join(HOLDER))?;
        shown.write_all(&serde_json::to_vec(&holder).map_err(io::Error::from)?)?;
        Ok(Self { held: file })
    }
}

impl Drop for Lock {
    /// Closing the file alone would free it only once no process has it any more, and one that is just being started has all files
    /// of this one for an instant.
    fn drop(&mut self) {
        // Then the kernel frees it a little later.
        let _ = self.held.file().unlock();
    }
}

/// Who holds the lock of a folder now; `None` where nobody does.
///
/// # Errors
/// The lock's file cannot be read.
pub fn holder(folder: &Utf8Path) -> Result<Option<Holder>, LockError> {
    let file = match fs::File::open(folder.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.file().try_lock_shared() {
        Ok(()) => {
            file.file().unlock()?;
            Ok(None)
        }
        Err(TryLockError::WouldBlock) => Ok(Some(read_holder(folder).unwrap_or_else(Holder::nameless))),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn read_holder(folder: &Utf8Path) -> Option<Holder> {
    serde_json::from_slice(&fs::read(folder.join(HOLDER)).ok()?).ok()
}

impl Holder {
    /// Somebody who took the lock and has not said yet who they are.
    fn nameless() -> Self {
        Self { operator: "somebody".to_owned(), host: "this machine".to_owned(), pid: 0, since: Timestamp::now() }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} (process {}) since {:.0}", self.operator, self.host, self.pid, self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_one_at_a_time_and_the_holder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap().join("work");
        assert_eq!(holder(&folder).unwrap(), None);
        let lock = Lock::take(&folder, "ana", "a17").unwrap();
        let LockError::Held(Some(found)) = Lock::take(&folder, "ben", "a18").unwrap_err() else { panic!() };
        assert_eq!((found.operator.as_str(), found.host.as_str(), found.pid), ("ana", "a17", std::process::id()));
        assert_eq!(holder(&folder).unwrap(), Some(found));
        drop(lock);
        assert_eq!(holder(&folder).unwrap(), None);
        Lock::take(&folder, "ben", "a18").unwrap();
    }

    #[test]
    fn test_a_dropped_lock_is_free_though_a_process_that_was_started_meanwhile_still_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let lock = Lock::take(folder, "ana", "a17").unwrap();
        let inherited = lock.held.file().try_clone().unwrap();
        drop(lock);
        assert_eq!(holder(folder).unwrap(), None);
        Lock::take(folder, "ben", "a18").unwrap();
        drop(inherited);
    }
}
