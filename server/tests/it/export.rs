//! The history of an oven as a file.

use std::io::Read as _;

use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use server::simulator::Fault;

use crate::harness::{Bakery, Ovens, eventually};

#[tokio::test]
async fn a_file_has_every_reading_and_no_bad_value() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, id, "connected").await;
    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::OutOfRange).await.unwrap();
    bakery.logged(&admin, id, "value_rejected").await;
    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::Down).await.unwrap();
    bakery.logged(&admin, id, "disconnected").await;

    let staff = bakery.login("staff").await;
    let path = format!("/api/v1/equipment/{id}/sensor-history");
    let readings = eventually("all readings in the database", || async {
        let stored = bakery.server.service.ingest.writer_stats();
        let history = staff.json(&path).await["readings"].as_array().unwrap().clone();
        (stored.queue_len == 0 && history.len() as u64 == stored.committed).then_some(history)
    })
    .await;
    assert!(readings.iter().any(|reading| reading["quality"] == "bad"));

    let lines = staff.text(&format!("{path}/export?format=ndjson")).await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, readings);

    let file = staff.get(&format!("{path}/export?format=csv")).await;
    let attachment = file.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert!(attachment.contains(&id.to_string()) && attachment.ends_with(".csv\""), "{attachment}");
    assert_eq!(file.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let text = file.text().await.unwrap();
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let names = csv.headers().unwrap().clone();
    let rows: Vec<_> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), readings.len());
    let column =
        |name: &str| names.iter().position(|known| known == name).unwrap_or_else(|| panic!("{name}: {names:?}"));
    let zone = readings[0]["temperature_zones"].as_object().unwrap().keys().next().unwrap().clone();
    for (row, reading) in rows.iter().zip(&readings) {
        assert_eq!(row[column("reading_time")], *reading["reading_time"].as_str().unwrap());
        let is_bad = |field: &str| reading["quality_issues"].to_string().contains(&format!("\"{field}\""));
        for (field, value) in [
            ("temperature".to_owned(), &reading["temperature"]),
            (format!("temperature_zones.{zone}"), &reading["temperature_zones"][&zone]),
        ] {
            let shown = value.as_f64().filter(|_| !is_bad(&field));
            assert_eq!(row[column(&field)].parse::<f64>().ok(), shown, "{field}: {reading}");
        }
        assert_eq!(row[column("quality")], *reading["quality"].as_str().unwrap());
    }
}

#[tokio::test]
async fn a_compressed_file_is_the_same_file() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    let readings = eventually("three readings", || async {
        let readings = bakery.history(id).await;
        (readings.len() >= 3).then_some(readings)
    })
    .await;
    let end = readings.last().unwrap().reading_time;
    let path = format!("/api/v1/equipment/{id}/sensor-history/export?format=ndjson&end_time={end}");
    let plain = admin.text(&path).await;
    assert!(plain.lines().count() >= 2, "{plain}");
    let packed = async |accepted: &str| {
        let answer = admin.request(Method::GET, &path).header(header::ACCEPT_ENCODING, accepted).send().await.unwrap();
        let encoding = answer.headers().get(header::CONTENT_ENCODING).map(|name| name.to_str().unwrap().to_owned());
        (encoding, answer.bytes().await.unwrap())
    };
    let mut text = String::new();
    let (encoding, bytes) = packed("gzip").await;
    assert_eq!(encoding.as_deref(), Some("gzip"));
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain);
    text.clear();
    let (encoding, bytes) = packed("br, gzip;q=0.5").await;
    assert_eq!(encoding.as_deref(), Some("br"));
    brotli::Decompressor::new(&bytes[..], 4_096).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain);
    for none in ["identity", "gzip;q=0, br;q=0", "lzma"] {
        let (encoding, bytes) = packed(none).await;
        assert_eq!((encoding, &bytes[..]), (None, plain.as_bytes()), "{none}");
    }
}

#[tokio::test]
async fn a_file_is_for_staff_and_a_wrong_request_is_named() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    let path = format!("/api/v1/equipment/{id}/sensor-history/export");
    let display = bakery.login("display").await;
    assert_eq!(display.get(&format!("{path}?format=csv")).await.status(), StatusCode::FORBIDDEN);
    for (query, says) in [
        ("", "format"),
        ("?format=xls", "xls"),
        ("?format=csv&limit=5", "limit"),
        ("?format=csv&start_time=2026-03-02T00:00:00Z&end_time=2026-03-01T00:00:00Z", "start_time is after"),
        ("?format=csv&start_time=yesterday", "start_time"),
    ] {
        let answer = admin.get(&format!("{path}{query}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        let problem = answer.text().await.unwrap();
        assert!(problem.contains(says), "{query}: {problem}");
    }
    let nobody = uuid::Uuid::new_v4();
    let unknown = admin.get(&format!("/api/v1/equipment/{nobody}/sensor-history/export?format=csv")).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let nothing = format!("{path}?format=csv&start_time=2020-01-01T00:00:00Z&end_time=2020-01-02T00:00:00Z");
    assert_eq!(admin.text(&nothing).await.lines().count(), 1, "the names of the columns alone");
}
