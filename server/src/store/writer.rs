//! The one path by which readings, connection logs and statuses get on disk: a bounded queue, and a task that
//! commits what is in it in groups.
//!
//! A reading that was taken is committed or counted as lost, never neither. While the database cannot be written
//! (busy, disk full, I/O error) the task keeps its batch and tries again, the queue fills, and
//! [`WriterHandle::submit`] makes the callers wait. A row that the schema refuses is lost alone, not with its batch.

mod batch;
mod erase;
mod intake;
mod press;
mod reflag;
mod rolling;
mod stats;

use std::{sync::Arc, time::Duration};

use app::model::{
    connection_log::ConnectionLogEntry,
    equipment::{ConnectionStatus, EquipmentId},
    outlier::Outlier,
    reading::{Committed, Reading},
};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use self::{
    intake::{Group, Intake},
    press::{Desk, Press},
    stats::Shared,
};
use super::{
    Store,
    error::{Outage, StoreError},
};

pub use erase::{Erased, Erasure};
pub use reflag::Reflag;
pub use stats::WriterStats;

pub enum WriteOp {
    Reading {
        equipment: EquipmentId,
        reading: Arc<Reading>,
        /// Told after the commit, for protocols that acknowledge.
        done: Option<oneshot::Sender<Committed>>,
    },
    Log {
        equipment: EquipmentId,
        entry: ConnectionLogEntry,
    },
    Status {
        equipment: EquipmentId,
        status: ConnectionStatus,
        last_connected: Option<Timestamp>,
    },
    /// Deletes at most `limit` rows of an oven's history, after the readings that were committed with it.
    Erase {
        equipment: EquipmentId,
        what: Erasure,
        limit: u32,
        done: oneshot::Sender<Erased>,
    },
    /// Keeps values that were not believed, as far as they go by now.
    Outlier {
        equipment: EquipmentId,
        outlier: Outlier,
    },
    /// Changes flaws of readings, after the readings that were committed with it. Told how many changed.
    Reflag {
        equipment: EquipmentId,
        what: Reflag,
        done: oneshot::Sender<u64>,
    },
    /// Told once everything before it is committed or counted.
    Flush(oneshot::Sender<()>),
}

#[derive(Clone, Debug)]
pub struct WriterConfig {
    /// Operations that may wait before callers have to.
    pub queue: usize,
    /// A group is committed when it has this many operations …
    pub rows: usize,
    /// … or is this old.
    pub delay: Duration,
    /// Wait after a failure; doubles up to `retry_max`.
    pub retry: Duration,
    pub retry_max: Duration,
    /// How long a stopping server goes on trying to write to a database that fails.
    pub grace: Duration,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            queue: 8_192,
            rows: 4_000,
            delay: Duration::from_millis(250),
            retry: Duration::from_millis(100),
            retry_max: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

/// Puts operations into the queue. Clones share it.
#[derive(Clone)]
pub struct WriterHandle {
    queue: mpsc::Sender<WriteOp>,
    shared: Arc<Shared>,
}

/// The operation was not taken, and is counted as lost if it was a reading or a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("the database cannot keep up: the queue of readings is full")]
    Full,
    #[error("the server is stopping and takes no more readings")]
    Stopped,
}

impl WriterHandle {
    /// Waits for a place in the queue. A caller that gives up waiting loses the operation, and it is counted.
    pub async fn submit(&self, op: WriteOp) -> Result<(), NotTaken> {
        let mut pending = Pending { op: Some(op), shared: &self.shared };
        let place = self.queue.reserve().await.map_err(|_| NotTaken::Stopped)?;
        if let Some(op) = pending.op.take() {
            place.send(op);
        }
        Ok(())
    }

    /// For callers that cannot wait.
    pub fn try_submit(&self, op: WriteOp) -> Result<(), NotTaken> {
        self.queue.try_send(op).map_err(|error| {
            let (op, reason) = match error {
                mpsc::error::TrySendError::Full(op) => (op, NotTaken::Full),
                mpsc::error::TrySendError::Closed(op) => (op, NotTaken::Stopped),
            };
            self.shared.lose(op, &reason.to_string());
            reason
        })
    }

    /// Returns once everything submitted before is committed or counted.
    pub async fn flush(&self) -> Result<(), NotTaken> {
        let (done, flushed) = oneshot::channel();
        self.submit(WriteOp::Flush(done)).await?;
        flushed.await.map_err(|_| NotTaken::Stopped)
    }

    /// Deletes a piece of an oven's history.
    pub async fn erase(&self, equipment: EquipmentId, what: Erasure, limit: u32) -> Result<Erased, NotTaken> {
        let (done, erased) = oneshot::channel();
        self.submit(WriteOp::Erase { equipment, what, limit, done }).await?;
        erased.await.map_err(|_| NotTaken::Stopped)
    }

    /// Changes flaws of readings; says how many changed.
    pub async fn reflag(&self, equipment: EquipmentId, what: Reflag) -> Result<u64, NotTaken> {
        let (done, changed) = oneshot::channel();
        self.submit(WriteOp::Reflag { equipment, what, done }).await?;
        changed.await.map_err(|_| NotTaken::Stopped)
    }

    pub fn stats(&self) -> WriterStats {
        let capacity = self.queue.max_capacity();
        self.shared.stats(capacity - self.queue.capacity(), capacity)
    }
}

/// Counts an operation whose caller stopped waiting.
struct Pending<'a> {
    op: Option<WriteOp>,
    shared: &'a Shared,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(op) = self.op.take() {
            self.shared.lose(op, "it was given up before the queue had a place");
        }
    }
}

/// The task; the wiring spawns [`run`](Self::run).
pub struct Writer {
    intake: Intake,
    press: Press,
}

impl Store {
    /// Makes the writer, with a connection of its own. There is at most one.
    pub fn writer(&self, config: WriterConfig) -> Result<(WriterHandle, Writer), StoreError> {
        let desk = Desk::new(self).map_err(|error| {
            StoreError::unavailable("opening the database to write readings", Outage::of_raw(&error), error)
        })?;
        let (sender, queue) = mpsc::channel(config.queue);
        let shared = Arc::new(Shared::default());
        let handle = WriterHandle { queue: sender, shared: Arc::clone(&shared) };
        let intake = Intake::new(queue, &config);
        Ok((handle, Writer { intake, press: Press::new(desk, config, shared) }))
    }
}

impl Writer {
    /// Runs until `shutdown` or until all handles are gone; then commits what is queued and checkpoints. Those who
    /// submit should have stopped before, because nothing is taken any more once `shutdown` is cancelled.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { mut intake, mut press } = self;
        let (mut group, mut next) = (Group::default(), Group::default());
        let (mut deadline, mut ended, mut is_ready) = (None, false, false);
        loop {
            if !is_ready {
                ended = intake.collect(&mut group.ops, &shutdown, press.rest()).await;
                group.prepare();
            }
            is_ready = ended;
            if !group.ops.is_empty() {
                intake.due = None;
                {
                    let mut commit = std::pin::pin!(press.commit(&mut group, &shutdown, &mut deadline));
                    // The next group comes together meanwhile.
                    tokio::select! {
                        biased;
                        () = &mut commit => {}
                        all = intake.collect(&mut next.ops, &shutdown, None), if !ended => {
                            (ended, is_ready) = (all, true);
                            next.prepare();
                            commit.await;
                        }
                    }
                }
                std::mem::swap(&mut group, &mut next);
            } else if ended {
                break;
            }
            if !intake.closed && press.has_rolling_work() {
                press.roll().await;
            }
        }
        press.close().await;
    }
}
