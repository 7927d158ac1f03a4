//! The API's documents: the websocket's held to its frames, and the page that people read.

use std::collections::BTreeSet;

use app::model::{
    alert::AlertSeverity,
    equipment::{ConnectionStatus, EquipmentId, EquipmentKind},
    failure::FailureKind,
    live::{Frame, FrameKind, LiveAlarm, LiveOven, LiveValues},
    reading::{CycleStage, DoorStatus, OperationalStatus, Quality, QualityIssue, QualityReason},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Bakery, Ovens},
    live::{connect, text},
};

/// What is wrong with a value, by a schema of a document. Knows what ours use.
fn flaws(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let named = document.pointer(reference.strip_prefix('#').unwrap()).expect("the reference leads somewhere");
        return flaws(document, named, value, at);
    }
    let mut found = Vec::new();
    let kind_fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        None => schema.get("const").is_some(),
        Some(other) => panic!("{other} is no type that this knows"),
    };
    let word_fits = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    let const_fits = schema.get("const").is_none_or(|only| only == value);
    if !(kind_fits && word_fits && const_fits) {
        found.push(format!("{at}: {value}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()) {
        if value.get(name).is_none() {
            found.push(format!("{at}/{name} is missing"));
        }
    }
    for (name, part) in value.as_object().into_iter().flatten() {
        let known =
            schema["properties"].get(name).or(Some(&schema["additionalProperties"]).filter(|any| any.is_object()));
        match known {
            Some(known) => found.extend(flaws(document, known, part, &format!("{at}/{name}"))),
            None => found.push(format!("{at}/{name} is not described")),
        }
    }
    for part in value.as_array().into_iter().flatten() {
        found.extend(flaws(document, &schema["items"], part, at));
    }
    found
}

/// What is wrong with a frame, by the message of its type.
fn of_frame(document: &Value, frame: &Value) -> Vec<String> {
    let name = frame["type"].as_str().unwrap_or_default();
    match document["components"]["messages"].get(name) {
        Some(message) => flaws(document, &message["payload"], frame, name),
        None => vec![format!("there is no message {name:?}")],
    }
}

async fn asyncapi(bakery: &Bakery) -> Value {
    bakery.login("display").await.json("/api/asyncapi.json").await
}

/// An oven with everything that one can have.
fn full_oven() -> LiveOven {
    LiveOven {
        id: EquipmentId(uuid::Uuid::nil()),
        name: "Horno".to_owned(),
        location: "Obrador".to_owned(),
        kind: EquipmentKind::Deck,
        enabled: true,
        status: ConnectionStatus::Error,
        failure: Some(FailureKind::Auth),
        interval_s: 5,
        values: Some(LiveValues {
            reading_ms: 1,
            received_ms: 2,
            quality: Quality::Uncertain,
            issues: vec![QualityIssue { field: "humidity".to_owned(), reason: QualityReason::Stuck }],
            temperature: Some(1.5),
            target: Some(1.0),
            zones: [("top".to_owned(), 1.0)].into(),
            humidity: Some(1.0),
            energy_kwh: Some(1.0),
            power_kw: Some(1.0),
            operation: Some(OperationalStatus::Running),
            stage: Some(CycleStage::Baking),
            progress: Some(1.0),
            remaining_min: Some(1.0),
            door: Some(DoorStatus::Closed),
            steam: Some(1.0),
        }),
        alarms: vec![LiveAlarm {
            code: "E1".to_owned(),
            message: "Puerta".to_owned(),
            severity: AlertSeverity::Warning,
            since_ms: Some(1),
        }],
    }
}

fn frame(kind: FrameKind) -> Frame {
    let full = Frame { kind, seq: 1, server_time_ms: 1, build: None, ovens: vec![full_oven()], removed: Vec::new() };
    match kind {
        FrameKind::Snapshot => Frame { build: Some("abc".to_owned()), ..full },
        FrameKind::Update => Frame { removed: vec![EquipmentId(uuid::Uuid::nil())], ..full },
        FrameKind::Heartbeat => Frame::heartbeat(1, 1),
    }
}

#[tokio::test]
async fn every_part_of_a_frame_is_described() {
    let bakery = Bakery::open().await;
    let document = asyncapi(&bakery).await;
    assert_eq!(document["asyncapi"], "3.0.0");
    let messages: BTreeSet<_> = document["components"]["messages"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(messages, FrameKind::ALL.iter().map(ToString::to_string).collect());
    for kind in FrameKind::ALL {
        let frame = serde_json::to_value(frame(*kind)).unwrap();
        assert_eq!(of_frame(&document, &frame), [] as [&str; 0]);
        for required in ["type", "seq", "server_time_ms"] {
            let mut less = frame.clone();
            less.as_object_mut().unwrap().remove(required);
            assert!(!of_frame(&document, &less).is_empty(), "{kind} without {required}");
        }
        let mut more = frame.clone();
        more["colour"] = json!("red");
        assert_eq!(of_frame(&document, &more), [format!("{kind}/colour is not described")]);
        let example = &document["components"]["messages"][kind.as_str()]["examples"][0]["payload"];
        assert_eq!(of_frame(&document, example), [] as [&str; 0]);
    }
    let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(words("EquipmentKind"), json!(EquipmentKind::ALL));
    assert_eq!(words("ConnectionStatus"), json!(ConnectionStatus::ALL));
    assert_eq!(words("FailureKind"), json!(FailureKind::ALL));
    assert_eq!(words("OperationalStatus"), json!(OperationalStatus::ALL));
    assert_eq!(words("CycleStage"), json!(CycleStage::ALL));
    assert_eq!(words("DoorStatus"), json!(DoorStatus::ALL));
    assert_eq!(words("Quality"), json!(Quality::ALL));
    assert_eq!(words("QualityReason"), json!(QualityReason::ALL));
    assert_eq!(words("AlertSeverity"), json!(AlertSeverity::ALL));
}

#[tokio::test]
async fn what_the_websocket_sends_is_described() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let document = asyncapi(&bakery).await;
    let admin = bakery.login("admin").await;
    let mut socket = connect(&bakery, &admin).await;
    let mut seen = BTreeSet::new();
    // Nothing happens until a heartbeat came; an oven that is made and deleted then makes updates of both sorts.
    let mut id = None;
    let (mut with_values, mut removed) = (false, false);
    while !(seen.len() == 3 && with_values && removed) {
        let frame: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
        assert_eq!(of_frame(&document, &frame), [] as [&str; 0], "{frame}");
        let kind = frame["type"].as_str().unwrap().to_owned();
        with_values |= frame["ovens"].as_array().is_some_and(|all| all.iter().any(|oven| oven["values"].is_object()));
        removed |= frame["removed"].as_array().is_some_and(|all| !all.is_empty());
        if kind == "heartbeat" && id.is_none() {
            id = Some(bakery.add(&admin, &ovens.get(0)).await);
        } else if let (Some(id), true, false) = (id, with_values, removed) {
            let path = format!("/api/v1/equipment/{id}");
            let gone = admin.request(reqwest::Method::DELETE, &path).send().await.unwrap().status();
            assert!(gone == StatusCode::NO_CONTENT || gone == StatusCode::NOT_FOUND, "{gone}");
        }
        seen.insert(kind);
    }
}

#[tokio::test]
async fn people_read_of_every_operation() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    let page = staff.text("/api/docs").await;
    let openapi = staff.json("/api/openapi.json").await;
    for (path, item) in openapi["paths"].as_object().unwrap() {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")) && page.contains(&format!("href=\"#{id}\"")), "{id}");
        }
    }
    for name in openapi["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"type-{name}\"")), "{name}");
    }
    // Every link inside the page leads somewhere, once.
    let values = |start: &str| page.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
    let ids = values(" id=\"");
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id is there twice");
    for target in values("href=\"#") {
        assert!(ids.contains(&target), "#{target} leads nowhere");
    }
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "nothing leads elsewhere");
    let stranger = bakery.visitor().get("/api/docs").await;
    assert_eq!(stranger.headers()["location"], "/login?next=%2Fapi%2Fdocs");
    assert_eq!(bakery.login("display").await.get("/api/docs").await.status(), StatusCode::FORBIDDEN);
}
