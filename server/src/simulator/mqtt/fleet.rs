//! Many ovens that publish to a broker elsewhere, for the benchmark: the load is the point, not the physics.
//!
//! Each oven is simulated once at the start; what it publishes differs from second to second by a small swing, which
//! costs next to nothing. Several connections share the ovens, as gateways do.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::state_topic;
use crate::simulator::oven::{Oven, Snapshot};
use crate::simulator::spec::OvenSpec;
use crate::simulator::vendor;

/// Ovens that share one connection.
const PER_GATEWAY: usize = 250;
/// Pieces into which a period is cut, so that the load does not come in one burst.
const SLICES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// Where and how often a fleet publishes.
#[derive(Clone, Debug)]
pub struct Target {
    pub host: String,
    pub port: u16,
    /// User and password, where the broker wants them.
    pub login: Option<(String, String)>,
    /// Each oven publishes once in this time.
    pub period: Duration,
    /// 0 or 1.
    pub quality: u8,
}

/// Connects and publishes until shutdown. Returns when every gateway is connected; the tasks are in the tracker.
///
/// # Errors
///
/// When the broker does not answer within 10 s or refuses.
pub async fn publish(
    ovens: Vec<OvenSpec>,
    target: &Target,
    shutdown: &CancellationToken,
) -> anyhow::Result<TaskTracker> {
    let tasks = TaskTracker::new();
    for (number, ovens) in ovens.chunks(PER_GATEWAY).enumerate() {
        let mut options =
            MqttOptions::new(format!("gateway-{number}-{}", std::process::id()), &target.host, target.port);
        options.set_keep_alive(Duration::from_secs(30)).set_inflight(1_000);
        if let Some((username, password)) = &target.login {
            options.set_credentials(username, password);
        }
        let (client, mut connection) = AsyncClient::new(options, 10_000);
        loop {
            let event = timeout(PATIENCE, connection.poll()).await;
            let event = event.map_err(|_| anyhow::anyhow!("{}:{} does not answer", target.host, target.port))??;
            if matches!(event, Event::Incoming(Incoming::ConnAck(_))) {
                break;
            }
        }
        let stop = shutdown.clone();
        tasks.spawn(stop.run_until_cancelled_owned(async move {
            loop {
                if connection.poll().await.is_err() {
                    // The broker is away; it is tried again without haste.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }));
        let gateway = Gateway::new(ovens);
        let target = target.clone();
        tasks.spawn(shutdown.clone().run_until_cancelled_owned(gateway.run(client, target)));
    }
    tasks.close();
    Ok(tasks)
}

struct Gateway {
    ovens: Vec<(String, Snapshot)>,
}

impl Gateway {
    fn new(specs: &[OvenSpec]) -> Self {
        let now = Instant::now();
        let oven = |spec: &OvenSpec| (state_topic(&spec.id), Oven::warm(spec, now).snapshot(Timestamp::now()));
        Self { ovens: specs.iter().map(oven).collect() }
    }

    async fn run(self, client: AsyncClient, target: Target) {
        let quality = if target.quality == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        let mut ticks = tokio::time::interval(target.period / SLICES as u32);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let slice = self.ovens.len().div_ceil(SLICES).max(1);
        loop {
            for ovens in self.ovens.chunks(slice) {
                ticks.tick().await;
                for (topic, base) in ovens {
                    let now = swung(base);
                    let payload = vendor::gateway(&now).to_string();
                    if client.publish(topic, quality, false, payload).await.is_err() {
                        return;
                    }
                }
            }
            for _ in self.ovens.chunks(slice).len()..SLICES {
                ticks.tick().await;
            }
        }
    }
}

/// The oven a moment later: within 2 K of where it was.
fn swung(base: &Snapshot) -> Snapshot {
    let time = Timestamp::now();
    let swing = (time.as_millisecond().rem_euclid(60_000) as f64 / 60_000.0 * std::f64::consts::TAU).sin() * 2.0;
    let mut now = Snapshot { time, ..base.clone() };
    now.temperature_celsius += swing;
    now.zones_celsius.values_mut().for_each(|celsius| *celsius += swing);
    now
}
