//! The history of the ovens. Readings are written by [`writer`](super::writer) alone.

use std::collections::HashMap;

use app::model::{equipment::EquipmentId, reading::Reading};
use jiff::Timestamp;

use super::{
    Store,
    cells::Cells,
    error::{Doing as _, StoreError},
    reading_row::{COLUMNS, decode},
};

impl Store {
    /// The newest reading of every oven that has one, for the start of the server.
    pub async fn latest_readings(&self) -> Result<HashMap<EquipmentId, Reading>, StoreError> {
        let sql = latest_sql();
        let rows = sqlx::query(&sql).fetch_all(&self.pool).await.doing("reading the newest readings")?;
        rows.iter()
            .map(|row| {
                let mut cells = Cells::new(row, "equipment_sensor_readings");
                Ok((cells.equipment_id()?, decode(&mut cells)?))
            })
            .collect()
    }

    pub async fn latest_reading(&self, id: EquipmentId) -> Result<Option<Reading>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM equipment_sensor_readings WHERE equipment = ? ORDER BY reading_time DESC LIMIT 1"
        );
        let row = sqlx::query(&sql)
            .bind(self.key(id).await?)
            .fetch_optional(&self.pool)
            .await
            .doing("reading the newest reading")?;
        row.map(|row| decode(&mut Cells::new(&row, "equipment_sensor_readings"))).transpose()
    }

    /// The newest `limit` readings with `start <= reading_time < end`, oldest first. Ask for one more than is
    /// shown to learn whether there are more.
    pub async fn readings(
        &self,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
        limit: u32,
    ) -> Result<Vec<Reading>, StoreError> {
        let mut readings = self.readings_in(id, start, end, "DESC", limit).await?;
        readings.reverse();
        Ok(readings)
    }

    /// The oldest `limit` readings with `start <= reading_time < end`, oldest first: one page of a walk, whose next one
    /// starts a microsecond after its last reading.
    pub async fn readings_from(
        &self,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
        limit: u32,
    ) -> Result<Vec<Reading>, StoreError> {
        self.readings_in(id, start, end, "ASC", limit).await
    }

    /// The first `limit` readings of a range in this order.
    async fn readings_in(
        &self,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
        order: &'static str,
        limit: u32,
    ) -> Result<Vec<Reading>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? \
             AND reading_time < ? ORDER BY reading_time {order} LIMIT ?"
        );
        let rows = sqlx::query(&sql)
            .bind(self.key(id).await?)
            .bind(start.as_microsecond())
            .bind(end.as_microsecond())
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .doing("reading the history of an oven")?;
        rows.iter().map(|row| decode(&mut Cells::new(row, "equipment_sensor_readings"))).collect()
    }

    /// The names of all zones and additional sensors in these readings, sorted.
    pub async fn names_in(
        &self,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let key = self.key(id).await?;
        let of = async |column: &str| {
            let sql = format!(
                "SELECT DISTINCT names.key FROM equipment_sensor_readings, json_each({column}) AS names \
                 WHERE equipment = ? AND reading_time >= ? AND reading_time < ? ORDER BY 1"
            );
            let rows = sqlx::query_scalar(&sql).bind(key).bind(start.as_microsecond()).bind(end.as_microsecond());
            rows.fetch_all(&self.pool).await.doing("reading the names of an oven's sensors")
        };
        Ok((of("temperature_zones").await?, of("additional_sensors").await?))
    }

    /// How many readings there are of an oven with `start <= reading_time < end`; counts no further than `most`.
    pub async fn count_readings(
        &self,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? \
             AND reading_time < ? LIMIT ?)",
        )
        .bind(self.key(id).await?)
        .bind(start.as_microsecond())
        .bind(end.as_microsecond())
        .bind(most)
        .fetch_one(&self.pool)
        .await
        .doing("counting the readings of an oven")?;
        Ok(count as u64)
    }
}

/// Takes only two columns of the oven, because others have names that the reading has too. CROSS JOIN makes SQLite
/// go through the ovens and look up one reading of each; it would rather walk through the whole history.
fn latest_sql() -> String {
    format!(
        "SELECT e.id, {COLUMNS} FROM (SELECT key, id FROM equipment) e CROSS JOIN equipment_sensor_readings r \
         WHERE r.equipment = e.key AND r.reading_time = \
         (SELECT max(n.reading_time) FROM equipment_sensor_readings n WHERE n.equipment = e.key)"
    )
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    #[tokio::test]
    async fn the_newest_readings_are_found_without_walking_through_the_history() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("hornero.db")).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", latest_sql());
        let plan = sqlx::query(&sql).fetch_all(store.pool()).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let of_readings: Vec<_> = steps.iter().filter(|step| step.starts_with("SEARCH")).collect();
        assert_eq!(of_readings.len(), 2, "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN r") || step.starts_with("SCAN n")), "{steps:?}");
    }
}
