//! Old readings go while new ones come.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use app::model::{
    equipment::{EquipmentDraft, EquipmentId},
    history::Resolution,
};
use jiff::Timestamp;
use server::store::{Store, WriteOp, WriterConfig, writer::Erasure};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{Options, oven, percentile};

const OVENS: usize = 100;
/// Readings a second.
const RATE: u32 = 1_000;

pub async fn measure(options: &Options, folder: &Path, old: EquipmentId) -> anyhow::Result<()> {
    let store = Store::open(&folder.join("hornero.db")).await?;
    let mut ovens = Vec::new();
    for number in 0..OVENS {
        let id = EquipmentId(uuid::Uuid::new_v4());
        let draft = EquipmentDraft { name: format!("Horno {number}"), ..EquipmentDraft::default() };
        store.create_equipment(id, &draft, None).await?;
        ovens.push(id);
    }
    let config = WriterConfig::default();
    let delay = config.delay;
    let (handle, writer) = store.writer(config)?;
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));

    let deleting = tokio::spawn({
        let (handle, delete) = (handle.clone(), options.delete);
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let what = Erasure::Older { resolution: Resolution::Raw, than: Timestamp::now().as_microsecond() };
            let (started, mut rows) = (Instant::now(), 0);
            while rows < delete {
                let erased = handle.erase(old, what, server::service::retention::PIECE).await?;
                rows += erased.rows;
                if !erased.more {
                    break;
                }
                tokio::time::sleep(server::service::retention::PAUSE).await;
            }
            anyhow::Ok((rows, started.elapsed()))
        }
    });
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    let (mut pending, mut second) = (Vec::new(), 0);
    while !deleting.is_finished() {
        ticks.tick().await;
        let (done, kept) = oneshot::channel();
        let reading = oven::at(Timestamp::now(), second).into();
        second += 1;
        let equipment = ovens[(second as usize) % OVENS];
        let submitted = Instant::now();
        handle.submit(WriteOp::Reading { equipment, reading, done: Some(done) }).await?;
        pending.push(tokio::spawn(async move { kept.await.map(|_| submitted.elapsed()) }));
    }
    let (rows, took) = deleting.await??;
    let mut times = Vec::new();
    for reading in pending {
        times.push(reading.await??.as_secs_f64() * 1_000.0);
    }
    stop.cancel();
    writing.await?;
    store.close().await;
    times.sort_unstable_by(f64::total_cmp);
    let longest = times.last().copied().unwrap_or_default();
    let pause = longest - delay.as_secs_f64() * 1_000.0;
    println!("retention of {rows} readings in {:.0} s, with {RATE} new ones a second", took.as_secs_f64());
    println!(
        "  until a new one is stored    p50 {:.0} ms, longest {longest:.0} ms: {pause:.0} ms more than the commit interval",
        percentile(&times, 0.5)
    );
    anyhow::ensure!(rows >= options.delete.min(1), "nothing was deleted");
    anyhow::ensure!(pause <= 250.0, "readings had to wait");
    Ok(())
}
