//! Writes groups, one after the other, and rolls up in between.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rusqlite::Connection;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    WriterConfig,
    batch::{self, Tally},
    intake::Group,
    rolling::Rolling,
    stats::Shared,
};
use crate::store::{Keys, Store, Tuning, reader::Unread, schema};

/// Between two pieces of rolling up, so that others get at the database.
const ROLL_PAUSE: Duration = Duration::from_millis(5);

/// Where they are written, one after the other.
pub(super) struct Press {
    config: WriterConfig,
    /// None while it is at work.
    desk: Option<Desk>,
    /// Before the next piece of rolling up while nothing else comes.
    roll_pause: Duration,
    shared: Arc<Shared>,
}

/// What writing needs. It moves to a thread where it may wait for the disk, and back.
pub(super) struct Desk {
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

impl Press {
    pub(super) const fn new(desk: Desk, config: WriterConfig, shared: Arc<Shared>) -> Self {
        Self { config, desk: Some(desk), roll_pause: ROLL_PAUSE, shared }
    }

    pub(super) async fn close(mut self) {
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
    pub(super) async fn commit(
        &mut self,
        group: &mut Group,
        shutdown: &CancellationToken,
        deadline: &mut Option<Instant>,
    ) {
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

    pub(super) fn has_rolling_work(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.rolling.has_work())
    }

    /// How long may pass before the rollups are brought further; none where there is nothing to do.
    pub(super) fn rest(&self) -> Option<Duration> {
        self.has_rolling_work().then_some(self.roll_pause)
    }

    /// Brings the rollups a little further. What fails is tried again; readings go first.
    pub(super) async fn roll(&mut self) {
        let stepped = self.at_work(|desk| desk.attempt(|connection, _, rolling| rolling.step(connection))).await;
        self.roll_pause = ROLL_PAUSE;
        // What cannot be read was left alone.
        if let Err(Unread::Sql(error)) = stepped {
            tracing::warn!(%error, "rolling up the history waits");
            self.roll_pause = self.config.retry_max;
            if let Some(desk) = &mut self.desk {
                desk.rolling.forget();
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
    pub(super) fn new(store: &Store) -> rusqlite::Result<Self> {
        let place = Place {
            path: Arc::clone(&store.path),
            tuning: store.tuning.clone(),
            #[cfg(test)]
            most_pages: None,
        };
        Ok(Self { connection: Some(place.open()?), place, keys: store.keys.clone(), rolling: Rolling::default() })
    }

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
        equipment::{EquipmentDraft, EquipmentId},
        reading::{Quality, Reading, Values},
    };
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::store::{WriteOp, WriterHandle};

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
