//! `hornero simulate`: ovens without a server, in a process of their own.

use std::io::Write as _;

use serde_json::json;
use server::{
    demo,
    simulator::{Simulator, fleet},
};
use tokio_util::sync::CancellationToken;

/// Prints one line an oven, `{"equipment": …, "credentials": …}` as the API takes them, then `ready`.
pub async fn run(ovens: usize, interval: u32) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    let simulator = Simulator::start(fleet(ovens), shutdown.clone())?;
    let mut out = std::io::stdout().lock();
    for oven in simulator.ovens() {
        let (equipment, credentials) = demo::connection_json(&oven.spec, oven.addr, interval);
        writeln!(out, "{}", json!({"equipment": equipment, "credentials": credentials}))?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    drop(out);
    tokio::signal::ctrl_c().await?;
    shutdown.cancel();
    simulator.stopped().await;
    Ok(())
}
