//! How much room the database takes, how long history is kept, and giving room back.

use app::model::{equipment::EquipmentId, history::Resolution, retention::Retention};
use jiff::Timestamp;
use sqlx::Row as _;

use super::{
    Store,
    cells::Cells,
    changing::Changing,
    error::{Doing as _, StoreError},
    own::Own,
    rollups::{DAY, floor},
};

const RETENTION: Own = Own {
    name: "equipment_retention",
    column: "retention",
    reading: "reading the retention of an oven",
    changing: "changing the retention of an oven",
};

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Of the file.
    pub file: u64,
    /// Of the file, taken by something.
    pub used: u64,
    /// Whether free pages can be given back to the disk.
    pub can_shrink: bool,
}

impl Store {
    pub async fn space(&self) -> Result<Space, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count), \
             (SELECT freelist_count FROM pragma_freelist_count), (SELECT auto_vacuum FROM pragma_auto_vacuum)",
        )
        .fetch_one(&self.pool)
        .await
        .doing("looking at the size of the database")?;
        let mut cells = Cells::new(&row, "pragma");
        let [page, pages, free, vacuum]: [i64; 4] = [cells.take()?, cells.take()?, cells.take()?, cells.take()?];
        let bytes = |pages: i64| (pages * page).max(0) as u64;
        Ok(Space { file: bytes(pages), used: bytes(pages - free), can_shrink: vacuum == 2 })
    }

    /// Gives at most so many free pages back to the disk.
    pub async fn shrink(&self, pages: u32) -> Result<(), StoreError> {
        sqlx::query(&format!("PRAGMA incremental_vacuum({pages})"))
            .fetch_all(&self.pool)
            .await
            .doing("giving room back to the disk")?;
        Ok(())
    }

    /// The retention of an oven, where it has one of its own.
    pub async fn retention(&self, id: EquipmentId) -> Result<Option<Retention>, StoreError> {
        RETENTION.get(self, id).await
    }

    /// Readings of an oven before this were deleted for their age.
    pub async fn kept_from(&self, id: EquipmentId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT kept_from FROM reading_rollup_state WHERE equipment = ?")
            .bind(self.key(id).await?)
            .fetch_optional(&self.pool)
            .await
            .doing("reading how far an oven's history goes")?;
        Ok(row.map(|row| Cells::new(&row, "reading_rollup_state").time_opt()).transpose()?.flatten())
    }

    /// None takes back what the oven has of its own.
    pub async fn set_retention(&self, id: EquipmentId, retention: Option<Retention>) -> Result<(), StoreError> {
        self.key(id).await?;
        RETENTION.set(&self.pool, id, retention.as_ref()).await
    }

    /// How many rows of an oven are older than this. Readings are counted by the days that they were rolled up to: whole
    /// days are deleted anyway.
    pub async fn older(&self, id: EquipmentId, resolution: Resolution, than: Timestamp) -> Result<u64, StoreError> {
        let key = self.key(id).await?;
        let than = floor(than.as_microsecond(), DAY);
        if resolution == Resolution::Raw {
            let rows = sqlx::query(
                "SELECT data FROM reading_rollups WHERE equipment = ?1 AND seconds = 86400 AND begins_at < ?2 \
                 AND begins_at >= coalesce((SELECT kept_from FROM reading_rollup_state WHERE equipment = ?1), \
                 -9223372036854775808)",
            )
            .bind(key)
            .bind(than)
            .fetch_all(&self.pool)
            .await
            .doing("counting old readings")?;
            let readings = rows.iter().map(|row| {
                let data: &[u8] = row.try_get(0).doing("counting old readings")?;
                let rollup = crate::rollup::Rollup::decode(data);
                rollup.map(|rollup| u64::from(rollup.readings)).map_err(|error| StoreError::corrupt("a rollup", error))
            });
            return readings.sum();
        }
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM reading_rollups WHERE equipment = ? AND seconds = ? AND begins_at < ?",
        )
        .bind(key)
        .bind(resolution.seconds())
        .bind(than)
        .fetch_one(&self.pool)
        .await
        .doing("counting old rollups")?;
        Ok(count as u64)
    }

    /// The oldest reading of any oven, from here on.
    pub async fn oldest_reading(&self, from: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(
            "SELECT min((SELECT min(reading_time) FROM equipment_sensor_readings WHERE equipment = e.key \
             AND reading_time >= ?)) FROM equipment e",
        )
        .bind(from.as_microsecond())
        .fetch_one(&self.pool)
        .await
        .doing("looking for the oldest reading")?;
        Cells::new(&row, "equipment_sensor_readings").time_opt()
    }
}

impl Changing {
    /// None takes back what the oven has of its own.
    pub async fn set_retention(&mut self, id: EquipmentId, retention: Option<Retention>) -> Result<(), StoreError> {
        RETENTION.set(self.connection(), id, retention.as_ref()).await
    }
}
