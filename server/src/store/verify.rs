//! Whether the database is what it should be.

use app::model::{equipment::EquipmentId, history::Resolution};
use rusqlite::Connection;

use super::{
    Store,
    error::{Doing as _, StoreError},
    reader::Unread,
    rollups::{DAY, MICROS, Rolled, Rollups, floor, of_readings},
};
use crate::rollup::Wanted;

impl Store {
    /// What SQLite finds wrong with the file: nothing where it is sound.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let found: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&self.pool).await.doing("checking the database")?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Where the rollups of an oven are not what its readings make, if they are not. Only what has its readings still is
    /// looked at: day by day, each as it was at one moment, so that the writer may go on meanwhile.
    pub async fn rollups_differ(&self, id: EquipmentId) -> Result<Option<String>, StoreError> {
        let key = self.key(id).await?;
        let mut from = None;
        loop {
            let look = move |connection: &Connection| {
                let snapshot = connection.unchecked_transaction()?;
                look_at(&snapshot, key, from)
            };
            match self.reader.read("comparing readings and rollups", look).await? {
                Looked::Differs(difference) => return Ok(Some(difference)),
                Looked::Agrees { next: Some(next) } => from = Some(next),
                Looked::Agrees { next: None } => return Ok(None),
            }
        }
    }
}

enum Looked {
    Differs(String),
    /// Up to `next`, or to the end.
    Agrees {
        next: Option<i64>,
    },
}

/// Looks at the first day that has readings, from here on, and at the time before, which should have no rollups either.
/// Without a begin it is that day: rollups outlive readings that went for their age.
fn look_at(snapshot: &Connection, key: i64, from: Option<i64>) -> Result<Looked, Unread> {
    let (first, kept_from): (Option<i64>, Option<i64>) = snapshot
        .prepare_cached(
            "SELECT (SELECT min(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1 \
             AND reading_time >= ?2), (SELECT kept_from FROM reading_rollup_state WHERE equipment = ?1)",
        )?
        .query_row([key, from.unwrap_or(i64::MIN)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let day = first.map(|at| floor(at, DAY));
    let next = day.map(|day| day.saturating_add(DAY));
    let Some(from) = from.or(day) else { return Ok(Looked::Agrees { next: None }) };
    // Of a day that is being deleted only some readings are left.
    let range = from.max(kept_from.unwrap_or(i64::MIN))..next.unwrap_or(i64::MAX);
    if range.is_empty() {
        return Ok(Looked::Agrees { next });
    }
    let rolled = Rolled::read(snapshot, key, Wanted::default(), range.start, range.end)?;
    for resolution in Resolution::ROLLUPS {
        let (made, _) = of_readings(snapshot, key, resolution.seconds() * MICROS, range.clone(), u32::MAX)?;
        let mut kept = Rollups::new();
        rolled.each(snapshot, resolution, range.clone(), &mut |begin, rollup| kept.push((begin, rollup.clone())))?;
        if let Some(difference) = difference(&kept, &made) {
            return Ok(Looked::Differs(format!("{resolution} {difference}")));
        }
    }
    Ok(Looked::Agrees { next })
}

fn difference(kept: &Rollups, made: &Rollups) -> Option<String> {
    let begin = |rollups: &Rollups, index: usize| rollups.get(index).map(|(begin, _)| *begin);
    for index in 0..kept.len().max(made.len()) {
        let (kept_at, made_at) = (begin(kept, index), begin(made, index));
        if kept_at != made_at {
            return Some(format!("begins at {kept_at:?} and not at {made_at:?}"));
        }
        if let (Some((at, kept)), Some((_, made))) = (kept.get(index), made.get(index))
            && !kept.is_close(made)
        {
            return Some(format!("at {at} is {kept:?} and not {made:?}"));
        }
    }
    None
}
