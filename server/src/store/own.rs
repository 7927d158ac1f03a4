//! What an oven may have of its own in the place of what holds for all: JSON, in a table with a row for each that has it.

use app::model::equipment::EquipmentId;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::SqliteExecutor;

use super::{
    Store,
    cells::{Cells, to_json},
    error::{Doing as _, StoreError},
};

/// A table `name (equipment, column, updated_at)`.
pub(super) struct Own {
    pub name: &'static str,
    pub column: &'static str,
    /// For errors.
    pub reading: &'static str,
    pub changing: &'static str,
}

impl Own {
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        store: &Store,
        id: EquipmentId,
    ) -> Result<Option<T>, StoreError> {
        let Self { name, column, .. } = self;
        let row = sqlx::query(&format!("SELECT {column} FROM {name} WHERE equipment = ?"))
            .bind(store.key(id).await?)
            .fetch_optional(&store.pool)
            .await
            .doing(self.reading)?;
        row.map(|row| Cells::new(&row, name).json()).transpose()
    }

    /// None takes back what the oven has. By the oven's id, because one that was just made has no key that others see.
    pub(super) async fn set<T: Serialize>(
        &self,
        at: impl SqliteExecutor<'_>,
        id: EquipmentId,
        own: Option<&T>,
    ) -> Result<(), StoreError> {
        let Self { name, column, .. } = self;
        let sql = match own {
            None => format!("DELETE FROM {name} WHERE equipment = (SELECT key FROM equipment WHERE id = ?)"),
            Some(_) => format!(
                "INSERT INTO {name} (equipment, {column}, updated_at) SELECT key, ?2, ?3 FROM equipment WHERE id = ?1 \
                 ON CONFLICT (equipment) DO UPDATE SET {column} = excluded.{column}, updated_at = excluded.updated_at"
            ),
        };
        let mut statement = sqlx::query(&sql).bind(id.to_string());
        if let Some(own) = own {
            statement = statement.bind(to_json(own)?).bind(Timestamp::now().as_microsecond());
        }
        statement.execute(at).await.doing(self.changing)?;
        Ok(())
    }
}
