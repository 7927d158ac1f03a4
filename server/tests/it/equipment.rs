//! Ovens over the API.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Bakery, Ovens, eventually, fields};

/// The answer to `realtime-data` in the implementation guide.
const GUIDE_REALTIME: &str = r#"{
  "equipment_id": "uuid",
  "equipment_name": "Horno Principal #1",
  "timestamp": "2025-01-12T10:30:00Z",
  "connection_status": "connected",
  "temperature": 185.5,
  "temperature_zones": { "cabinet": 180, "core": 72 },
  "humidity": 65.0,
  "operational_status": "running",
  "cycle_stage": "baking",
  "cycle_progress_percentage": 45.0,
  "time_remaining_minutes": 12,
  "energy_consumption_kwh": 12.5,
  "active_batch_id": "batch-uuid",
  "active_batch_name": "Baguettes - Batch #123"
}"#;

#[tokio::test]
async fn realtime_data_has_the_guides_fields_for_every_vendor() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(3));
    let admin = bakery.login("admin").await;
    let guide: Value = serde_json::from_str(GUIDE_REALTIME).unwrap();
    for index in 0..3 {
        let id = bakery.add(&admin, &ovens.get(index)).await;
        let path = format!("/api/v1/equipment/{id}/realtime-data");
        let live: Value = eventually("live values", || async {
            let answer = admin.get(&path).await;
            if answer.status() == StatusCode::OK { Some(answer.json().await.unwrap()) } else { None }
        })
        .await;
        for field in fields(&guide) {
            assert!(live.get(&field).is_some(), "{field} is missing in {live}");
        }
        assert_eq!(live["connection_status"], "connected");
        assert_eq!(live["equipment_id"], id.to_string());
        assert_eq!(live["quality"], "good", "{live}");
        let (shown, truth) =
            (live["temperature"].as_f64().unwrap(), ovens.simulator.snapshot(&ovens.get(index).spec.id).unwrap());
        assert!((shown - truth.temperature_celsius).abs() < 20.0, "{shown} °C is not what the oven has");
        assert!(live["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}

#[tokio::test]
async fn an_oven_goes_live_without_touching_the_others() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(2));
    let admin = bakery.login("admin").await;
    let first = bakery.add(&admin, &ovens.get(0)).await;
    bakery.logged(&admin, first, "connected").await;
    let second = bakery.add(&admin, &ovens.get(1)).await;
    bakery.logged(&admin, second, "connected").await;

    let gone = admin.request(Method::DELETE, &format!("/api/v1/equipment/{second}")).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&format!("/api/v1/equipment/{second}")).await.status(), StatusCode::NOT_FOUND);
    let count = |entries: Vec<Value>| entries.iter().filter(|entry| entry["event_type"] == "connected").count();
    assert_eq!(count(bakery.log(&admin, first).await), 1, "the first one never reconnected");
}

#[tokio::test]
async fn history_outlives_a_restart_and_says_when_it_is_cut() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    let path = format!("/api/v1/equipment/{id}/sensor-history");
    eventually("three readings", || async { (admin.json(&path).await["total_readings"].as_u64()? >= 3).then_some(()) })
        .await;
    let before = admin.json(&path).await;
    let bakery = bakery.reopen().await;
    let admin = bakery.login("admin").await;
    let after = admin.json(&path).await;
    let newest = before["readings"].as_array().unwrap().last().unwrap().clone();
    assert!(after["readings"].as_array().unwrap().contains(&newest), "what was shown is still there");

    let cut = admin.json(&format!("{path}?limit=1")).await;
    assert_eq!((cut["total_readings"].as_u64(), cut["truncated"].as_bool()), (Some(1), Some(true)));
    for bad in
        ["?limit=0", "?start_time=2026-02-01T00:00:00Z&end_time=2026-01-01T00:00:00Z", "?start_time=x", "?colour=1"]
    {
        assert_eq!(admin.get(&format!("{path}{bad}")).await.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn unconfigured_offline_and_unknown_are_different_errors() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let made = admin.post("/api/v1/equipment", &json!({"name": "Horno", "iot_enabled": false})).await;
    let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let code = |path: String| {
        let admin = &admin;
        async move {
            let answer = admin.get(&path).await;
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
        }
    };
    assert_eq!(code(format!("/api/v1/equipment/{id}/realtime-data")).await, (409, "not_configured".to_owned()));
    let nobody = "00000000-0000-0000-0000-000000000000";
    assert_eq!(code(format!("/api/v1/equipment/{nobody}/realtime-data")).await, (404, "not_found".to_owned()));
    assert_eq!(code("/api/v1/equipment/zzz/realtime-data".to_owned()).await, (404, "not_found".to_owned()));
    assert_eq!(code("/api/v1/nothing".to_owned()).await, (404, "not_found".to_owned()));

    let config = json!({"protocol": "rest_api", "endpoint": "http://127.0.0.1:1", "poll_interval_seconds": 1});
    let saved: Value = admin.post(&format!("/api/v1/equipment/{id}/iot-config"), &config).await.json().await.unwrap();
    assert_eq!(saved["success"], true);
    assert_eq!(saved["message"], "IoT configuration saved successfully");
    let test = &saved["connection_test_result"];
    assert_eq!(
        (&test["success"], &test["status"], &test["error_kind"]),
        (&json!(false), &json!("disconnected"), &json!("refused"))
    );
    bakery.logged(&admin, id.parse().unwrap(), "disconnected").await;
    assert_eq!(code(format!("/api/v1/equipment/{id}/realtime-data")).await, (503, "offline".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_with_a_configuration_is_named_field_by_field() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let made = admin.post("/api/v1/equipment", &json!({"name": "Horno", "iot_enabled": false})).await;
    let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let config = json!({
        "protocol": "rest_api", "endpoint": "oven.lan", "poll_interval_seconds": 0,
        "credentials": {"pin": "1"}, "additional_config": {"timeout": 999, "colour": "red"},
    });
    let answer = admin.post(&format!("/api/v1/equipment/{id}/iot-config"), &config).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = answer.json().await.unwrap();
    let named: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(named, ["poll_interval_seconds", "secret.pin", "config.colour", "iot_endpoint", "config.timeout"]);

    let unknown = admin.post("/api/v1/equipment", &json!({"name": "x", "nmae": "y"})).await;
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
    let text = admin.request(Method::POST, "/api/v1/equipment").body("{}").send().await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let protocol = admin.post("/api/v1/equipment", &json!({"name": "x", "iot_protocol": "morse"})).await;
    assert_eq!(protocol.json::<Value>().await.unwrap()["errors"][0]["field"], "iot_protocol");
}

#[tokio::test]
async fn credentials_are_sealed_and_never_come_back() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(2));
    let admin = bakery.login("admin").await;
    // The second oven of the fleet wants a user and a password.
    let oven = ovens.get(1);
    let id = bakery.add(&admin, &oven).await;
    bakery.logged(&admin, id, "connected").await;
    let secret = format!("masa-{}", oven.spec.id);

    for path in
        [format!("/api/v1/equipment/{id}"), format!("/admin/ovens/{id}/edit"), format!("/ovens/{id}"), "/".to_owned()]
    {
        assert!(!admin.text(&path).await.contains(&secret), "{path}");
    }
    let audit = bakery.server.service.store.audit_log(100, None).await.unwrap();
    assert!(!serde_json::to_string(&audit).unwrap().contains(&secret));
    let sealed = bakery.server.service.store.credentials(id).await.unwrap().unwrap();
    assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()));

    let bakery = bakery.reopen().await;
    let admin = bakery.login("admin").await;
    eventually("live again after a restart, with the stored password", || async {
        let answer = admin.get(&format!("/api/v1/equipment/{id}/realtime-data")).await;
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_change_is_in_the_audit_log() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    admin.request(Method::DELETE, &format!("/api/v1/equipment/{id}")).send().await.unwrap();
    let audit = bakery.server.service.store.audit_log(100, None).await.unwrap();
    let actions: Vec<_> = audit.iter().rev().map(|record| record.entry.action.as_str()).collect();
    assert_eq!(actions, ["session.login", "equipment.create", "equipment.update", "equipment.delete"]);
    assert!(audit.iter().all(|record| record.entry.actor_name == "admin" && record.entry.client_ip.is_some()));
}

#[tokio::test]
async fn a_stored_password_is_never_sent_to_another_address() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(2));
    let admin = bakery.login("admin").await;
    let oven = ovens.get(1);
    let id = bakery.add(&admin, &oven).await;
    // What listens here would write down every password that it is sent.
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let saved = bakery.server.service.store.equipment(id).await.unwrap().unwrap();
    let request = json!({
        "protocol": "rest_api",
        "endpoint": format!("http://{}", stranger.local_addr().unwrap()),
        "additional_config": saved.iot_config,
    });
    for path in ["test-connection", "iot-config"] {
        let answer = admin.post(&format!("/api/v1/equipment/{id}/{path}"), &request).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], "secret.username", "{path}");
    }
    let same = admin.post(&format!("/api/v1/equipment/{id}/test-connection"), &json!(null)).await;
    assert_eq!(same.json::<Value>().await.unwrap()["success"], true);
}

#[tokio::test]
async fn a_lost_master_key_locks_no_oven() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(2));
    let admin = bakery.login("admin").await;
    let oven = ovens.get(1);
    let id = bakery.add(&admin, &oven).await;
    let bakery = bakery.reopen_with_key("ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100").await;
    let admin = bakery.login("admin").await;
    bakery.logged(&admin, id, "config_invalid").await;
    assert_eq!(admin.get(&format!("/admin/ovens/{id}/edit")).await.status(), StatusCode::OK);
    let (equipment, credentials) = server::demo::connection_json(&oven.spec, oven.addr, 1);
    let mut request = json!({
        "protocol": "rest_api", "endpoint": equipment["iot_endpoint"], "port": equipment["iot_port"],
        "additional_config": equipment["iot_config"], "poll_interval_seconds": 1,
    });
    let path = format!("/api/v1/equipment/{id}/iot-config");
    let keep = admin.post(&path, &request).await;
    assert_eq!(keep.status(), StatusCode::UNPROCESSABLE_ENTITY, "the password is asked for again");
    request["credentials"] = credentials;
    let saved: Value = admin.post(&path, &request).await.json().await.unwrap();
    assert_eq!(saved["connection_test_result"]["success"], true, "{saved}");
}

#[tokio::test]
async fn a_new_master_key_seals_everything_at_the_next_start() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(2));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(1)).await;
    let before = bakery.server.service.store.credentials(id).await.unwrap();
    let new = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
    let bakery = bakery.reopen_with_key(&format!("{new},{}", crate::harness::KEY)).await;
    assert_ne!(bakery.server.service.store.credentials(id).await.unwrap(), before);
    let bakery = bakery.reopen_with_key(new).await;
    let admin = bakery.login("admin").await;
    eventually("live with the new key alone", || async {
        let answer = admin.get(&format!("/api/v1/equipment/{id}/realtime-data")).await;
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
}
