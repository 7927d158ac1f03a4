//! One oven behind its own port, whatever it speaks: its state, its faults, and the life of its listener.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::{Fault, OUT_OF_RANGE_CELSIUS};
use super::line::{self, Lines};
use super::oven::{Oven, Snapshot};
use super::spec::{OvenSpec, Vendor};
use super::{http, mqtt, opcua, registers};

/// An order to an oven, acknowledged when it is carried out.
pub struct Order {
    pub fault: Fault,
    pub done: oneshot::Sender<io::Result<()>>,
}

/// What the listener's task, the answers and the simulator share of one oven.
pub struct Station {
    spec: Arc<OvenSpec>,
    /// Held only while the model advances, never across a wait.
    oven: Mutex<Oven>,
    in_force: watch::Sender<InForce>,
    /// What the oven did before it was started, oldest first; empty where nobody wants to know.
    past: Mutex<Vec<Snapshot>>,
}

/// What is kept of the time before the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past {
    pub span: Duration,
    /// Between two snapshots.
    pub every: Duration,
}

/// A fault, with the values that a frozen oven goes on showing.
#[derive(Clone, Default)]
pub struct InForce {
    pub fault: Fault,
    pub frozen: Option<Snapshot>,
}

impl Station {
    pub fn new(spec: Arc<OvenSpec>, now: Instant, past: Option<Past>) -> Self {
        let mut told = Vec::new();
        let oven = match past {
            None => Oven::warm(&spec, now),
            Some(Past { span, every }) => {
                let present = Timestamp::now();
                Oven::with_past(&spec, now, span, every, |oven, ago| {
                    let ago = SignedDuration::try_from(ago).unwrap_or_default();
                    told.push(oven.snapshot(present.checked_sub(ago).unwrap_or(present)));
                })
            }
        };
        Self { spec, oven: Mutex::new(oven), in_force: watch::Sender::default(), past: Mutex::new(told) }
    }

    /// What the oven did before it was started; once, and then no more.
    pub fn take_past(&self) -> Vec<Snapshot> {
        std::mem::take(&mut self.past.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn fault(&self) -> Fault {
        self.in_force.borrow().fault
    }

    /// The true state now. Advancing happens here, so an oven that nobody asks costs nothing.
    pub fn snapshot(&self) -> Snapshot {
        let mut oven = self.oven();
        oven.advance_to(Instant::now());
        oven.snapshot(Timestamp::now())
    }

    pub fn hold_door(&self, held: Option<bool>) {
        let mut oven = self.oven();
        // Up to now the door was as it was; only the future is different.
        oven.advance_to(Instant::now());
        oven.hold_door(held);
    }

    pub fn spec(&self) -> &OvenSpec {
        &self.spec
    }

    /// Tells of every fault from now on.
    pub fn faults(&self) -> watch::Receiver<InForce> {
        self.in_force.subscribe()
    }

    /// What the oven says of itself under a fault: the true values, or those of the moment it froze, or those of broken
    /// sensors.
    pub fn shown(&self, in_force: &InForce) -> Snapshot {
        let mut snapshot = in_force.frozen.clone().unwrap_or_else(|| self.snapshot());
        if in_force.fault == Fault::OutOfRange {
            snapshot.temperature_celsius = OUT_OF_RANGE_CELSIUS;
            snapshot.zones_celsius.values_mut().for_each(|celsius| *celsius = OUT_OF_RANGE_CELSIUS);
        }
        snapshot
    }

    fn put_in_force(&self, fault: Fault) {
        // A gateway that lost its oven goes on showing what it heard last.
        let frozen = matches!(fault, Fault::Frozen | Fault::ServerError).then(|| self.snapshot());
        self.in_force.send_replace(InForce { fault, frozen });
    }

    fn oven(&self) -> MutexGuard<'_, Oven> {
        self.oven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where an oven's port is between two orders.
enum Port {
    Listening(TcpListener),
    /// Down: the address is kept, but refuses.
    Reserved(TcpSocket),
    /// Down, and even keeping the address failed; binding it is tried again with the next order.
    Lost,
}

/// Serves an oven, and carries out orders, until shutdown.
pub async fn run(
    station: Arc<Station>,
    listener: TcpListener,
    addr: SocketAddr,
    mut orders: mpsc::Receiver<Order>,
    shutdown: CancellationToken,
) {
    let mut port = Port::Listening(listener);
    loop {
        port = match port {
            Port::Listening(listener) => match serve(&station, listener, &mut orders, &shutdown).await {
                Some(done) => go_down(addr, done),
                None => return,
            },
            port => match refuse(&station, port, addr, &mut orders, &shutdown).await {
                Some(port) => port,
                None => return,
            },
        }
    }
}

/// Serves until the oven is ordered down, then cuts every connection and returns whom to tell; nothing on shutdown.
async fn serve(
    station: &Arc<Station>,
    listener: TcpListener,
    orders: &mut mpsc::Receiver<Order>,
    shutdown: &CancellationToken,
) -> Option<oneshot::Sender<io::Result<()>>> {
    let cut = shutdown.child_token();
    let open = TaskTracker::new();
    let lines = Lines { listener, cut: cut.clone(), open: open.clone() };
    let mut serving: Pin<Box<dyn Future<Output = ()> + Send>> = match station.spec.vendor {
        Vendor::Registers => Box::pin(registers::serve(Arc::clone(station), lines)),
        Vendor::OpcUa => Box::pin(opcua::serve(Arc::clone(station), lines)),
        Vendor::Mqtt => Box::pin(mqtt::serve(Arc::clone(station), lines)),
        _ => Box::pin(http::serve(Arc::clone(station), lines)),
    };
    let down = loop {
        tokio::select! {
            () = shutdown.cancelled() => break None,
            () = &mut serving => break None,
            Some(Order { fault, done }) = orders.recv() => {
                station.put_in_force(fault);
                if fault == Fault::Down {
                    break Some(done);
                }
                // Nobody may be waiting any more, which changes nothing.
                let _ = done.send(Ok(()));
            }
        }
    };
    // The listener goes first, or a client that is cut could be back before the port refuses.
    drop(serving);
    cut.cancel();
    open.close();
    open.wait().await;
    down
}

/// Keeps the address of an oven that has just stopped listening.
fn go_down(addr: SocketAddr, done: oneshot::Sender<io::Result<()>>) -> Port {
    // The port refuses either way, so the order is carried out even where the address could not be kept.
    let port = line::reserve(addr).map_or(Port::Lost, Port::Reserved);
    let _ = done.send(Ok(()));
    port
}

/// Waits, with the port refusing, until an order brings the oven back; nothing on shutdown.
async fn refuse(
    station: &Station,
    port: Port,
    addr: SocketAddr,
    orders: &mut mpsc::Receiver<Order>,
    shutdown: &CancellationToken,
) -> Option<Port> {
    let Order { fault, done } = tokio::select! {
        () = shutdown.cancelled() => return None,
        order = orders.recv() => match order {
            Some(order) => order,
            // Nobody is left who could bring it back.
            None => return None,
        },
    };
    if fault == Fault::Down {
        let _ = done.send(Ok(()));
        return Some(port);
    }
    let bound = match port {
        Port::Listening(listener) => Ok(listener),
        Port::Reserved(socket) => line::listen_again(socket),
        Port::Lost => line::listen(addr.port()),
    };
    let (port, outcome) = match bound {
        Ok(listener) => {
            station.put_in_force(fault);
            (Port::Listening(listener), Ok(()))
        }
        Err(error) => (Port::Lost, Err(error)),
    };
    let _ = done.send(outcome);
    Some(port)
}

/// Waits as long as a fault makes a request wait, and says which fault to answer with. A fault that is lifted or
/// replaced in the meantime no longer holds the request back.
pub async fn when_due(station: &Station) -> InForce {
    let mut faults = station.in_force.subscribe();
    loop {
        let in_force = faults.borrow_and_update().clone();
        let wait = match in_force.fault {
            // An oven that is going down says nothing more; its connections are about to be cut.
            Fault::Hang | Fault::Down => Duration::MAX,
            Fault::Slow { delay_ms } => Duration::from_millis(delay_ms),
            _ => return in_force,
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => return in_force,
            // The sender lives in the station, so this is never an error.
            _ = faults.changed() => {}
        }
    }
}
