//! Reads history row by row where SQLite has it.
//!
//! sqlx copies every column of every row on its way through a channel, which takes several times as long as reading
//! it. Charts and files of a year go through millions of rows, so that they are read here, by connections that can only read.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::{
    Tuning,
    error::{Outage, StoreError},
};

/// Connections that read at a time; more would only wait for the processors.
const CONNECTIONS: usize = 4;

#[derive(Clone)]
pub(super) struct Reader(Arc<Inner>);

struct Inner {
    path: PathBuf,
    busy_timeout: Duration,
    cache_kib: u32,
    /// None once it is closed.
    idle: Mutex<Option<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

/// What ended a read, or a write.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A stored value that cannot be read.
    #[error(transparent)]
    Stored(#[from] StoreError),
}

impl Reader {
    pub(super) fn new(path: &Path, tuning: &Tuning) -> Self {
        Self(Arc::new(Inner {
            path: path.to_owned(),
            busy_timeout: tuning.busy_timeout,
            cache_kib: tuning.cache_kib,
            idle: Mutex::new(Some(Vec::new())),
            turns: Arc::new(Semaphore::new(CONNECTIONS)),
        }))
    }

    /// Runs `work` on a thread where it may take its time. It goes on to its end when nobody waits for it any more.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Unread> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.0);
        let Ok(turn) = Arc::clone(&inner.turns).acquire_owned().await else { return Err(closed(doing)) };
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let connection = inner.take().map_err(|error| unavailable(doing, error))?;
            let read = work(&connection);
            if !matches!(read, Err(Unread::Sql(_))) {
                inner.put_back(connection);
            }
            read.map_err(|unread| match unread {
                Unread::Sql(error) => unavailable(doing, error),
                Unread::Stored(error) => error,
            })
        });
        reading.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends.
            Err(_) => Err(closed(doing)),
        })
    }

    /// Waits for running reads and closes the file.
    pub(super) async fn close(&self) {
        let turns = self.0.turns.acquire_many(CONNECTIONS as u32).await;
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.0.turns.close();
        drop(turns);
    }
}

impl Inner {
    fn take(&self) -> Result<Connection, rusqlite::Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Vec::pop);
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.pragma_update(None, "cache_size", -i64::from(self.cache_kib))?;
        Ok(connection)
    }

    fn put_back(&self, connection: Connection) {
        if let Some(idle) = &mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner) {
            idle.push(connection);
        }
    }
}

fn closed(doing: &'static str) -> StoreError {
    StoreError::unavailable(doing, Outage::Other, "the database is closed")
}

fn unavailable(doing: &'static str, error: rusqlite::Error) -> StoreError {
    StoreError::unavailable(doing, Outage::of_raw(&error), error)
}
