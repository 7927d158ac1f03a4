//! What can go wrong on the wire: each its own log entry, nothing stored as good, other ovens unaffected.

use std::time::Duration;

use app::model::{equipment::EquipmentId, reading::Quality};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::Value;
use server::simulator::Fault;

use crate::harness::{Bakery, Ovens, Visitor, eventually};

struct Case {
    fault: Fault,
    event: &'static str,
    status: &'static str,
    /// Part of the words that explain it.
    says: &'static str,
}

const fn case(fault: Fault, event: &'static str, status: &'static str, says: &'static str) -> Case {
    Case { fault, event, status, says }
}

#[tokio::test]
async fn each_fault_is_told_apart_and_over_when_the_oven_is_back() {
    let cases = [
        case(Fault::Down, "disconnected", "disconnected", "refused"),
        case(Fault::Hang, "timeout", "disconnected", "no complete answer within 2 s"),
        case(Fault::Slow { delay_ms: 30_000 }, "timeout", "disconnected", "no complete answer"),
        case(Fault::Drip, "timeout", "disconnected", "no complete answer"),
        case(Fault::Garbage, "protocol_failed", "error", "did not answer with JSON"),
        case(Fault::WrongShape, "parse_failed", "error", "has no value at"),
        case(Fault::WrongPassword, "auth_failed", "error", "does not accept the credentials (HTTP 401)"),
        case(Fault::Huge, "limit_exceeded", "error", "more than 1048576 bytes"),
        case(Fault::ServerError, "protocol_failed", "error", "HTTP 503"),
        case(Fault::Redirect, "protocol_failed", "error", "another host"),
    ];
    // One oven a case, so that all are tried at the same time; one more that nothing happens to.
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(cases.len() + 1));
    let admin = bakery.login("admin").await;
    let mut ids = Vec::new();
    for oven in ovens.simulator.ovens() {
        ids.push(bakery.add(&admin, &oven).await);
    }
    for id in &ids {
        bakery.logged(&admin, *id, "connected").await;
    }
    let began = Timestamp::now();
    for (index, case) in cases.iter().enumerate() {
        ovens.simulator.set_fault(&ovens.get(index).spec.id, case.fault).await.unwrap();
    }
    for (case, id) in cases.iter().zip(&ids) {
        check(&bakery, &admin, case, *id).await;
    }

    let healthy = *ids.last().unwrap();
    let events = bakery.events(&admin, healthy).await;
    assert!(!events.iter().any(|event| event.contains("fail") || event.contains("disconnected")), "{events:?}");
    let readings = bakery.server.service.store.readings(healthy, began, Timestamp::now(), 100).await.unwrap();
    assert!(readings.len() >= 2, "the healthy oven went on");

    for (index, _) in cases.iter().enumerate() {
        ovens.simulator.set_fault(&ovens.get(index).spec.id, Fault::None).await.unwrap();
    }
    for id in &ids[..cases.len()] {
        bakery.logged(&admin, *id, "recovered").await;
    }
}

async fn check(bakery: &Bakery, admin: &Visitor, case: &Case, id: EquipmentId) {
    let entry = bakery.logged(admin, id, case.event).await;
    let message = entry["error_message"].as_str().unwrap();
    assert!(message.contains(case.says), "{:?}: {message}", case.fault);
    assert_eq!(entry["connection_status"], case.status, "{:?}", case.fault);
    let shown = bakery.server.service.live.oven(id).unwrap();
    assert_eq!(shown.status.as_str(), case.status, "{:?}", case.fault);
    let answer = admin.get(&format!("/api/v1/equipment/{id}/realtime-data")).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{:?}", case.fault);
}

#[tokio::test]
async fn a_failure_is_logged_once_however_long_it_lasts() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, id, "connected").await;
    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::Down).await.unwrap();
    eventually("several failed attempts", || async {
        (bakery.server.service.poller.health(id).consecutive_failures >= 4).then_some(())
    })
    .await;
    let entries = bakery.log(&admin, id).await;
    assert_eq!(entries.iter().filter(|entry| entry["event_type"] == "disconnected").count(), 1);
}

#[tokio::test]
async fn impossible_values_are_kept_for_review_and_never_shown() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, id, "connected").await;
    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::OutOfRange).await.unwrap();
    let entry = bakery.logged(&admin, id, "value_rejected").await;
    assert!(entry["error_message"].as_str().unwrap().contains("temperature: out_of_range"), "{entry}");

    let live: Value = admin.json(&format!("/api/v1/equipment/{id}/realtime-data")).await;
    assert_eq!((&live["temperature"], &live["quality"]), (&Value::Null, &Value::from("bad")));
    let store = &bakery.server.service.store;
    let stored = eventually("the bad reading in the database", || async {
        let latest = store.latest_reading(id).await.unwrap()?;
        (latest.quality == Quality::Bad).then_some(latest)
    })
    .await;
    assert!(stored.values.temperature.unwrap() > 5_000.0 && stored.good().temperature.is_none());

    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::None).await.unwrap();
    bakery.logged(&admin, id, "values_accepted").await;
}

#[tokio::test]
async fn frozen_values_age_though_the_oven_answers() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, id, "connected").await;
    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::Frozen).await.unwrap();
    eventually("repeated readings", || async {
        let repeated = &bakery.server.service.ingest.counters.repeated;
        (repeated.load(std::sync::atomic::Ordering::Relaxed) >= 3).then_some(())
    })
    .await;
    let oven = bakery.server.service.live.oven(id).unwrap();
    let now = Timestamp::now().as_millisecond();
    assert!(oven.age_ms(now).unwrap() >= 2_000, "the values are as old as their time says");
    assert_eq!(oven.freshness(now + 3_000).as_str(), "stale");
}

#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing_holds_up_nobody() {
    // Half-open: the listener's queue accepts, nobody ever reads.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let draft = serde_json::json!({
        "name": "Mudo", "poll_interval_seconds": 1, "iot_protocol": "rest_api",
        "iot_endpoint": format!("http://{}", silent.local_addr().unwrap()), "iot_config": {"timeout": 0.3},
    });
    let made: Value = admin.post("/api/v1/equipment", &draft).await.json().await.unwrap();
    let id: EquipmentId = made["id"].as_str().unwrap().parse().unwrap();
    let entry = bakery.logged(&admin, id, "timeout").await;
    assert!(entry["error_message"].as_str().unwrap().contains("0.3 s"), "{entry}");
    let stopping = tokio::time::timeout(Duration::from_secs(5), bakery.server.stop());
    stopping.await.expect("stopping does not wait for the peer").unwrap();
}

#[tokio::test]
async fn health_says_how_a_connection_does() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    let path = format!("/api/v1/equipment/{id}/health");
    let well = eventually("readings of the last hour", || async {
        let health = admin.json(&path).await;
        health["good_share_last_hour"].is_number().then_some(health)
    })
    .await;
    assert_eq!(
        (&well["connection_status"], &well["good_share_last_hour"]),
        (&"connected".into(), &1.0.into()),
        "{well}"
    );
    assert!(well["availability_last_day"].as_f64().unwrap() > 0.0, "{well}");
    assert!(well["connection"]["uptime"].as_f64().unwrap() > 0.0 && well["age_seconds"].is_number(), "{well}");
    assert!(well["connection"]["latency_p95_ms"].as_f64() >= well["connection"]["latency_p50_ms"].as_f64(), "{well}");
    assert_eq!(well["connection"]["last_error"], Value::Null);

    ovens.simulator.set_fault(&ovens.get(0).spec.id, Fault::Down).await.unwrap();
    bakery.logged(&admin, id, "disconnected").await;
    let down = admin.json(&path).await;
    assert_eq!(
        (&down["connection_status"], &down["connection"]["last_error"]["kind"]),
        (&"disconnected".into(), &"refused".into())
    );
    assert!(down["connection"]["consecutive_failures"].as_u64().unwrap() >= 1, "{down}");
    assert!(down["connection"]["next_attempt_at"].is_string(), "{down}");
}
