//! The history of the ovens. Readings are written by [`writer`](super::writer) alone.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    fmt,
    ops::Range,
};

use app::model::{equipment::EquipmentId, reading::Reading};
use jiff::Timestamp;
use serde::{
    Deserializer as _,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{
    Store,
    cells::{Cells, Columns as _, RawCells},
    error::{Doing as _, StoreError},
    reading_row::{COLUMNS, decode},
};

/// Names of zones and additional sensors.
#[derive(Debug, Default)]
pub struct SensorNames {
    pub zones: BTreeSet<String>,
    pub extras: BTreeSet<String>,
}

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
        let key = self.key(id).await?;
        let range = (key, start.as_microsecond(), end.as_microsecond(), limit);
        self.reader
            .read("reading the history of an oven", move |connection| {
                let mut statement = connection.prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? \
                     AND reading_time < ? ORDER BY reading_time {order} LIMIT ?"
                ))?;
                let mut rows = statement.query(range)?;
                let mut readings = Vec::new();
                while let Some(row) = rows.next()? {
                    readings.push(decode(&mut RawCells::new(row, "equipment_sensor_readings"))?);
                }
                Ok(readings)
            })
            .await
    }

    /// Adds the names of all zones and additional sensors in the oldest `limit` readings with `start <= reading_time < end`.
    /// Says when the last of them was measured, where there may be more.
    pub async fn names_in(
        &self,
        id: EquipmentId,
        range: Range<Timestamp>,
        limit: u32,
        mut names: SensorNames,
    ) -> Result<(SensorNames, Option<Timestamp>), StoreError> {
        let range = (self.key(id).await?, range.start.as_microsecond(), range.end.as_microsecond(), limit);
        self.reader
            .read("reading the names of an oven's sensors", move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT reading_time, temperature_zones, additional_sensors FROM equipment_sensor_readings \
                     WHERE equipment = ? AND reading_time >= ? AND reading_time < ? ORDER BY reading_time LIMIT ?",
                )?;
                let mut rows = statement.query(range)?;
                let (mut count, mut last) = (0, None);
                while let Some(row) = rows.next()? {
                    let mut cells = RawCells::new(row, "equipment_sensor_readings");
                    (count, last) = (count + 1, Some(cells.instant()?));
                    add_names(&mut names.zones, &mut cells)?;
                    add_names(&mut names.extras, &mut cells)?;
                }
                Ok((names, last.filter(|_| count == limit)))
            })
            .await
    }

    /// When the reading was measured that has `n` others between `start` and it; none where there are no more.
    pub async fn nth_reading(
        &self,
        id: EquipmentId,
        start: Timestamp,
        n: u32,
    ) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = sqlx::query_scalar(
            "SELECT reading_time FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? \
             ORDER BY reading_time LIMIT 1 OFFSET ?",
        )
        .bind(self.key(id).await?)
        .bind(start.as_microsecond())
        .bind(n)
        .fetch_optional(&self.pool)
        .await
        .doing("walking through the readings of an oven")?;
        let time = at.map(|at| Timestamp::from_microsecond(at).map_err(|error| StoreError::corrupt("a time", error)));
        time.transpose()
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

/// Adds the names of an object of JSON, the next of the cells.
fn add_names(names: &mut BTreeSet<String>, cells: &mut RawCells<'_>) -> Result<(), StoreError> {
    let Some(text) = cells.text()? else { return Ok(()) };
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Names(names)).map_err(|error| cells.bad(&error))
}

/// Takes the names of an object and skips its values.
struct Names<'a>(&'a mut BTreeSet<String>);

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
            if !self.0.contains(&*name) {
                self.0.insert(name.into_owned());
            }
            object.next_value::<IgnoredAny>()?;
        }
        Ok(())
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
