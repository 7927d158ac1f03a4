//! Who uses a data folder: one server, or one command that changes it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The file that is locked. It is empty and stays; what counts is who has it locked, and a process that ends gives it up.
const FILE: &str = "hornero.lock";
/// A server that was told to stop gets this long to do so before the next one is refused.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum DataLockError {
    #[error("the data folder {} is in use by another Hornero", folder.display())]
    Held { folder: PathBuf },
    #[error("cannot lock {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Held as long as it lives.
pub struct DataLock(#[expect(dead_code, reason = "closing the file gives the lock up")] Option<File>);

impl DataLock {
    /// The folder has to exist.
    pub async fn take(folder: &Path) -> Result<Self, DataLockError> {
        let path = folder.join(FILE);
        let failed = |source| DataLockError::Io { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        let asked = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Some(file))),
                Err(TryLockError::WouldBlock) if asked.elapsed() < PATIENCE => tokio::time::sleep(STEP).await,
                Err(TryLockError::WouldBlock) => return Err(DataLockError::Held { folder: folder.to_owned() }),
                // A network share that knows no locks is no reason not to start.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    tracing::warn!(
                        "the disk of {} knows no locks: nothing keeps a second server away",
                        folder.display()
                    );
                    return Ok(Self(None));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_used_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataLock::take(folder.path()).await.unwrap();
        assert!(matches!(DataLock::take(folder.path()).await, Err(DataLockError::Held { .. })));
        drop(first);
        DataLock::take(folder.path()).await.unwrap();
        let missing = DataLock::take(&folder.path().join("nowhere")).await;
        assert!(matches!(missing, Err(DataLockError::Io { .. })));
    }
}
