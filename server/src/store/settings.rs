//! Settings that are changed while running, each a JSON value under its name.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::SqliteExecutor;

use super::{
    Store,
    cells::{Cells, to_json},
    changing::Changing,
    error::{Doing as _, StoreError},
};

impl Store {
    pub async fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let row = sqlx::query("SELECT value FROM settings WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.pool)
            .await
            .doing("reading a setting")?;
        row.map(|row| Cells::new(&row, "settings").json()).transpose()
    }

    pub async fn set_setting(&self, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
        set(&self.pool, key, value).await
    }
}

impl Changing {
    pub async fn set_setting(&mut self, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
        set(self.connection(), key, value).await
    }
}

async fn set(at: impl SqliteExecutor<'_>, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    )
    .bind(key)
    .bind(to_json(value)?)
    .bind(Timestamp::now().as_microsecond())
    .execute(at)
    .await
    .doing("storing a setting")?;
    Ok(())
}
