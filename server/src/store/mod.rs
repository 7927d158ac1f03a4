//! Everything that is kept on disk. All SQL is in here, and nothing else names sqlx.
//!
//! # Layout
//! - [`schema`] opens the file, its pragmas and the list of migrations
//! - [`error`] what can go wrong, and what to do about it
//! - [`changing`] several changes at once
//! - [`cells`] from columns to types, in one place
//! - [`equipment`] ovens, their connection settings and sealed credentials
//! - [`reader`] connections that only read, for what goes through many rows
//! - [`readings`] the history of an oven; `reading_row` is one row of it
//! - [`rollups`] minutes, hours and days of it
//! - [`plausibility`] what values are held to, and those that were not believed
//! - [`batches`] what was baked where
//! - [`connection_logs`] what happened to connections
//! - [`alerts`] alerts that stand
//! - [`users`] accounts; sessions live in the same file, written by the session layer through [`Store::pool`]
//! - [`tokens`] credentials of programs; [`displays`] screens on a wall and theirs
//! - [`idempotency`] what creations have answered, for who repeats one
//! - [`audit`] who changed what, append-only
//! - `own` what an oven has of its own in the place of what holds for all
//! - [`settings`] settings that are changed while running; [`space`] what it all takes
//! - [`writer`] the group-committed path of readings, connection logs and statuses
//! - [`verify`] whether it is all what it should be
//! - `contract` (tests) what any database behind [`Store`] has to do
//!
//! Reads and the rare writes of admins share a small pool; each such write is a single statement, so that it can
//! neither deadlock nor leave a transaction open when a request is dropped. Several that belong together begin with the
//! right to write. The stream of readings has a
//! connection of its own in [`writer`].

pub mod alerts;
pub mod audit;
pub mod batches;
mod cells;
pub mod changing;
pub mod connection_logs;
pub mod displays;
pub mod equipment;
pub mod error;
pub mod idempotency;
mod own;
pub mod plausibility;
mod reader;
mod reading_row;
pub mod readings;
pub mod rollups;
mod schema;
pub mod settings;
pub mod space;
pub mod tokens;
pub mod users;
pub mod verify;
pub mod writer;

#[cfg(test)]
mod contract;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use app::model::equipment::EquipmentId;
use sqlx::SqlitePool;

pub use error::StoreError;
pub use schema::Tuning;
pub use writer::{WriteOp, Writer, WriterConfig, WriterHandle, WriterStats};

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    path: Arc<PathBuf>,
    tuning: Tuning,
    keys: Keys,
    reader: reader::Reader,
}

impl Store {
    /// Opens the database file, makes it where there is none, and brings it up to this version's schema.
    /// The folder has to exist.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Tuning::default()).await
    }

    /// Whether [`open`](Self::open) would change the schema of a file. What is no database it will say itself.
    pub fn needs_migration(path: &Path) -> bool {
        schema::is_current(path).is_ok_and(|is_current| !is_current)
    }

    pub async fn open_with(path: &Path, tuning: Tuning) -> Result<Self, StoreError> {
        let pool = schema::open(path, &tuning).await?;
        let reader = reader::Reader::new(path, &tuning);
        Ok(Self { pool, path: Arc::new(path.to_owned()), tuning, keys: Keys::default(), reader })
    }

    /// For the session layer only, which brings its own SQL.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Waits for running queries and closes the file. The writer is stopped first, by its own token.
    pub async fn close(&self) {
        // First, because a connection that can only read leaves the log of changes beside the file.
        self.reader.close().await;
        self.pool.close().await;
    }
}

/// The small integers that stand for ovens inside the database, as far as they have been looked up. One may be
/// out of date after its oven was deleted; it is never used again, so that the foreign keys refuse its rows.
#[derive(Clone, Default)]
struct Keys(Arc<RwLock<HashMap<EquipmentId, i64>>>);

impl Keys {
    fn get(&self, id: EquipmentId) -> Option<i64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    fn insert(&self, id: EquipmentId, key: i64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id, key);
    }

    fn remove(&self, id: EquipmentId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
