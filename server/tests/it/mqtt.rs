//! MQTT against mosquitto.

use std::{path::PathBuf, process::Stdio, time::Duration};

use app::model::{
    equipment::{ConnectionStatus, EquipmentId},
    reading::{QualityReason, Reading},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

use crate::{
    broker::{Broker, free_port},
    harness::{Bakery, Visitor, eventually, issue},
    peer::Peer,
};

fn request(port: u16, mut config: Value, credentials: Value) -> Value {
    config["timeout"] = json!(3);
    json!({
        "protocol": "mqtt", "endpoint": "127.0.0.1", "port": port, "poll_interval_seconds": 1,
        "additional_config": config, "credentials": credentials,
    })
}

fn blank() -> Value {
    json!({"name": "Horno MQTT", "kind": "deck", "iot_enabled": false})
}

/// Makes an oven and waits until it listens.
pub async fn add(bakery: &Bakery, admin: &Visitor, port: u16, config: Value, credentials: Value) -> EquipmentId {
    let id = admin.make(&blank()).await;
    admin.configure(id, &request(port, config, credentials)).await;
    listens(bakery, id).await;
    id
}

async fn listens(bakery: &Bakery, id: EquipmentId) {
    eventually("it listens", || async {
        (bakery.server.service.live.oven(id)?.status == ConnectionStatus::Connected).then_some(())
    })
    .await;
}

fn deck() -> Value {
    json!({"mapping": [
        {"target": "temperature", "path": "bakery/oven1/state /temp", "unit": "°F"},
        {"target": "target_temperature", "path": "bakery/oven1/state $.set[0]", "scale": 0.1},
        {"target": "humidity", "path": "bakery/+/humidity"},
        {"target": "operational_status", "path": "bakery/oven1/mode", "words": {"Backen": "running"}},
    ]})
}

#[tokio::test]
async fn json_and_plain_values_of_several_topics_make_one_oven() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let id = add(&bakery, &admin, broker.port, deck(), json!({})).await;
    broker.publish("bakery/oven1/state", r#"{"temp": 446.0, "set": [2350]}"#, &[]).await;
    let first = bakery.reading(id, "a reading", |reading| reading["temperature"] == 230.0).await;
    assert_eq!(first["target_temperature"], 235.0, "{first}");
    assert_eq!(issue(&first, "humidity"), "missing");
    broker.publish("bakery/oven1/humidity", "55,5", &["-q", "1"]).await;
    broker.publish("bakery/oven1/mode", "Backen", &["-q", "1"]).await;
    let all = bakery.reading(id, "all of it", |reading| reading["operational_status"] == "running").await;
    assert_eq!((&all["temperature"], &all["humidity"]), (&json!(230.0), &json!(55.5)), "carried over: {all}");
    assert_eq!(all["quality"], "good");
    broker.publish("bakery/oven1/humidity", "wet", &[]).await;
    let bad = bakery.reading(id, "a word for a number", |r| issue(r, "humidity") == "not_a_number").await;
    assert_eq!(bad["temperature"], 230.0, "garbage on one topic stops no other");
}

#[tokio::test]
async fn a_broker_that_restarts_is_found_again_in_both_versions() {
    for version in ["3.1.1", "5"] {
        let (bakery, mut broker) = (Bakery::open().await, Broker::start().await);
        let admin = bakery.login("admin").await;
        let mut config = deck();
        config["version"] = json!(version);
        let id = add(&bakery, &admin, broker.port, config, json!({})).await;
        broker.publish("bakery/oven1/state", r#"{"temp": 446}"#, &["-q", "1"]).await;
        bakery.logged(&admin, id, "connected").await;
        broker.kill().await;
        bakery.logged(&admin, id, "disconnected").await;
        broker.again().await;
        let failures = bakery.failures(id);
        listens(&bakery, id).await;
        broker.publish("bakery/oven1/state", r#"{"temp": 450.5}"#, &["-q", "1"]).await;
        bakery.recovers(&admin, id, failures).await;
        bakery.reading(id, "the new value", |reading| reading["temperature"] == 232.5).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_an_auth_failure_and_no_secret_is_told() {
    let login = Some(("oven", "right-word"));
    let lines = ["allow_anonymous false", "password_file FOLDER/passwords", "user root"];
    let (bakery, broker) = (Bakery::open().await, Broker::with(&lines, login).await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&blank()).await;
    for version in ["3.1.1", "5"] {
        let mut config = deck();
        config["version"] = json!(version);
        let wrong = json!({"username": "oven", "password": "wrong-word"});
        let result = admin.test(id, &request(broker.port, config.clone(), wrong)).await;
        assert_eq!(
            (&result["error_kind"], &result["stages"][3]["stage"]),
            (&json!("auth"), &json!("login")),
            "{result}"
        );
        assert!(!result.to_string().contains("wrong-word"));
        let none = admin.test(id, &request(broker.port, config.clone(), json!({}))).await;
        assert_eq!(none["error_kind"], "auth", "{none}");
        let right = json!({"username": "oven", "password": "right-word"});
        let silent = admin.test(id, &request(broker.port, config, right)).await;
        assert_eq!(silent["error_kind"], "mapping", "logged in, and nothing came: {silent}");
    }
    let saved = request(broker.port, deck(), json!({"username": "oven", "password": "wrong-word"}));
    admin.post(&format!("/api/v1/equipment/{id}/iot-config"), &saved).await;
    let entry = bakery.logged(&admin, id, "auth_failed").await;
    assert_eq!(entry["connection_status"], "error", "{entry}");
}

#[tokio::test]
async fn what_the_broker_kept_is_uncertain_until_it_is_said_again() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    broker.publish("bakery/oven1/state", r#"{"temp": 446.0}"#, &["-r"]).await;
    let id = add(&bakery, &admin, broker.port, deck(), json!({})).await;
    let kept = bakery.reading(id, "the kept value", |_| true).await;
    assert_eq!((issue(&kept, "temperature"), &kept["quality"]), (json!("unconfirmed"), &json!("uncertain")), "{kept}");
    broker.publish("bakery/oven1/state", r#"{"temp": 448}"#, &[]).await;
    bakery.reading(id, "a fresh value", |reading| issue(reading, "temperature").is_null()).await;
    let good = admin.test(id, &request(broker.port, deck(), json!({}))).await;
    assert_eq!((&good["success"], &good["stages"][4]["stage"]), (&json!(true), &json!("values")), "{good}");
}

#[tokio::test]
async fn what_is_published_while_hornero_is_down_is_stored_afterwards() {
    for version in ["3.1.1", "5"] {
        let (bakery, broker) = (Bakery::open().await, Broker::start().await);
        let admin = bakery.login("admin").await;
        let config = json!({
            "version": version, "persistent_session": true,
            "mapping": [{"target": "temperature", "path": "oven /t"}, {"target": "reading_time", "path": "oven /at", "time_format": "epoch_ms"}],
        });
        let id = add(&bakery, &admin, broker.port, config, json!({})).await;
        let now = jiff::Timestamp::now().as_millisecond();
        broker.publish("oven", &format!(r#"{{"t": 100, "at": {now}}}"#), &["-q", "1"]).await;
        bakery.reading(id, "a reading", |_| true).await;
        let folder = bakery.folder.path().to_owned();
        let bakery = {
            bakery.server.stop().await.unwrap();
            for step in 1..=5 {
                let at = now + step;
                broker.publish("oven", &format!(r#"{{"t": {}, "at": {at}}}"#, 100 + step), &["-q", "1"]).await;
            }
            let server = crate::harness::start_in(&folder).await;
            Bakery { server, folder: bakery.folder }
        };
        let admin = bakery.login("admin").await;
        let found = eventually("all six in the history", || async {
            let history = admin.json(&format!("/api/v1/equipment/{id}/sensor-history")).await;
            let all: Vec<f64> =
                history["readings"].as_array()?.iter().filter_map(|r| r["temperature"].as_f64()).collect();
            (all.len() >= 6).then_some(all)
        })
        .await;
        assert_eq!(found, [100.0, 101.0, 102.0, 103.0, 104.0, 105.0], "MQTT {version}");
    }
}

#[tokio::test]
async fn what_the_broker_held_over_night_is_kept_under_its_own_times() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let config = json!({"persistent_session": true, "mapping": [
        {"target": "temperature", "path": "oven /t"},
        {"target": "reading_time", "path": "oven /at", "time_format": "epoch_ms"},
    ]});
    let id = add(&bakery, &admin, broker.port, config, json!({})).await;
    let now = jiff::Timestamp::now().as_millisecond();
    let say = async |celsius: i64, minutes_ago: i64| {
        let message = format!(r#"{{"t": {celsius}, "at": {}}}"#, now - minutes_ago * 60_000);
        broker.publish("oven", &message, &["-q", "1"]).await;
    };
    say(100, 1).await;
    bakery.reading(id, "a reading", |_| true).await;
    let folder = bakery.folder.path().to_owned();
    bakery.server.stop().await.unwrap();
    // As if that had been three hours ago.
    let store = server::store::Store::open(&folder.join("hornero.db")).await.unwrap();
    let moved = "UPDATE equipment_sensor_readings SET reading_time = reading_time - 10800000000";
    sqlx::query(moved).execute(store.pool()).await.unwrap();
    store.close().await;
    for step in 1..=5 {
        say(100 + step, 60 - step * 10).await;
    }
    // An oven whose clock went wrong in the night.
    say(110, 24 * 60).await;
    say(120, 0).await;
    let server = crate::harness::start_in(&folder).await;
    let bakery = Bakery { server, folder: bakery.folder };
    bakery.reading(id, "the newest", |reading| reading["temperature"] == 120.0).await;
    let start = jiff::Timestamp::from_millisecond(now - 2 * 3_600_000).unwrap();
    // The first one may have come without its acknowledgement, and come again: it is not looked for.
    let sent: Vec<_> = (1..=5).map(|step| 100.0 + f64::from(step)).chain([120.0, 110.0]).collect();
    let stored = eventually("all in the history", || async {
        let stored = bakery.server.service.store.readings(id, start, jiff::Timestamp::now(), 100).await.unwrap();
        let of = |celsius: &f64| stored.iter().find(|reading| reading.values.temperature == Some(*celsius)).cloned();
        sent.iter().map(of).collect::<Option<Vec<_>>>()
    })
    .await;
    let ago = |reading: &Reading| (now - reading.reading_time.as_millisecond()) / 60_000;
    assert_eq!(stored[..5].iter().map(ago).collect::<Vec<_>>(), [50, 40, 30, 20, 10]);
    let flaws: Vec<_> = stored.iter().map(|reading| reading.quality_issues.first().map(|issue| issue.reason)).collect();
    let (past, skewed) = (Some(QualityReason::Backfilled), Some(QualityReason::ClockSkew));
    assert_eq!(flaws, [past, past, past, past, past, None, skewed]);
}

#[tokio::test]
async fn an_oven_that_says_that_it_is_away_is_away() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let mut config = deck();
    config["availability_topic"] = json!("tele/oven1/LWT");
    let id = add(&bakery, &admin, broker.port, config, json!({})).await;
    broker.publish("bakery/oven1/state", r#"{"temp": 446}"#, &["-q", "1"]).await;
    bakery.logged(&admin, id, "connected").await;
    broker.publish("tele/oven1/LWT", "Offline", &["-q", "1"]).await;
    let entry = bakery.logged(&admin, id, "disconnected").await;
    assert!(entry["error_message"].as_str().unwrap().contains("LWT"), "{entry}");
    broker.publish("tele/oven1/LWT", "Online", &["-q", "1"]).await;
    broker.publish("bakery/oven1/state", r#"{"temp": 446}"#, &["-q", "1"]).await;
    bakery.logged(&admin, id, "recovered").await;
}

#[tokio::test]
async fn sparkplug_lives_and_dies() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let port = broker.port.to_string();
    // The node is there first: its birth is over, and has to be asked for.
    let mut node = Peer::start("sparkplug_oven.py", &[&port]).await;
    let config = json!({
        "payload": "sparkplug_b", "group_id": "bakery", "edge_node_id": "gateway", "device_id": "deck",
        "mapping": [
            {"target": "temperature", "path": "Temp"}, {"target": "humidity", "path": "Humidity"},
            {"target": "operational_status", "path": "Mode", "words": {"Backen": "running"}},
        ],
    });
    let id = add(&bakery, &admin, broker.port, config, json!({})).await;
    let born = bakery.reading(id, "the birth", |_| true).await;
    assert_eq!((&born["temperature"], &born["humidity"]), (&json!(200.5), &json!(40.0)), "{born}");
    assert_eq!(born["operational_status"], "running");
    node.tell("set Temp 231.25").await;
    let next = bakery.reading(id, "the data", |reading| reading["temperature"] == 231.25).await;
    assert_eq!(next["humidity"], 40.0);
    node.kill().await;
    let entry = bakery.logged(&admin, id, "disconnected").await;
    assert!(entry["error_message"].as_str().unwrap().contains("gateway"), "{entry}");
    let _again = Peer::start("sparkplug_oven.py", &[&port]).await;
    bakery.logged(&admin, id, "recovered").await;
    bakery.reading(id, "born again", |reading| reading["temperature"] == 200.5).await;
}

#[tokio::test]
async fn certificates_are_checked_on_both_sides() {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::from_params(&authority, &authority_key);
    let signed = |name: &str, client: bool| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        // The same name as the authority's would make it look self-signed.
        params.distinguished_name.push(DnType::CommonName, name);
        if client {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
        (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    };
    let files = TempDir::new().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (server, server_key) = signed("127.0.0.1", false);
    let (ca_file, cert, key) = (write("ca", &ca), write("cert", &server), write("key", &server_key));
    let lines = [
        format!("cafile {}", ca_file.display()),
        format!("certfile {}", cert.display()),
        format!("keyfile {}", key.display()),
        "require_certificate true".to_owned(),
        "allow_anonymous true".to_owned(),
        "user root".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (bakery, broker) = (Bakery::open().await, Broker::with(&lines, None).await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&blank()).await;
    let (client, client_key) = signed("hornero", true);
    let config = |more: Value| {
        let mut config = deck();
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config["tls"] = json!(true);
        config
    };
    let secrets = json!({"client_key": client_key});
    let right = config(json!({"ca_certificate": ca, "client_certificate": client}));
    let good = admin.test(id, &request(broker.port, right, secrets.clone())).await;
    assert_eq!(good["error_kind"], "mapping", "logged in, and nothing came: {good}");
    let without = admin.test(id, &request(broker.port, config(json!({"ca_certificate": ca})), json!({}))).await;
    assert_eq!(without["error_kind"], "tls", "{without}");
    let unknown = config(json!({"client_certificate": client}));
    let unknown = admin.test(id, &request(broker.port, unknown, secrets)).await;
    assert_eq!(unknown["error_kind"], "tls", "the system does not know this authority: {unknown}");
}

#[tokio::test]
async fn what_is_no_broker_is_told_apart_and_large_messages_are_refused() {
    use tokio::io::AsyncWriteExt as _;
    let (bakery, broker) = (Bakery::open_with(&[("response_limit_bytes", "4096")]).await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&blank()).await;
    let garbage = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = garbage.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = garbage.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    for (port, kind) in [(port, "protocol"), (silent_port, "timeout"), (free_port().await, "refused")] {
        for version in ["3.1.1", "5"] {
            let mut config = deck();
            config["version"] = json!(version);
            let mut request = request(port, config, json!({}));
            request["additional_config"]["timeout"] = json!(1);
            let result = admin.test(id, &request).await;
            assert_eq!(result["error_kind"], kind, "{version}: {result}");
        }
    }
    let oven = add(&bakery, &admin, broker.port, deck(), json!({})).await;
    broker.publish("bakery/oven1/state", &"x".repeat(10_000), &["-q", "0"]).await;
    bakery.logged(&admin, oven, "limit_exceeded").await;
}

#[tokio::test]
async fn a_client_with_the_same_id_is_named_as_a_reason() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let mut config = deck();
    config["client_id"] = json!("the-same");
    config["version"] = json!("5");
    let id = add(&bakery, &admin, broker.port, config, json!({})).await;
    let port = broker.port.to_string();
    let mut other = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &port, "-V", "5", "-i", "the-same", "-t", "x"])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let entry = bakery.logged(&admin, id, "disconnected").await;
    assert!(entry["error_message"].as_str().unwrap().contains("same id"), "{entry}");
    other.kill().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), listens(&bakery, id)).await.unwrap();
}

#[tokio::test]
async fn the_shortest_keep_alive_is_taken_in_both_versions() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let admin = bakery.login("admin").await;
    let id = admin.make(&blank()).await;
    for version in ["3.1.1", "5"] {
        let mut config = deck();
        (config["version"], config["keep_alive"]) = (json!(version), json!(1));
        let silent = admin.test(id, &request(broker.port, config, json!({}))).await;
        assert_eq!(silent["error_kind"], "mapping", "logged in, and nothing came: {silent}");
    }
}
