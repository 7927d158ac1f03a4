//! What the writer did, for operators.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::model::reading::Committed;
use jiff::Timestamp;
use serde::Serialize;

use super::{WriteOp, batch::Tally};
use crate::store::{error::Outage, reader::Unread};

/// Since the server started.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WriterStats {
    /// Readings committed.
    pub committed: u64,
    /// Log entries committed.
    pub logs: u64,
    /// Readings that were there already.
    pub duplicates: u64,
    /// Readings and log entries that were lost.
    pub lost: u64,
    /// Operations for ovens that were deleted.
    pub dropped: u64,
    /// Readings older than what is kept of their oven.
    pub expired: u64,
    pub commits: u64,
    /// Attempts that failed and were repeated.
    pub retries: u64,
    /// Whether the last attempt failed.
    pub failing: bool,
    /// Why the last failed attempt failed, or the last row was lost.
    pub last_error: Option<String>,
    pub last_error_at: Option<Timestamp>,
    /// Time that the last commit took, and the longest one.
    pub commit_ms: f64,
    pub commit_ms_max: f64,
    pub queue_len: usize,
    pub queue_capacity: usize,
}

impl WriterStats {
    fn note_error(&mut self, error: String) {
        self.last_error = Some(error);
        self.last_error_at = Some(Timestamp::now());
    }
}

#[derive(Default)]
pub(super) struct Shared(Mutex<WriterStats>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, WriterStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self, queue_len: usize, queue_capacity: usize) -> WriterStats {
        WriterStats { queue_len, queue_capacity, ..self.lock().clone() }
    }

    /// Counts a committed group, then tells those who wait for it.
    pub(super) fn finish(&self, ops: &mut Vec<WriteOp>, tally: Tally, took: Duration) {
        let (recovered, news) = {
            let mut stats = self.lock();
            stats.committed += tally.committed;
            stats.logs += tally.logs;
            stats.duplicates += tally.duplicates;
            stats.dropped += tally.dropped;
            stats.expired += tally.expired;
            stats.lost += tally.lost;
            stats.commits += 1;
            stats.commit_ms = took.as_secs_f64() * 1_000.0;
            stats.commit_ms_max = stats.commit_ms_max.max(stats.commit_ms);
            // An oven that sends the same bad row with every poll is worth one line.
            let news = tally.reason.is_some() && tally.reason != stats.last_error;
            if let Some(reason) = &tally.reason {
                stats.note_error(reason.clone());
            }
            (std::mem::take(&mut stats.failing), news)
        };
        if recovered {
            tracing::info!("readings are written again");
        }
        if let Some(reason) = tally.reason.as_ref().filter(|_| news) {
            tracing::warn!(rows = tally.lost, reason, "the database refused rows; the others of their group are kept");
        }
        let mut fates = tally.fates.into_iter().peekable();
        let mut readings = Vec::with_capacity(ops.len());
        for (index, op) in ops.drain(..).enumerate() {
            let fate = fates.next_if(|(of, _)| *of == index).map_or(Committed::Kept, |(_, fate)| fate);
            match op {
                WriteOp::Erase { done, .. } => {
                    let _ = done.send(tally.erased.get(&index).copied().unwrap_or_default());
                }
                WriteOp::Reflag { done, .. } => {
                    let _ = done.send(tally.reflagged.get(&index).copied().unwrap_or_default());
                }
                WriteOp::Reading { reading, done, .. } => {
                    readings.push(reading);
                    if let Some(done) = done {
                        let _ = done.send(fate);
                    }
                }
                op => answer(op, fate),
            }
        }
        // Freeing them takes time in which the next could be written.
        tokio::task::spawn_blocking(move || drop(readings));
    }

    /// Counts an operation that will never be written.
    pub(super) fn lose(&self, op: WriteOp, reason: &str) {
        if let WriteOp::Reading { .. } | WriteOp::Log { .. } = op {
            let mut stats = self.lock();
            stats.lost += 1;
            stats.note_error(reason.to_owned());
        }
        answer(op, Committed::Lost { reason: reason.to_owned() });
    }

    /// Notes a failed attempt; logs only the first of a row of them.
    pub(super) fn fail(&self, error: &Unread) {
        let outage = match error {
            Unread::Sql(error) => Outage::of_raw(error),
            Unread::Stored(_) => Outage::Damaged,
        };
        let first = {
            let mut stats = self.lock();
            stats.retries += 1;
            stats.note_error(format!("{outage}: {error}"));
            !std::mem::replace(&mut stats.failing, true)
        };
        if first {
            tracing::error!(%error, "readings wait to be written: {outage}");
        }
    }
}

/// Nobody may be waiting any more; that is theirs to decide.
fn answer(op: WriteOp, fate: Committed) {
    match op {
        WriteOp::Reading { done: Some(done), .. } => {
            let _ = done.send(fate);
        }
        WriteOp::Flush(done) => {
            let _ = done.send(());
        }
        WriteOp::Reading { done: None, .. }
        | WriteOp::Log { .. }
        | WriteOp::Status { .. }
        | WriteOp::Outlier { .. }
        | WriteOp::Reflag { .. }
        | WriteOp::Erase { .. } => {}
    }
}
