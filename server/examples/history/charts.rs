//! Charts of every length, and the whole history as a file, from a server in a process of its own.

use std::{path::Path, time::Instant};

use anyhow::Context as _;
use app::model::equipment::EquipmentId;
use futures::StreamExt as _;
use reqwest::{Client, header};
use serde_json::Value;
use server::store::Store;
use sqlx::Row as _;

use crate::{
    Options,
    api::Admin,
    oven, percentile,
    process::{Server, Usage},
};

const POINTS: u32 = 2_000;
const TIMES: i64 = 200;
/// What a page of the oven draws.
const DRAWN: &str = "&fields=temperature,target_temperature,temperature_zones.top,temperature_zones.bottom,humidity";

pub async fn measure(options: &Options, hornero: &Path, folder: &Path, id: EquipmentId) -> anyhow::Result<()> {
    let mut server = Server::start(hornero, folder).await?;
    let code = server.setup_code()?;
    let admin = Admin::set_up(&server.base, &code).await?;
    let client = Client::builder().no_proxy().build()?;
    let ask = |path: String| client.get(format!("{}{path}", server.base)).header(header::COOKIE, admin.cookie()).send();
    let path = format!("/api/v1/equipment/{id}/sensor-history");
    let end = options.days * 86_400;
    let mut slow = Vec::new();

    println!("charts of {POINTS} points, time until the answer is complete");
    for (name, seconds) in [
        ("1 hour", 3_600),
        ("6 hours", 6 * 3_600),
        ("24 hours", 86_400),
        ("7 days", 7 * 86_400),
        ("30 days", 30 * 86_400),
        ("90 days", 90 * 86_400),
        ("1 year", 365 * 86_400),
    ] {
        if seconds > end {
            continue;
        }
        for (what, fields) in [("five fields", DRAWN), ("all fields", "")] {
            let (mut times, mut answer) = (Vec::new(), Value::Null);
            for turn in 0..TIMES {
                // The newest range first, as a page asks for it, then ranges all over the history.
                let start = (end - seconds) - turn * (end - seconds) / TIMES;
                let (from, to) = (oven::time(start), oven::time(start + seconds));
                let query = format!("?start_time={from}&end_time={to}&max_points={POINTS}{fields}");
                let started = Instant::now();
                let body = ask(format!("{path}{query}")).await?.error_for_status()?.bytes().await?;
                if turn > 1 {
                    times.push(started.elapsed().as_secs_f64() * 1_000.0);
                }
                answer = serde_json::from_slice(&body)?;
            }
            times.sort_unstable_by(f64::total_cmp);
            let (p50, p95) = (percentile(&times, 0.5), percentile(&times, 0.95));
            let points =
                answer["buckets"].as_array().map_or(0, Vec::len).max(answer["readings"].as_array().map_or(0, Vec::len));
            let resolution = answer["resolution"].as_str().unwrap_or_default();
            println!(
                "  {name:<9} {what:<12}       p50 {p50:5.1} ms, p95 {p95:5.1} ms; {points} points from {resolution}"
            );
            let limit = if name == "24 hours" { 10.0 } else { 50.0 };
            if p95 > limit {
                slow.push(format!("{name}, {what}: {p95:.1} ms"));
            }
        }
    }

    let raw = scan(&folder.join("data")).await?;
    for format in ["csv", "ndjson"] {
        let before = Usage::of(server.pid())?.rss_mb;
        let (from, to) = (oven::time(0), oven::time(end));
        let started = Instant::now();
        let answer =
            ask(format!("{path}/export?format={format}&start_time={from}&end_time={to}")).await?.error_for_status()?;
        let (mut stream, mut lines, mut bytes, mut highest) = (answer.bytes_stream(), 0_u64, 0_u64, before);
        let mut looked = Instant::now();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            lines += chunk.split(|byte| *byte == b'\n').count() as u64 - 1;
            bytes += chunk.len() as u64;
            if looked.elapsed().as_millis() > 50 {
                highest = highest.max(Usage::of(server.pid())?.rss_mb);
                looked = Instant::now();
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let speed = lines as f64 / seconds;
        println!(
            "export as {format:<6}               {speed:.0} rows a second, {:.0} % of a bare scan ({raw:.0}); {:.0} MB; RSS +{:.1} MB",
            100.0 * speed / raw,
            bytes as f64 / 1e6,
            highest - before
        );
        if speed < 100_000.0 || highest - before > 20.0 {
            slow.push(format!("export as {format}"));
        }
    }
    server.stop().await?;
    anyhow::ensure!(slow.is_empty(), "over the limit: {}", slow.join("; "));
    Ok(())
}

/// All columns of every reading, looked at and thrown away.
async fn scan(folder: &Path) -> anyhow::Result<f64> {
    let store = Store::open(&folder.join("hornero.db")).await?;
    let mut rows = sqlx::query("SELECT * FROM equipment_sensor_readings LIMIT 1000000").fetch(store.pool());
    let (started, mut count, mut sum) = (Instant::now(), 0_u64, 0_i64);
    while let Some(row) = rows.next().await {
        let row = row?;
        sum = sum.wrapping_add(row.try_get::<i64, _>(1)?);
        count += 1;
    }
    drop(rows);
    store.close().await;
    anyhow::ensure!(sum != 0, "nothing was read");
    Some(count as f64 / started.elapsed().as_secs_f64()).context("no time passed")
}
