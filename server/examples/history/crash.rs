//! `kill -9` again and again while every oven is read each second: what the API had shown is still there afterwards, the file
//! is sound, and the rollups are what the readings make.

use std::{collections::HashSet, path::Path, time::Duration};

use anyhow::Context as _;
use app::model::equipment::EquipmentId;
use reqwest::{Client, header};
use serde_json::Value;
use server::store::Store;
use tokio::time::Instant;

use crate::{
    Options,
    api::Admin,
    process::{Server, Simulator},
};

/// Ovens whose history is asked for before each kill.
const WATCHED: usize = 25;
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn measure(options: &Options, hornero: &Path) -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let mut simulator = Simulator::start(hornero, "modbus", options.ovens, None).await?;
    let mut server = Server::start(hornero, folder.path()).await?;
    let code = server.setup_code()?;
    let mut admin = Admin::set_up(&server.base, &code).await?;
    admin.add_all(&simulator.ovens).await?;
    let path = folder.path().join("data/hornero.db");
    let client = Client::builder().no_proxy().build()?;
    let (mut shown_in_all, mut ovens) = (0, Vec::new());
    for round in 0..options.kills {
        at_full_speed(&admin, options.ovens as u64).await?;
        if ovens.is_empty() {
            ovens = list(&client, &admin).await?;
        }
        let mut shown: Vec<(EquipmentId, Vec<Value>)> = Vec::new();
        for id in ovens.iter().skip(round * 7 % ovens.len()).take(WATCHED) {
            let history = get(&client, &admin, &format!("/api/v1/equipment/{id}/sensor-history?limit=200")).await?;
            let readings = history["readings"].as_array().cloned().unwrap_or_default();
            shown_in_all += readings.len();
            shown.push((*id, readings));
        }
        server.kill().await?;

        let store = Store::open(&path).await?;
        let flaws = store.integrity().await?;
        anyhow::ensure!(flaws.is_empty(), "kill {round}: {}", flaws.join("; "));
        for id in &ovens {
            let difference = store.rollups_differ(*id).await?;
            anyhow::ensure!(difference.is_none(), "kill {round}: {id}: {difference:?}");
        }
        for (id, readings) in &shown {
            let time = |reading: &Value| reading["reading_time"].as_str().and_then(|at| at.parse().ok());
            let Some(first) = readings.first().and_then(time) else { continue };
            let kept = store.readings_from(*id, first, jiff::Timestamp::MAX, u32::MAX).await?;
            let kept: HashSet<String> =
                kept.iter().filter_map(|reading| serde_json::to_value(reading).ok()).map(comparable).collect();
            for reading in readings {
                let text = comparable(reading.clone());
                anyhow::ensure!(kept.contains(&text), "kill {round}: {id}: {text} was shown and is gone");
            }
        }
        store.close().await;
        server = Server::start_again(hornero, folder.path()).await?;
        admin.move_to(&server.base);
    }
    println!("kill -9, {} times, {} ovens read every second", options.kills, options.ovens);
    println!("  shown before, and still there {shown_in_all} readings; file sound, rollups as the readings make them");
    server.stop().await?;
    simulator.stop().await;
    Ok(())
}

/// As text. Reading a number from JSON may cost its last digit.
fn comparable(mut reading: Value) -> String {
    fn round(value: &mut Value) {
        match value {
            Value::Number(number) => {
                if let Some(float) = number.as_f64() {
                    *value = ((float * 1e6).round() / 1e6).into();
                }
            }
            Value::Object(object) => object.values_mut().for_each(round),
            Value::Array(array) => array.iter_mut().for_each(round),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
    round(&mut reading);
    reading.to_string()
}

/// Until readings come as fast as there are ovens.
async fn at_full_speed(admin: &Admin, rate: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = admin.stats().await?.accepted;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if admin.stats().await?.accepted - before >= rate * 95 / 100 {
            return Ok(());
        }
        anyhow::ensure!(Instant::now() < deadline, "the ovens are not read every second");
    }
}

async fn list(client: &Client, admin: &Admin) -> anyhow::Result<Vec<EquipmentId>> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(client, admin, &format!("/api/v1/equipment?limit=100{cursor}")).await?;
        let items = page["items"].as_array().context("a list has items")?;
        ids.extend(items.iter().filter_map(|oven| oven["id"].as_str()?.parse::<EquipmentId>().ok()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(ids),
        }
    }
}

async fn get(client: &Client, admin: &Admin, path: &str) -> anyhow::Result<Value> {
    let request = client.get(format!("{}{path}", admin.base())).header(header::COOKIE, admin.cookie());
    Ok(request.send().await?.error_for_status()?.json().await?)
}
