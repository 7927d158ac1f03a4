//! How much Hornero needs: simulated ovens in a process of their own, the server in another, websocket clients here.
//! Prints punctuality, CPU, memory and the time from a value's arrival to a client.
//!
//! `make bench ARGS="--kind modbus --ovens 1000 --seconds 60 --clients 50"`

#[expect(dead_code, reason = "shared with the bench of history")]
mod api;
mod broker;
mod clients;
#[expect(dead_code, reason = "shared with the bench of history")]
mod process;

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Parser;

use api::Admin;
use process::{Simulator, Usage};

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Rest,
    Modbus,
    OpcUa,
    Mqtt,
}

impl Kind {
    /// As the simulator's command line has it.
    fn argument(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Modbus => "modbus",
            Self::OpcUa => "opc-ua",
            Self::Mqtt => "mqtt",
        }
    }
}

#[derive(Parser)]
struct Options {
    /// What the ovens speak. With `mqtt` they publish to a mosquitto that is started for it.
    #[arg(long, default_value = "rest")]
    kind: Kind,
    /// Simulated ovens, each with a reading every second.
    #[arg(long, default_value_t = 200)]
    ovens: usize,
    /// Length of the measurement.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Websocket clients that watch the board.
    #[arg(long, default_value_t = 10)]
    clients: usize,
    /// Seconds that everything runs before the measurement.
    #[arg(long, default_value_t = 10)]
    warm_up: u64,
    /// The server's binary; the one beside this program where absent.
    #[arg(long)]
    hornero: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let hornero = match options.hornero {
        Some(path) => path,
        None => beside_this()?,
    };
    let broker = match options.kind {
        Kind::Mqtt => Some(broker::Broker::start().await?),
        _ => None,
    };
    let address = broker.as_ref().map(|broker| broker.address.clone());
    let mut simulator = Simulator::start(&hornero, options.kind.argument(), options.ovens, address.as_deref()).await?;
    let folder = tempfile::TempDir::new()?;
    let mut server = process::Server::start(&hornero, folder.path()).await?;
    let code = server.setup_code()?;
    let admin = Admin::set_up(&server.base, &code).await?;
    admin.add_all(&simulator.ovens).await?;
    let watchers = clients::watch(&server.base, admin.cookie(), options.clients).await?;
    tokio::time::sleep(Duration::from_secs(options.warm_up)).await;

    watchers.reset();
    let (before, cpu_before) = (admin.stats().await?, Usage::of(server.pid())?);
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let (after, cpu_after) = (admin.stats().await?, Usage::of(server.pid())?);

    let polls = after.polls - before.polls;
    let due = polls + (after.skipped - before.skipped);
    let on_time = after.on_time - before.on_time;
    let cpu = cpu_after.cpu_seconds - cpu_before.cpu_seconds;
    let seconds = options.seconds as f64;
    let latency = watchers.latency();
    let readings = after.accepted - before.accepted;
    let (kind, ovens, clients) = (options.kind.argument(), options.ovens, options.clients);
    println!("{kind}, {ovens} ovens at 1 s, {clients} clients, {} s", options.seconds);
    println!("  polls                        {polls} ({:.1} a second)", polls as f64 / seconds);
    println!("  on time                      {:.2} % of {due} due", 100.0 * on_time as f64 / due.max(1) as f64);
    println!("  failed polls                 {}", after.failures - before.failures);
    println!("  readings a second, lost      {:.1}, {}", readings as f64 / seconds, after.lost - before.lost);
    println!("  CPU                          {:.1} % of one core", 100.0 * cpu / seconds);
    println!("  CPU seconds per 1,000        {:.3} readings", 1_000.0 * cpu / readings.max(1) as f64);
    println!("  RSS, highest RSS             {:.1} MB, {:.1} MB", cpu_after.rss_mb, cpu_after.peak_mb);
    println!("  arrival to client            {latency}");
    server.stop().await?;
    simulator.stop().await;
    let punctual = on_time as f64 >= 0.995 * due as f64;
    anyhow::ensure!(punctual, "fewer than 99.5 % of the polls were on time");
    Ok(())
}

/// `target/release/examples/bench` and `target/release/hornero`.
fn beside_this() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.parent().and_then(|examples| examples.parent()).context("this program has no folder")?;
    let path = folder.join("hornero");
    anyhow::ensure!(path.exists(), "{} is not built; run `make bench`", path.display());
    Ok(path)
}
