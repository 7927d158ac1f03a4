//! Simulated ovens with believable behaviour behind real sockets, for the demo, the tests and the benchmark.
//!
//! The simulator is a peer, not a part, of the product: it knows nothing of `app::model`, so that what it says must
//! travel through the same mapping as what a real oven says.
//!
//! # Layout
//!
//! - `spec`: what an oven to simulate is told: name, kind, vendor shape, credentials, programs.
//! - `bakery`: the ovens of the demo and the fleet of the benchmark.
//! - `build`: what ovens are made of: heater, masses, losses, zones of each kind.
//! - `thermal`: the physics, stepped in seconds (pure).
//! - `dough`: what goes into the oven, and how it bakes through (pure).
//! - `program`: bake programs, and the words for what an oven is doing.
//! - `cycle`: the stages an oven goes through with its programs (pure).
//! - `oven`: physics and program together, and the [`Snapshot`] of them.
//! - `vendor`: the JSON vendors make of a snapshot, and the credentials each wants.
//! - `fault`: what can be made to go wrong, and the answers a faulty oven gives.
//! - `station`: one listener an oven; lazily advances the model to the time of each request.
//! - `http`, `registers`, `opcua`, `mqtt`: what answers behind the listener: HTTP, Modbus TCP, OPC UA, MQTT.
//! - `line`: connections that can be cut; `relay`: connections that faults happen to.
//! - `control`: the loopback API that lists the ovens and sets faults.

mod bakery;
mod build;
mod control;
mod cycle;
mod dough;
mod fault;
mod http;
mod line;
mod mqtt;
mod opcua;
mod oven;
mod program;
mod registers;
mod relay;
mod spec;
mod station;
#[cfg(test)]
mod tests;
mod thermal;
mod vendor;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use bakery::{FleetKind, demo_ovens, fleet, fleet_of};
pub use fault::Fault;
pub use mqtt::fleet as publishers;
pub use mqtt::{availability_topic, state_topic};
pub use oven::Snapshot;
pub use program::{Program, Stage, Status};
pub use spec::{Credentials, OvenKind, OvenSpec, Vendor};
pub use station::Past;

use station::{Order, Station};

/// Ovens that are running. Clones share the same ovens; dropping the last one leaves them running until shutdown.
#[derive(Clone)]
pub struct Simulator {
    places: Arc<Vec<Place>>,
    tasks: TaskTracker,
}

/// A simulated oven and where it listens.
#[derive(Clone)]
pub struct RunningOven {
    pub spec: Arc<OvenSpec>,
    /// Stays the same for the life of the simulator, also through [`Fault::Down`].
    pub addr: SocketAddr,
}

impl RunningOven {
    /// For example `http://127.0.0.1:40123`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

/// One oven as the simulator keeps it: what it is, and the way to give it orders.
struct Place {
    oven: RunningOven,
    station: Arc<Station>,
    orders: mpsc::Sender<Order>,
}

impl Simulator {
    /// Starts every oven of `specs` on 127.0.0.1, already warm and each in another phase of its program.
    ///
    /// Must be called inside a tokio runtime; takes a few milliseconds an oven, which go into warming it up. All tasks end, and all connections are cut, when `shutdown` is cancelled.
    ///
    /// # Errors
    ///
    /// When two ovens share an id, a spec makes no sense (no programs, a time scale that is not positive), or a port is
    /// taken. No oven is started then.
    pub fn start(specs: Vec<OvenSpec>, shutdown: CancellationToken) -> anyhow::Result<Self> {
        Self::start_with(specs, None, shutdown)
    }

    /// Like [`start`](Self::start), with ovens that have been at work for a while and can [tell](Self::take_past) of it.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_with(specs: Vec<OvenSpec>, past: Option<Past>, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let mut ids = HashSet::new();
        let mut bound = Vec::with_capacity(specs.len());
        for spec in specs {
            spec.check()?;
            anyhow::ensure!(ids.insert(spec.id.clone()), "two simulated ovens have the id {:?}", spec.id);
            let listener =
                line::listen(spec.port).with_context(|| format!("simulated oven {:?} cannot listen", spec.id))?;
            let addr = listener.local_addr()?;
            bound.push((spec, listener, addr));
        }

        // Tasks are spawned only now that nothing can fail any more, so an error leaves nothing running.
        let now = Instant::now();
        let tasks = TaskTracker::new();
        let places = bound
            .into_iter()
            .map(|(spec, listener, addr)| {
                let spec = Arc::new(spec);
                let station = Arc::new(Station::new(Arc::clone(&spec), now, past));
                let (orders, inbox) = mpsc::channel(8);
                tasks.spawn(station::run(Arc::clone(&station), listener, addr, inbox, shutdown.clone()));
                Place { oven: RunningOven { spec, addr }, station, orders }
            })
            .collect();
        tasks.close();
        Ok(Self { places: Arc::new(places), tasks })
    }

    /// All ovens in the order they were given.
    pub fn ovens(&self) -> Vec<RunningOven> {
        self.places.iter().map(|place| place.oven.clone()).collect()
    }

    /// Sets what is wrong with an oven; when this returns the fault is in force for every later request.
    ///
    /// # Errors
    ///
    /// When no oven has this id, the simulator is shutting down, or the port could not be bound again after
    /// [`Fault::Down`].
    pub async fn set_fault(&self, id: &str, fault: Fault) -> anyhow::Result<()> {
        let place = self.place(id).with_context(|| format!("no simulated oven has the id {id:?}"))?;
        let (done, answer) = oneshot::channel();
        let stopped = || format!("simulated oven {id:?} has stopped");
        place.orders.send(Order { fault, done }).await.ok().with_context(stopped)?;
        answer.await.with_context(stopped)?.with_context(|| format!("simulated oven {id:?} cannot listen again"))
    }

    /// The fault in force, or nothing when no oven has this id.
    pub fn fault(&self, id: &str) -> Option<Fault> {
        self.place(id).map(|place| place.station.fault())
    }

    /// Holds the door open (`Some(true)`) or shut (`Some(false)`), or lets the program decide again (`None`).
    /// Says whether an oven has this id.
    pub fn set_door(&self, id: &str, held: Option<bool>) -> bool {
        let place = self.place(id);
        if let Some(place) = place {
            place.station.hold_door(held);
        }
        place.is_some()
    }

    /// The true state of an oven now, whatever its fault makes it say, or nothing when no oven has this id.
    pub fn snapshot(&self, id: &str) -> Option<Snapshot> {
        self.place(id).map(|place| place.station.snapshot())
    }

    /// What an oven did before it was started, oldest first; nothing after the first call.
    pub fn take_past(&self, id: &str) -> Vec<Snapshot> {
        self.place(id).map(|place| place.station.take_past()).unwrap_or_default()
    }

    /// The control API, to be served on a loopback address only: `GET /sim/ovens`,
    /// `PUT /sim/ovens/{id}/fault`, `PUT /sim/ovens/{id}/door`.
    pub fn control_router(&self) -> axum::Router {
        control::router(self.clone())
    }

    /// Returns when every oven has ended after shutdown.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }

    fn place(&self, id: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.oven.spec.id == id)
    }
}
