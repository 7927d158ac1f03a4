//! Several changes at once: all of them, or none.

use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::{
    Store,
    error::{Doing as _, StoreError},
};

/// Changes that are not made yet. Nobody else writes meanwhile, so that what is read is what is changed. Dropped without
/// [`commit`](Self::commit), also because the process ended, nothing was changed.
///
/// What can be changed is beside the other statements about it: `create_equipment` in [`equipment`](super::equipment).
pub struct Changing(Transaction<'static, Sqlite>);

impl Store {
    /// Waits for its turn, at most as long as the database waits for any writer.
    pub async fn change(&self) -> Result<Changing, StoreError> {
        Ok(Changing(self.pool.begin_with("BEGIN IMMEDIATE").await.doing("beginning several changes")?))
    }
}

impl Changing {
    pub async fn commit(self) -> Result<(), StoreError> {
        self.0.commit().await.doing("making several changes")
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}
