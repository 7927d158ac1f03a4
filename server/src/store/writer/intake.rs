//! Takes operations from the queue and puts groups together.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{WriteOp, WriterConfig};
use crate::store::reading_row::Texts;

/// What is written in one transaction.
#[derive(Default)]
pub(super) struct Group {
    pub(super) ops: Vec<WriteOp>,
    /// Those of each operation, at its index.
    pub(super) texts: Texts,
}

impl Group {
    /// Makes what takes time and needs no database.
    pub(super) fn prepare(&mut self) {
        self.texts.clear();
        for op in &self.ops {
            let reading = if let WriteOp::Reading { reading, .. } = op { Some(&**reading) } else { None };
            if let Err(error) = self.texts.push(reading) {
                // Of values that came as JSON, or as numbers, this cannot be.
                tracing::error!("a part of a reading cannot be written as JSON: {error}");
            }
        }
    }
}

/// Where groups come together.
pub(super) struct Intake {
    queue: mpsc::Receiver<WriteOp>,
    pub(super) closed: bool,
    rows: usize,
    delay: Duration,
    /// When the group that comes together has to be written.
    pub(super) due: Option<Instant>,
}

impl Intake {
    pub(super) const fn new(queue: mpsc::Receiver<WriteOp>, config: &WriterConfig) -> Self {
        Self { queue, closed: false, rows: config.rows, delay: config.delay, due: None }
    }

    /// Fills `ops` until the group is full, due or waited for, or `rest` has passed without any. Says whether the queue is
    /// closed and drained. Given up before, it has lost nothing, and may go on with the same `ops`.
    pub(super) async fn collect(
        &mut self,
        ops: &mut Vec<WriteOp>,
        shutdown: &CancellationToken,
        rest: Option<Duration>,
    ) -> bool {
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
