//! The life of one oven's connection.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::model::{
    equipment::{Equipment, EquipmentId, EquipmentKind},
    failure::FailureKind,
};
use rand::{SeedableRng, rngs::SmallRng};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    PollContext,
    health::HealthMeter,
    journal::Journal,
    schedule::{Schedule, backoff},
};
use crate::connectors::{Connection, ConnectorError, Sample};

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
        let interval = Duration::from_secs(u64::from(self.interval_s.max(1)));
        let mut schedule = Schedule::new(interval, Instant::now(), &mut self.rng);
        self.journal.connecting().await;
        loop {
            self.health().next_attempt(schedule.due());
            if stop.run_until_cancelled(sleep_until(schedule.due())).await.is_none() {
                break;
            }
            let on_time = schedule.is_on_time(Instant::now());
            let Some(result) = stop.run_until_cancelled(self.attempt()).await else { break };
            let now = Instant::now();
            let skipped = schedule.advance(now);
            self.health().begun(now, on_time, skipped);
            // Storing waits while the database takes nothing; stopping must not wait for it. The writer counts what
            // is given up.
            let Some(failures) = stop.run_until_cancelled(self.settle(result)).await else { break };
            if failures > 0 {
                let wait = backoff(interval, failures, self.context.backoff_max, &mut self.rng);
                schedule.delay(Instant::now(), wait);
            }
        }
        self.journal.stopped().await;
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
        timeout(limit, attempt).await.unwrap_or_else(|_| {
            let detail = format!("no complete answer within {} s", limit.as_secs_f64());
            Err(ConnectorError::new(FailureKind::Timeout, detail))
        })
    }

    /// Stores and reports an outcome; returns how many failures in a row there are now.
    async fn settle(&mut self, result: Result<Sample, ConnectorError>) -> u32 {
        match result {
            Ok(sample) => {
                self.take(sample).await;
                0
            }
            Err(error) => self.fail(&error).await,
        }
    }

    async fn take(&mut self, sample: Sample) {
        self.health().succeeded(Instant::now(), sample.response_time);
        let response_ms = sample.response_time.as_secs_f64() * 1_000.0;
        let data_points = sample.data_points();
        let outcome = self.context.ingest.accept(self.id, self.kind, self.interval_s, sample).await;
        self.journal.succeeded(response_ms, data_points, outcome).await;
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
