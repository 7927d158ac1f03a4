//! Whether the database is what it should be.

use app::model::{equipment::EquipmentId, history::Resolution};
use jiff::Timestamp;

use super::{
    Store,
    error::{Doing as _, StoreError},
    rollups::{Folding, MICROS, Rollups, floor},
};

/// Readings that are in memory at a time.
const PAGE: u32 = 5_000;

impl Store {
    /// What SQLite finds wrong with the file: nothing where it is sound.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let found: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&self.pool).await.doing("checking the database")?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Where the rollups of an oven are not what its readings make, if they are not. Only what has its readings still is
    /// looked at.
    pub async fn rollups_differ(&self, id: EquipmentId) -> Result<Option<String>, StoreError> {
        let Some(first) = self.readings_from(id, Timestamp::MIN, Timestamp::MAX, 1).await?.pop() else {
            return Ok(None);
        };
        let day = Resolution::Day.seconds() * MICROS;
        let begin = floor(first.reading_time.as_microsecond(), day);
        let begin = Timestamp::from_microsecond(begin).unwrap_or(Timestamp::MIN);
        for resolution in Resolution::ROLLUPS {
            let seconds = resolution.seconds() as u32;
            let kept = self.rollups(id, resolution, seconds, begin, Timestamp::MAX).await?;
            let made = self.made_of_readings(id, resolution, begin).await?;
            if let Some(difference) = difference(&kept, &made) {
                return Ok(Some(format!("{resolution} {difference}")));
            }
        }
        Ok(None)
    }

    /// From the readings alone, one after the other.
    async fn made_of_readings(
        &self,
        id: EquipmentId,
        resolution: Resolution,
        begin: Timestamp,
    ) -> Result<Rollups, StoreError> {
        let length = resolution.seconds() * MICROS;
        let (mut folding, mut next) = (Folding::new(length), begin);
        loop {
            let page = self.readings_from(id, next, Timestamp::MAX, PAGE).await?;
            let Some(last) = page.last() else { return Ok(folding.rollups) };
            next = last.reading_time + jiff::SignedDuration::from_micros(1);
            for reading in &page {
                folding.push(reading);
            }
        }
    }
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
