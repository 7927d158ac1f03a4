//! `hornero simulate`: ovens without a server, in a process of their own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::json;
use server::{
    demo,
    simulator::{FleetKind, OvenSpec, Simulator, fleet_of, publishers},
};
use tokio_util::sync::CancellationToken;

use super::stop::Stop;

/// What simulated ovens speak.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Rest,
    Modbus,
    OpcUa,
    Mqtt,
}

impl From<Kind> for FleetKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Rest => Self::Rest,
            Kind::Modbus => Self::Modbus,
            Kind::OpcUa => Self::OpcUa,
            Kind::Mqtt => Self::Mqtt,
        }
    }
}

/// Prints one line an oven, `{"equipment": …, "credentials": …}` as the API takes them, then `ready`.
pub async fn run(kind: Kind, ovens: usize, interval: u32, broker: Option<&str>) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    let shutdown = CancellationToken::new();
    let specs = fleet_of(kind.into(), ovens);
    if let Some(broker) = broker {
        anyhow::ensure!(kind == Kind::Mqtt, "--broker is for --kind mqtt");
        return publish(specs, interval, broker, shutdown, stop).await;
    }
    let simulator = Simulator::start(specs, shutdown.clone())?;
    say(simulator.ovens().iter().map(|oven| (&*oven.spec, oven.addr)), interval)?;
    stop.asked().await;
    shutdown.cancel();
    simulator.stopped().await;
    Ok(())
}

/// Publishes to a broker until it is stopped, each oven once in an interval.
async fn publish(
    mut specs: Vec<OvenSpec>,
    interval: u32,
    broker: &str,
    shutdown: CancellationToken,
    mut stop: Stop,
) -> anyhow::Result<()> {
    let addr = tokio::net::lookup_host(broker).await.context("--broker takes HOST:PORT")?.next();
    let addr = addr.context("the broker's name has no address")?;
    let login = std::env::var("HORNERO_BROKER_USER").ok().zip(std::env::var("HORNERO_BROKER_PASSWORD").ok());
    for spec in &mut specs {
        spec.set_login(login.as_ref());
    }
    let target = publishers::Target {
        host: addr.ip().to_string(),
        port: addr.port(),
        login,
        period: Duration::from_secs(u64::from(interval.max(1))),
        quality: 1,
    };
    let tasks = publishers::publish(specs.clone(), &target, &shutdown).await?;
    say(specs.iter().map(|spec| (spec, addr)), interval)?;
    stop.asked().await;
    shutdown.cancel();
    tasks.wait().await;
    Ok(())
}

fn say<'a>(ovens: impl Iterator<Item = (&'a OvenSpec, SocketAddr)>, interval: u32) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for (spec, addr) in ovens {
        let (equipment, credentials) = demo::connection_json(spec, addr, interval);
        writeln!(out, "{}", json!({"equipment": equipment, "credentials": credentials}))?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    Ok(())
}
