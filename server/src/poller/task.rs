//! The life of one oven's connection.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::model::{
    connector::Delivery,
    equipment::{Equipment, EquipmentId, EquipmentKind},
    failure::FailureKind,
};
use futures::FutureExt as _;
use rand::{SeedableRng, rngs::SmallRng};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    PollContext,
    health::HealthMeter,
    journal::Journal,
    schedule::{Schedule, backoff},
};
use crate::connectors::{Connection, ConnectorError, Sample, within};

/// Ovens that push connect within this time after the start, and again after a failure.
const PUSH_SPREAD: Duration = Duration::from_secs(1);

/// How long a stopping oven's peer may take to hear of it.
const GOODBYE: Duration = Duration::from_millis(500);

pub struct Task {
    id: EquipmentId,
    kind: EquipmentKind,
    interval_s: u32,
    connection: Box<dyn Connection>,
    context: Arc<PollContext>,
    health: Arc<Mutex<HealthMeter>>,
    journal: Journal,
    connected: bool,
    rng: SmallRng,
}

impl Task {
    pub fn new(
        equipment: &Equipment,
        connection: Box<dyn Connection>,
        context: Arc<PollContext>,
        health: Arc<Mutex<HealthMeter>>,
    ) -> Self {
        Self {
            id: equipment.id,
            kind: equipment.kind,
            interval_s: equipment.poll_interval_seconds,
            connection,
            journal: Journal::new(equipment.id, equipment.name.clone(), Arc::clone(&context)),
            context,
            health,
            connected: false,
            rng: SmallRng::from_os_rng(),
        }
    }

    pub async fn run(mut self, stop: CancellationToken) {
        self.journal.connecting().await;
        // Storing waits while the database takes nothing; stopping must not wait for it. The writer counts what is
        // given up.
        match self.connection.delivery() {
            Delivery::Poll => stop.run_until_cancelled(self.poll()).await,
            Delivery::Push => stop.run_until_cancelled(self.listen()).await,
        };
        // A peer that does not answer any more is not waited for.
        let _ = timeout(GOODBYE, self.connection.close()).await;
        self.journal.stopped().await;
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.interval_s.max(1)))
    }

    /// Asks again and again.
    async fn poll(&mut self) {
        let interval = self.interval();
        let mut schedule = Schedule::new(interval, Instant::now(), &mut self.rng);
        loop {
            self.health().next_attempt(schedule.due());
            sleep_until(schedule.due()).await;
            let on_time = schedule.is_on_time(Instant::now());
            let result = self.attempt().await;
            let now = Instant::now();
            let skipped = schedule.advance(now);
            self.health().begun(now, on_time, skipped);
            if let Err(failures) = self.settle(result).await {
                let wait = backoff(interval, failures, self.context.backoff_max, &mut self.rng);
                schedule.delay(Instant::now(), wait);
            }
        }
    }

    /// Waits for what comes. The spread of the first attempt and the back-off keep many ovens of one broker from
    /// connecting at the same time.
    async fn listen(&mut self) {
        let interval = self.interval();
        let mut due = Schedule::new(interval.min(PUSH_SPREAD), Instant::now(), &mut self.rng).due();
        loop {
            self.health().next_attempt(due);
            sleep_until(due).await;
            let result = match self.open().await {
                Ok(()) => {
                    self.health().listening();
                    self.journal.opened().await;
                    self.hear().await
                }
                Err(error) => error,
            };
            self.health().begun(Instant::now(), true, 0);
            let failures = self.fail(&result).await;
            due = Instant::now() + backoff(PUSH_SPREAD, failures, self.context.backoff_max, &mut self.rng);
        }
    }

    /// Takes what comes until the connection fails.
    async fn hear(&mut self) -> ConnectorError {
        loop {
            match unpanicked(self.connection.next()).await {
                Ok(sample) => {
                    self.health().begun(Instant::now(), true, 0);
                    self.take(sample).await;
                }
                Err(error) if error.connection_stands => {
                    self.journal.failed(&error).await;
                    self.health().failed(Instant::now(), error.failure());
                }
                Err(error) => return error,
            }
        }
    }

    async fn open(&mut self) -> Result<(), ConnectorError> {
        let limit = self.connection.timeout();
        let opening = unpanicked(self.connection.connect());
        within(limit, opening).await
    }

    /// One poll; a peer that is too slow is dropped with its connection.
    async fn attempt(&mut self) -> Result<Sample, ConnectorError> {
        let limit = self.connection.timeout();
        let attempt = async {
            if !self.connected {
                self.connection.connect().await?;
                self.connected = true;
            }
            self.connection.next().await
        };
        within(limit, unpanicked(attempt)).await
    }

    /// Stores and reports an outcome; the error is how many failures in a row there are now.
    async fn settle(&mut self, result: Result<Sample, ConnectorError>) -> Result<(), u32> {
        match result {
            Ok(sample) => {
                self.take(sample).await;
                Ok(())
            }
            Err(error) => Err(self.fail(&error).await),
        }
    }

    async fn take(&mut self, mut sample: Sample) {
        self.health().succeeded(Instant::now(), sample.response_time);
        let response_ms = sample.response_time.as_secs_f64() * 1_000.0;
        let data_points = sample.data_points();
        let notes = std::mem::take(&mut sample.notes);
        let outcome = self.context.ingest.accept(self.id, self.kind, self.interval_s, sample).await;
        self.journal.succeeded(response_ms, data_points, outcome).await;
        self.journal.note(notes).await;
    }

    async fn fail(&mut self, error: &ConnectorError) -> u32 {
        self.connected = false;
        self.journal.failed(error).await;
        self.health().failed(Instant::now(), error.failure())
    }

    fn health(&self) -> MutexGuard<'_, HealthMeter> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that a driver, or the library under it, panics at is a failure like another: the oven is connected anew and
/// goes on. The panic hook has reported where it was.
async fn unpanicked<T>(work: impl Future<Output = Result<T, ConnectorError>>) -> Result<T, ConnectorError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        let detail = "the connector broke off at something that came; the log of the server says where";
        Err(ConnectorError::new(FailureKind::Protocol, detail).with_code("panic"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let answer: Vec<u16> = Vec::new();
        let error = unpanicked(async move { Ok(answer[1]) }).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (FailureKind::Protocol, "panic"));
        assert_eq!(unpanicked(async { Ok(2_315) }).await, Ok(2_315));
    }
}
