//! OPC UA against asyncua.

use std::time::Duration;

use app::model::equipment::{ConnectionStatus, EquipmentId};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{Bakery, Visitor, eventually, issue},
    peer::Peer,
};

const PEER: &str = "opcua_oven.py";

/// Makes an oven that is read each second; returns its id.
async fn add(admin: &Visitor, port: &str, config: Value, credentials: Value) -> EquipmentId {
    let draft = json!({"name": format!("Horno {port}"), "kind": "combi", "iot_enabled": false});
    let id = admin.make(&draft).await;
    admin.configure(id, &request(port, config, credentials)).await;
    id
}

fn request(port: &str, mut config: Value, credentials: Value) -> Value {
    config["timeout"] = json!(10);
    json!({
        "protocol": "opc_ua", "endpoint": format!("opc.tcp://127.0.0.1:{port}/oven"), "poll_interval_seconds": 1,
        "additional_config": config, "credentials": credentials,
    })
}

#[tokio::test]
async fn a_combi_steamer_is_recognised_and_each_value_has_its_quality() {
    let (bakery, mut peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let id = add(&admin, &peer.line, json!({}), json!({})).await;
    let first = bakery.reading(id, "a reading", |_| true).await;
    assert_eq!((&first["temperature"], &first["target_temperature"]), (&json!(231.5), &json!(230.0)), "{first}");
    assert_eq!(first["temperature_zones"]["core"], json!(82.5), "°F became °C: {first}");
    assert_eq!((&first["humidity"], &first["target_humidity"]), (&json!(38.0), &json!(40.0)));
    assert_eq!((&first["time_remaining_minutes"], &first["cycle_progress_percentage"]), (&json!(5.0), &json!(75.0)));
    assert_eq!((&first["operational_status"], &first["cycle_stage"]), (&json!("running"), &json!("baking")));
    assert_eq!((&first["door_status"], &first["quality"]), (&json!("closed"), &json!("good")));
    assert_eq!(first["additional_sensors"]["program"], "Baguette");

    peer.tell("set ActualTemperatureChamber_0 187.25").await;
    bakery.reading(id, "the new value", |reading| reading["temperature"] == 187.25).await;
    peer.tell("bad ActualHumidity").await;
    let bad = bakery.reading(id, "a bad value", |reading| reading["quality"] == "bad").await;
    assert_eq!((issue(&bad, "humidity"), &bad["temperature"]), (json!("device_fault"), &json!(187.25)), "{bad}");
    peer.tell("uncertain SetTemperature").await;
    bakery.reading(id, "an uncertain value", |r| issue(r, "target_temperature") == "device_uncertain").await;
    peer.tell("nan ActualTemperatureChamber_0").await;
    bakery.reading(id, "NaN is no temperature", |r| issue(r, "temperature") != Value::Null).await;
    peer.tell("set ActualTemperatureChamber_0 190.0").await;
    peer.tell("set ActualHumidity 41").await;
    bakery.reading(id, "all is well again", |r| r["humidity"] == 41.0 && issue(r, "temperature").is_null()).await;
}

#[tokio::test]
async fn mapped_nodes_are_found_by_name_and_a_missing_one_stops_no_other() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &["--namespaces", "2"]).await);
    let admin = bakery.login("admin").await;
    let mapping = json!([
        {"target": "temperature", "path": "Plain/Temp"},
        {"target": "target_temperature", "path": "nsu=urn:bakery:plc;s=Plain.Deci", "scale": 0.1},
        {"target": "temperature_zones.text", "path": "{urn:bakery:plc}Plain/Text"},
        {"target": "temperature_zones.gone", "path": "Plain/Gone"},
        {"target": "humidity", "path": "nsu=urn:bakery:plc;s=Plain.Never"},
    ]);
    let id = add(&admin, &peer.line, json!({"mapping": mapping}), json!({})).await;
    let live = bakery.reading(id, "a reading", |_| true).await;
    assert_eq!((&live["temperature"], &live["target_temperature"]), (&json!(218.25), &json!(231.5)), "{live}");
    assert_eq!(live["temperature_zones"], json!({"text": 204.5}));
    assert_eq!(issue(&live, "temperature_zones.gone"), "missing");
    assert_eq!(issue(&live, "humidity"), "device_fault", "the server says that there is no such node");
}

#[tokio::test]
async fn a_server_that_restarts_with_other_namespace_numbers_is_read_on() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &["--namespaces", "4"]).await);
    let admin = bakery.login("admin").await;
    let port = peer.line.clone();
    let machine = add(&admin, &port, json!({}), json!({})).await;
    let mapping = json!([{"target": "temperature", "path": "nsu=urn:bakery:plc;s=Plain.Temp"}]);
    let mapped = add(&admin, &port, json!({"mapping": mapping}), json!({})).await;
    bakery.logged(&admin, machine, "connected").await;
    bakery.logged(&admin, mapped, "connected").await;
    peer.kill().await;
    let entry = bakery.logged(&admin, machine, "disconnected").await;
    assert_eq!(entry["connection_status"], "disconnected", "{entry}");
    let mut again = Peer::start(PEER, &["--port", &port]).await;
    let failures = bakery.failures(machine);
    again.tell("set ActualTemperatureChamber_0 199.5").await;
    again.tell("set Temp 99.5").await;
    bakery.recovers(&admin, machine, failures).await;
    bakery.reading(machine, "the machine's new value", |reading| reading["temperature"] == 199.5).await;
    bakery.reading(mapped, "the mapped node's new value", |reading| reading["temperature"] == 99.5).await;
}

#[tokio::test]
async fn a_password_goes_only_to_a_server_that_an_admin_trusts() {
    let folder = TempDir::new().unwrap();
    let secure = ["--secure", folder.path().to_str().unwrap(), "--user", "oven", "--password", "s3cret-word"];
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &secure).await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Combi", "kind": "combi"})).await;
    let right = json!({"username": "oven", "password": "s3cret-word"});
    let unknown = admin.test(id, &request(&peer.line, json!({}), right.clone())).await;
    assert_eq!(unknown["error_kind"], "tls", "{unknown}");
    let detail = unknown["error_details"].as_str().unwrap();
    let fingerprint = detail.split("sha256:").nth(1).unwrap().to_owned();
    assert_eq!(fingerprint.len(), 64, "{detail}");

    let pinned = |more: Value| {
        let mut config = more;
        config["server_fingerprint"] = json!(fingerprint);
        config
    };
    for policy in ["auto", "basic256sha256", "aes128_sha256_rsaoaep", "aes256_sha256_rsapss"] {
        let config = pinned(json!({"security_policy": policy}));
        let good = admin.test(id, &request(&peer.line, config, right.clone())).await;
        assert_eq!(
            (&good["success"], &good["reading"]["temperature"]),
            (&json!(true), &json!(231.5)),
            "{policy}: {good}"
        );
        let stages: Vec<_> = good["stages"].as_array().unwrap().iter().map(|stage| stage["stage"].clone()).collect();
        assert_eq!(json!(stages), json!(["settings", "address", "port", "tls", "login", "values"]));
    }
    let wrong =
        admin.test(id, &request(&peer.line, pinned(json!({})), json!({"username": "oven", "password": "guess"}))).await;
    assert_eq!((&wrong["error_kind"], &wrong["stages"][4]["stage"]), (&json!("auth"), &json!("login")), "{wrong}");
    let nobody = admin.test(id, &request(&peer.line, pinned(json!({})), json!({}))).await;
    assert_eq!(nobody["error_kind"], "auth", "{nobody}");
    let plain = admin.test(id, &request(&peer.line, json!({"security_policy": "none"}), right.clone())).await;
    assert_eq!(plain["error_kind"], "tls", "the server offers none without: {plain}");
    let other = json!({"server_fingerprint": "00".repeat(32)});
    let other = admin.test(id, &request(&peer.line, other, right.clone())).await;
    assert_eq!(other["error_kind"], "tls", "{other}");
    assert!(!other.to_string().contains("s3cret-word"));

    let saved = request(&peer.line, pinned(json!({"security_mode": "sign"})), right);
    admin.post(&format!("/api/v1/equipment/{id}/iot-config"), &saved).await;
    bakery.reading(id, "a signed reading", |reading| reading["temperature"] == 231.5).await;
}

#[tokio::test]
async fn a_wrong_password_is_an_auth_failure_of_the_oven() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &["--user", "oven", "--password", "right"]).await);
    let admin = bakery.login("admin").await;
    let login = json!({"username": "oven", "password": "wrong"});
    let id = add(&admin, &peer.line, json!({"security_policy": "none"}), login).await;
    let entry = bakery.logged(&admin, id, "auth_failed").await;
    assert_eq!(entry["connection_status"], "error", "{entry}");
}

#[tokio::test]
async fn values_that_do_not_change_are_confirmed_while_the_server_lives() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let id = add(&admin, &peer.line, json!({}), json!({})).await;
    let first = bakery.reading(id, "a reading", |_| true).await;
    let later = bakery.reading(id, "a confirmation", |reading| reading["reading_time"] != first["reading_time"]).await;
    assert_eq!(later["temperature"], first["temperature"]);
    bakery.reading(id, "another one", |reading| reading["reading_time"] != later["reading_time"]).await;
    peer.kill().await;
    bakery.logged(&admin, id, "disconnected").await;
}

#[tokio::test]
async fn a_server_without_subscriptions_is_asked() {
    let (bakery, mut peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let id = add(&admin, &peer.line, json!({"delivery": "poll"}), json!({})).await;
    bakery.reading(id, "a reading", |reading| reading["temperature"] == 231.5).await;
    peer.tell("set ActualTemperatureChamber_0 140.0").await;
    bakery.reading(id, "the new value", |reading| reading["temperature"] == 140.0).await;
    peer.tell("delete ActualHumidity").await;
    let gone = bakery.reading(id, "a node that is gone", |r| issue(r, "humidity") == "device_fault").await;
    assert_eq!(gone["temperature"], 140.0);
}

#[tokio::test]
async fn a_gap_is_filled_from_the_servers_memory_and_marked() {
    let (bakery, mut peer) = (Bakery::open().await, Peer::start(PEER, &["--history"]).await);
    let admin = bakery.login("admin").await;
    let id = add(&admin, &peer.line, json!({}), json!({})).await;
    bakery.reading(id, "a reading", |_| true).await;
    let oven = format!("/admin/ovens/{id}");
    let switch = |what: &'static str| admin.request(reqwest::Method::POST, &format!("{oven}/{what}"));
    let off = switch("disable").header("origin", bakery.url("")).send().await.unwrap();
    assert!(off.status().is_redirection(), "{}", off.status());
    // Three values that only the server sees, until the gap is longer than two intervals.
    for celsius in [150, 151, 152] {
        peer.tell(&format!("set ActualTemperatureChamber_0 {celsius}")).await;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    assert!(switch("enable").header("origin", bakery.url("")).send().await.unwrap().status().is_redirection());
    let past = eventually("the gap in the history", || async {
        let history = admin.json(&format!("/api/v1/equipment/{id}/sensor-history")).await;
        let readings = history["readings"].as_array().unwrap().clone();
        let past: Vec<Value> =
            readings.into_iter().filter(|reading| issue(reading, "reading_time") == "backfilled").collect();
        (past.len() >= 3).then_some(past)
    })
    .await;
    let celsius: Vec<_> = past.iter().map(|reading| reading["temperature"].clone()).collect();
    assert!(json!(celsius).to_string().contains("150.0,151.0,152.0"), "{celsius:?}");
    bakery.reading(id, "the present", |reading| issue(reading, "reading_time").is_null()).await;
}

#[tokio::test]
async fn what_is_no_opc_ua_server_is_told_apart() {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Combi", "kind": "combi"})).await;
    let garbage = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = garbage.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = garbage.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>this is a web server</html>").await;
        }
    });
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for (port, kind) in [(port, "protocol"), (silent_port, "timeout"), (closed, "refused")] {
        let mut request = request(&port.to_string(), json!({}), json!({}));
        request["additional_config"]["timeout"] = json!(1);
        let result = admin.test(id, &request).await;
        assert_eq!(result["error_kind"], kind, "{result}");
    }
    let mut request = request("4840", json!({}), json!({}));
    request["endpoint"] = json!("opc.tcp://no-such-oven.invalid:4840");
    assert_eq!(admin.test(id, &request).await["error_kind"], "unreachable");
    assert_ne!(bakery.server.service.live.oven(id).unwrap().status, ConnectionStatus::Connected);
}

/// The way of ConnectedCooking: the same machine under the vendor's connector, picked by a part of its name.
#[tokio::test]
async fn the_rational_connector_reads_over_opc_ua_too() {
    let folder = TempDir::new().unwrap();
    let secure = ["--secure", folder.path().to_str().unwrap(), "--user", "oven", "--password", "s3cret-word"];
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &secure).await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Combi", "kind": "combi"})).await;
    let login = json!({"username": "oven", "password": "s3cret-word"});
    let over = |config: Value| {
        let mut request = request(&peer.line, config, login.clone());
        request["protocol"] = json!("rational");
        request["additional_config"]["transport"] = json!("opc_ua");
        request["additional_config"]["unit_id"] = json!("ombi1");
        request
    };
    let unknown = admin.test(id, &over(json!({}))).await;
    assert_eq!(unknown["error_kind"], "tls", "{unknown}");
    let fingerprint = unknown["error_details"].as_str().unwrap().split("sha256:").nth(1).unwrap().to_owned();
    let good = admin.test(id, &over(json!({"server_fingerprint": fingerprint}))).await;
    assert_eq!((&good["success"], &good["reading"]["temperature"]), (&json!(true), &json!(231.5)), "{good}");
}
