//! The two examples of the implementation guide, field by field, against Python's HTTP server with ConnectedCooking's paths.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Bakery, fields},
    peer::Peer,
    rest_family::peer,
};

/// The guide's request, with the address of our peer.
fn request(peer: &Peer) -> Value {
    let address: url::Url = peer.line.parse().unwrap();
    json!({
        "protocol": "rational",
        "endpoint": format!("http://{}", address.host_str().unwrap()),
        "port": address.port().unwrap(),
        "credentials": {"username": "baker", "password": "s3cret-word"},
        "additional_config": {"unit_id": "12345"},
        "supports_realtime": true,
        "poll_interval_seconds": 30
    })
}

#[tokio::test]
async fn iot_config_answers_as_the_guide_has_it() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno Principal #1", "kind": "combi"})).await;
    let path = format!("/api/v1/equipment/{id}/iot-config");
    let answer = admin.post(&path, &request(&peer)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(fields(&answer), ["connection_test_result", "equipment_id", "message", "success"]);
    assert_eq!(answer["success"], true);
    assert_eq!(answer["message"], "IoT configuration saved successfully");
    assert_eq!(answer["equipment_id"], id.to_string());
    let test = &answer["connection_test_result"];
    assert_eq!((&test["success"], &test["status"]), (&json!(true), &json!("connected")), "{test}");
    assert!(test["response_time_ms"].is_u64(), "{test}");

    // All of it is optional but protocol and endpoint, and nothing else may be in it.
    let mut least = request(&peer);
    for field in ["port", "credentials", "additional_config", "supports_realtime", "poll_interval_seconds"] {
        let mut without = request(&peer);
        without.as_object_mut().unwrap().remove(field);
        let status = admin.post(&path, &without).await.status();
        assert!(status == StatusCode::OK || status == StatusCode::UNPROCESSABLE_ENTITY, "{field}: {status}");
    }
    for field in ["protocol", "endpoint"] {
        let mut without = request(&peer);
        without.as_object_mut().unwrap().remove(field);
        assert_eq!(admin.post(&path, &without).await.status(), StatusCode::BAD_REQUEST, "{field}");
    }
    least["colour"] = json!("red");
    assert_eq!(admin.post(&path, &least).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn realtime_data_answers_as_the_guide_has_it() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno Principal #1", "kind": "combi"})).await;
    admin.configure(id, &request(&peer)).await;
    let live = admin.live(id).await;

    let number_or_null = |value: &Value| value.is_number() || value.is_null();
    let text_or_null = |value: &Value| value.is_string() || value.is_null();
    assert_eq!(live["equipment_id"], id.to_string());
    assert_eq!(live["equipment_name"], "Horno Principal #1");
    let time: jiff::Timestamp = live["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(time).as_secs().abs() < 60, "{live}");
    assert_eq!(live["connection_status"], "connected");
    assert_eq!(live["temperature"], 185.5);
    assert_eq!(live["temperature_zones"], json!({"cabinet": 180.0, "core": 72.0}));
    assert_eq!(live["humidity"], 65.0);
    assert_eq!(live["operational_status"], "running");
    assert!(text_or_null(&live["cycle_stage"]), "{live}");
    assert!(number_or_null(&live["cycle_progress_percentage"]), "{live}");
    assert!(number_or_null(&live["time_remaining_minutes"]), "{live}");
    assert_eq!(live["energy_consumption_kwh"], 12.5);
    assert!(text_or_null(&live["active_batch_id"]) && text_or_null(&live["active_batch_name"]), "{live}");
    let ours = ["age_seconds", "quality", "quality_issues", "received_at", "target_temperature"];
    let guides: Vec<_> = fields(&live).into_iter().filter(|field| !ours.contains(&field.as_str())).collect();
    assert_eq!(
        guides,
        [
            "active_batch_id",
            "active_batch_name",
            "connection_status",
            "cycle_progress_percentage",
            "cycle_stage",
            "energy_consumption_kwh",
            "equipment_id",
            "equipment_name",
            "humidity",
            "operational_status",
            "temperature",
            "temperature_zones",
            "time_remaining_minutes",
            "timestamp",
        ]
    );
}
