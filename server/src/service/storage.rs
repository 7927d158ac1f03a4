//! What history takes on the disk, how fast that grows, and giving room back.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Service, ServiceError, retention::PAUSE};

/// Free pages that are given back to the disk at a time.
const PAGES: u32 = 500;
/// Free room that stays in the file, for what comes next.
const RESERVE: u64 = 64_000_000;
/// How often the size is noted, and for how long, to tell how fast it grows.
const NOTE_EVERY: SignedDuration = SignedDuration::from_hours(6);
const NOTES_KEPT: usize = 60;

const NOTES: &str = "history.sizes";

/// The size at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    at: Timestamp,
    used: u64,
}

/// `GET /api/v1/history/storage`
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Storage {
    /// Bytes of the database file, and those of it that are in use.
    pub file_bytes: u64,
    pub used_bytes: u64,
    /// Bytes that the disk has left for this account.
    pub disk_free_bytes: Option<u64>,
    pub budget_bytes: Option<u64>,
    /// Growth of what is in use, over the last days; none before there is a day to tell it from.
    pub growth_bytes_per_day: Option<i64>,
    /// Until the budget or the disk is full at this pace, whichever is first; none when it does not grow.
    pub days_until_full: Option<f64>,
    pub oldest_reading: Option<Timestamp>,
}

impl Service {
    pub async fn storage(&self) -> Result<Storage, ServiceError> {
        let space = self.store.space().await?;
        let budget = self.history_policy().await?.budget_mb.map(|mb| mb * 1_000_000);
        let notes: Vec<Note> = self.store.setting(NOTES).await?.unwrap_or_default();
        let growth = growth(&notes, Note { at: Timestamp::now(), used: space.used });
        let disk_free = disk_free(&self.limits.data_dir);
        let of_budget = budget.map(|budget| budget.saturating_sub(space.used));
        // Free pages of the file are used up first.
        let of_disk = disk_free.map(|disk| disk + (space.file - space.used));
        let left = of_budget.into_iter().chain(of_disk).min();
        Ok(Storage {
            file_bytes: space.file,
            used_bytes: space.used,
            disk_free_bytes: disk_free,
            budget_bytes: budget,
            growth_bytes_per_day: growth,
            days_until_full: left
                .zip(growth)
                .filter(|(_, growth)| *growth > 0)
                .map(|(left, growth)| left as f64 / growth as f64),
            oldest_reading: self.store.oldest_reading(Timestamp::MIN).await?,
        })
    }

    pub(super) async fn give_back(&self) -> Result<(), ServiceError> {
        loop {
            let space = self.store.space().await?;
            if !space.can_shrink || space.file - space.used <= RESERVE {
                return Ok(());
            }
            self.store.shrink(PAGES).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(super) async fn note_size(&self) -> Result<(), ServiceError> {
        let mut notes: Vec<Note> = self.store.setting(NOTES).await?.unwrap_or_default();
        let now = Timestamp::now();
        if notes.last().is_some_and(|last| now.duration_since(last.at) < NOTE_EVERY) {
            return Ok(());
        }
        notes.push(Note { at: now, used: self.store.space().await?.used });
        let surplus = notes.len().saturating_sub(NOTES_KEPT);
        notes.drain(..surplus);
        Ok(self.store.set_setting(NOTES, &notes).await?)
    }
}

/// Bytes a day between the oldest note and now.
fn growth(notes: &[Note], now: Note) -> Option<i64> {
    let first = notes.first()?;
    let days = now.at.duration_since(first.at).as_secs_f64() / 86_400.0;
    (days >= 1.0).then(|| ((now.used as f64 - first.used as f64) / days) as i64)
}

/// Bytes that this account may still write to the disk of a folder.
#[cfg(unix)]
fn disk_free(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

#[cfg(not(unix))]
fn disk_free(_folder: &std::path::Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(hours: i64, used: u64) -> Note {
        Note { at: Timestamp::from_second(hours * 3_600).unwrap(), used }
    }

    #[test]
    fn growth_is_told_from_a_day_on() {
        assert_eq!(growth(&[], note(0, 5)), None);
        assert_eq!(growth(&[note(0, 0)], note(23, 100)), None);
        assert_eq!(growth(&[note(0, 0), note(24, 7)], note(48, 100)), Some(50));
        assert_eq!(growth(&[note(0, 100)], note(48, 0)), Some(-50));
    }
}
