//! The one path by which readings, connection logs and statuses get on disk: a bounded queue, and a task that
//! commits what is in it in groups.
//!
//! A reading that was taken is committed or counted as lost, never neither. While the database cannot be written
//! (busy, disk full, I/O error) the task keeps its batch and tries again, the queue fills, and
//! [`WriterHandle::submit`] makes the callers wait. A row that the schema refuses is lost alone, not with its batch.

mod batch;
mod erase;
mod reflag;
mod rolling;
mod stats;

use std::{path::PathBuf, sync::Arc, time::Duration};

use app::model::{
    connection_log::ConnectionLogEntry,
    equipment::{ConnectionStatus, EquipmentId},
    outlier::Outlier,
    reading::{Committed, Reading},
};
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use self::{batch::Tally, rolling::Rolling, stats::Shared};
use super::{
    Keys, Store, Tuning,
    error::{Outage, StoreError},
    reader::Unread,
    reading_row::Texts,
    schema,
};

pub use erase::{Erased, Erasure};
pub use reflag::Reflag;
pub use stats::WriterStats;

/// Between two pieces of rolling up, so that others get at the database.
const ROLL_PAUSE: Duration = Duration::from_millis(5);

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

/// What writing needs. It moves to a thread where it may wait for the disk, and back.
struct Desk {
    place: Place,
    connection: Option<Connection>,
    keys: Keys,
    rolling: Rolling,
}

/// Where it is written.
struct Place {
    path: Arc<PathBuf>,
    tuning: Tuning,
    #[cfg(test)]
    most_pages: Option<u32>,
}

/// The task; the wiring spawns [`run`](Self::run).
pub struct Writer {
    intake: Intake,
    press: Press,
}

/// What is written in one transaction.
#[derive(Default)]
struct Group {
    ops: Vec<WriteOp>,
    /// Of the readings among them, in their order.
    texts: Texts,
}

impl Group {
    /// Makes what takes time and needs no database.
    fn prepare(&mut self) {
        self.texts.clear();
        for op in &self.ops {
            if let WriteOp::Reading { equipment, reading, .. } = op
                && let Err(error) = self.texts.push(reading)
            {
                // Of values that came as JSON, or as numbers, this cannot be.
                tracing::error!(oven = %equipment, "a reading cannot be written as JSON: {error}");
            }
        }
    }
}

/// Where groups come together.
struct Intake {
    queue: mpsc::Receiver<WriteOp>,
    closed: bool,
    rows: usize,
    delay: Duration,
    /// When the group that comes together has to be written.
    due: Option<Instant>,
}

/// Where they are written, one after the other.
struct Press {
    config: WriterConfig,
    /// None while it is at work.
    desk: Option<Desk>,
    /// Before the next piece of rolling up while nothing else comes.
    roll_pause: Duration,
    shared: Arc<Shared>,
}

impl Store {
    /// Makes the writer, with a connection of its own. There is at most one.
    pub fn writer(&self, config: WriterConfig) -> Result<(WriterHandle, Writer), StoreError> {
        let place = Place {
            path: Arc::clone(&self.path),
            tuning: self.tuning.clone(),
            #[cfg(test)]
            most_pages: None,
        };
        let connection = place.open().map_err(|error| {
            StoreError::unavailable("opening the database to write readings", Outage::of_raw(&error), error)
        })?;
        let desk = Desk { place, connection: Some(connection), keys: self.keys.clone(), rolling: Rolling::default() };
        let (sender, queue) = mpsc::channel(config.queue);
        let shared = Arc::new(Shared::default());
        let handle = WriterHandle { queue: sender, shared: Arc::clone(&shared) };
        let intake = Intake { queue, closed: false, rows: config.rows, delay: config.delay, due: None };
        let press = Press { config, desk: Some(desk), roll_pause: ROLL_PAUSE, shared };
        let writer = Writer { intake, press };
        Ok((handle, writer))
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

impl Intake {
    /// Fills `ops` until the group is full, due or waited for, or `rest` has passed without any. Says whether the queue is
    /// closed and drained. Given up before, it has lost nothing, and may go on with the same `ops`.
    async fn collect(&mut self, ops: &mut Vec<WriteOp>, shutdown: &CancellationToken, rest: Option<Duration>) -> bool {
        let idle = rest.map(|rest| Instant::now() + rest);
        loop {
            let (room, due) = (self.rows - ops.len(), self.due);
            tokio::select! {
                biased;
                () = shutdown.cancelled(), if !self.closed => {
                    self.queue.close();
                    self.closed = true;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => return false,
                count = self.queue.recv_many(ops, room) => {
                    let new = &ops[ops.len() - count..];
                    if count == room || count == 0 || new.iter().any(|op| matches!(op, WriteOp::Flush(_))) {
                        return count == 0;
                    }
                    self.due.get_or_insert_with(|| Instant::now() + self.delay);
                }
                () = sleep_until(idle.unwrap_or_else(Instant::now)), if idle.is_some() && ops.is_empty() && !self.closed => {
                    return false;
                }
            }
        }
    }
}

impl Press {
    async fn close(mut self) {
        self.at_work(|desk| {
            if let Some(connection) = desk.connection.take() {
                // So that a copy of the file alone is complete, and the next start has nothing to recover.
                let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
                let _ = connection.close();
            }
        })
        .await;
    }

    /// Commits the group, however long it takes, and leaves it empty. Only once the server is stopping does it
    /// give up, at `deadline`, which holds for all groups that are left.
    async fn commit(&mut self, group: &mut Group, shutdown: &CancellationToken, deadline: &mut Option<Instant>) {
        let mut wait = self.config.retry;
        let mut reason = "the server stopped while the database could not be written".to_owned();
        loop {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return group.ops.drain(..).for_each(|op| self.shared.lose(op, &reason));
            }
            let started = Instant::now();
            let error = match self.attempt(group).await {
                Ok(tally) => return self.shared.finish(&mut group.ops, tally, started.elapsed()),
                Err(error) => error,
            };
            self.shared.fail(&error);
            reason = format!("the server stopped while the database could not be written: {error}");

            tokio::select! {
                () = shutdown.cancelled(), if deadline.is_none() => {
                    *deadline = Some(Instant::now() + self.config.grace);
                    wait = self.config.retry;
                }
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(self.config.retry_max),
            }
        }
    }

    async fn attempt(&mut self, group: &mut Group) -> Result<Tally, Unread> {
        let taken = std::mem::take(group);
        let (taken, written) = self
            .at_work(move |desk| {
                let written = desk.attempt(|connection, keys, rolling| batch::write(connection, &taken, keys, rolling));
                // What was rolled up in memory for it is in no database.
                (taken, written.inspect_err(|_| desk.rolling.forget()))
            })
            .await;
        *group = taken;
        written
    }

    fn has_rolling_work(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.rolling.has_work())
    }

    /// How long may pass before the rollups are brought further; none where there is nothing to do.
    fn rest(&self) -> Option<Duration> {
        self.has_rolling_work().then_some(self.roll_pause)
    }

    /// Brings the rollups a little further. What fails is tried again; readings go first.
    async fn roll(&mut self) {
        let stepped = self.at_work(|desk| desk.attempt(|connection, _, rolling| rolling.step(connection))).await;
        self.roll_pause = match &stepped {
            Ok(()) => ROLL_PAUSE,
            Err(_) => self.config.retry_max,
        };
        match stepped {
            Ok(()) => {}
            Err(Unread::Stored(error)) => {
                tracing::error!(%error, "the history of an oven cannot be rolled up; charts of it are slow");
                if let Some(desk) = &mut self.desk {
                    desk.rolling.skip();
                }
            }
            Err(Unread::Sql(error)) => {
                tracing::warn!(%error, "rolling up the history waits");
                if let Some(desk) = &mut self.desk {
                    desk.rolling.forget();
                }
            }
        }
    }

    /// Does something on a thread of its own, and waits for it.
    async fn at_work<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Desk) -> T + Send + 'static) -> T {
        let mut desk = self.desk.take().expect("the writer does one thing at a time");
        let working = tokio::task::spawn_blocking(move || {
            let done = work(&mut desk);
            (desk, done)
        });
        let (desk, done) = match working.await {
            Ok(worked) => worked,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and this task with it.
                Err(_) => std::future::pending().await,
            },
        };
        self.desk = Some(desk);
        done
    }
}

impl Place {
    fn open(&self) -> rusqlite::Result<Connection> {
        let connection = schema::open_to_write(&self.path, &self.tuning)?;
        #[cfg(test)]
        if let Some(pages) = self.most_pages {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        Ok(connection)
    }
}

impl Desk {
    fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Connection, &Keys, &mut Rolling) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            closed => closed.insert(self.place.open()?),
        };
        let done = work(connection, &self.keys, &mut self.rolling);
        if let Err(Unread::Sql(_)) = &done {
            // After a full disk or an I/O error SQLite may have ended the transaction by itself: start afresh.
            self.connection = None;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use app::model::{
        equipment::EquipmentDraft,
        reading::{Quality, Values},
    };
    use uuid::Uuid;

    use super::*;

    fn op(equipment: EquipmentId, second: i64) -> WriteOp {
        let time = Timestamp::from_second(second).unwrap();
        let reading = Reading {
            reading_time: time,
            received_at: time,
            values: Values { temperature: Some(200.0), ..Values::default() },
            active_batch_id: None,
            quality: Quality::Good,
            quality_issues: Vec::new(),
        };
        WriteOp::Reading { equipment, reading: reading.into(), done: None }
    }

    async fn until(handle: &WriterHandle, failing: bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while handle.stats().failing != failing {
            assert!(Instant::now() < deadline, "{:?}", handle.stats());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// SQLite may end the transaction by itself here, which the connection does not know of.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_delays_but_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("hornero.db")).await.unwrap();
        let [old, new] = [EquipmentId(Uuid::new_v4()), EquipmentId(Uuid::new_v4())];
        for id in [old, new] {
            store.create_equipment(id, &EquipmentDraft::default(), None).await.unwrap();
        }
        let (handle, writer) = store.writer(WriterConfig::default()).unwrap();
        let filling = tokio::spawn(writer.run(CancellationToken::new()));
        for second in 0..3_000 {
            handle.submit(op(old, second)).await.unwrap();
        }
        drop(handle);
        filling.await.unwrap();

        // Leaves room for less than the next group.
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(store.pool()).await.unwrap();
        let (handle, mut writer) = store.writer(WriterConfig::default()).unwrap();
        let desk = writer.press.desk.as_mut().unwrap();
        (desk.place.most_pages, desk.connection) = (u32::try_from(pages + 5).ok(), None);
        let stop = CancellationToken::new();
        let task = tokio::spawn(writer.run(stop.clone()));
        for second in 0..1_500 {
            handle.submit(op(new, second)).await.unwrap();
        }
        until(&handle, true).await;
        assert!(handle.stats().last_error.unwrap().contains("the disk is full"));
        store.delete_equipment(old).await.unwrap();
        until(&handle, false).await;
        stop.cancel();
        task.await.unwrap();
        let stats = handle.stats();
        assert_eq!((stats.committed, stats.duplicates, stats.lost), (1_500, 0, 0), "{stats:?}");
    }
}
