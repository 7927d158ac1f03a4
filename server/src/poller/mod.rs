//! One task per oven: schedule, timeout, back-off, health, and a log entry for each change of state.
//!
//! # Layout
//! - `mod.rs` the supervisor: starts, stops and reconfigures one oven without touching the others
//! - [`schedule`] when to poll next (pure)
//! - [`task`] the life of one oven's connection
//! - [`journal`] turns outcomes into log entries and status, once per change
//! - [`health`] counts and latencies

mod health;
mod journal;
mod schedule;
mod task;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::model::{
    equipment::{Equipment, EquipmentId},
    health::ConnectionHealth,
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{connectors::Connection, ingest::Ingest, live::LiveHub, store::writer::WriterHandle};
use health::HealthMeter;

/// What every task needs.
pub struct PollContext {
    pub live: Arc<LiveHub>,
    pub ingest: Arc<Ingest>,
    pub writer: WriterHandle,
    /// Longest wait between two attempts on an oven that does not answer.
    pub backoff_max: Duration,
}

pub struct Poller {
    context: Arc<PollContext>,
    tasks: Mutex<HashMap<EquipmentId, Running>>,
    /// Serialises changes to one poller, so that two admins cannot start one oven twice.
    changing: tokio::sync::Mutex<()>,
    shutdown: CancellationToken,
}

struct Running {
    stop: CancellationToken,
    handle: JoinHandle<()>,
    health: Arc<Mutex<HealthMeter>>,
}

/// Totals over all ovens since the server started.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct PollTotals {
    pub ovens: usize,
    pub polls: u64,
    /// Begun within a tenth of the interval (at least 50 ms) of when they were due.
    pub on_time: u64,
    /// Due but never begun, because the one before took too long.
    pub skipped: u64,
    pub failures: u64,
}

impl Poller {
    pub fn new(context: PollContext, shutdown: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            context: Arc::new(context),
            tasks: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            shutdown,
        })
    }

    /// Starts an oven, replacing the connection that it may have.
    pub async fn start(&self, equipment: &Equipment, connection: Box<dyn Connection>) {
        let _changing = self.changing.lock().await;
        self.end(equipment.id).await;
        let stop = self.shutdown.child_token();
        let health = Arc::new(Mutex::new(HealthMeter::default()));
        let task = task::Task::new(equipment, connection, Arc::clone(&self.context), Arc::clone(&health));
        let handle = tokio::spawn(task.run(stop.clone()));
        self.tasks().insert(equipment.id, Running { stop, handle, health });
    }

    /// Stops an oven and waits until its connection is closed.
    pub async fn stop(&self, id: EquipmentId) {
        let _changing = self.changing.lock().await;
        self.end(id).await;
    }

    async fn end(&self, id: EquipmentId) {
        let running = self.tasks().remove(&id);
        if let Some(running) = running {
            running.stop.cancel();
            // A panic of the task was already reported by the panic hook.
            let _ = running.handle.await;
            self.context.ingest.forget(id);
        }
    }

    /// Waits for every task after shutdown was asked for.
    pub async fn drain(&self) {
        let all: Vec<_> = self.tasks().drain().map(|(_, running)| running.handle).collect();
        futures::future::join_all(all).await;
    }

    pub fn health(&self, id: EquipmentId) -> ConnectionHealth {
        let meter = self.tasks().get(&id).map(|running| Arc::clone(&running.health));
        meter
            .map(|meter| meter.lock().unwrap_or_else(PoisonError::into_inner).report(Instant::now()))
            .unwrap_or_default()
    }

    pub fn totals(&self) -> PollTotals {
        let tasks = self.tasks();
        let mut totals = PollTotals { ovens: tasks.len(), ..PollTotals::default() };
        for running in tasks.values() {
            running.health.lock().unwrap_or_else(PoisonError::into_inner).add_to(&mut totals);
        }
        totals
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, HashMap<EquipmentId, Running>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
