//! `rational`, `wachtel`, `salva` and what they share with `rest_api`, against Python's HTTP server.

use app::model::{discovery::Search, equipment::EquipmentId, failure::FailureKind};
use jiff::tz::TimeZone;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use server::{
    connectors::{Connection, Settings, find},
    secrets::Credentials,
};
use std::time::Duration;

use crate::{
    custom::COMPOSED,
    harness::{Bakery, PATIENCE, Visitor, eventually},
    peer::Peer,
};

const PEER: &str = "rest_ovens.py";

pub async fn peer(options: Value) -> Peer {
    Peer::start(PEER, &[&options.to_string()]).await
}

pub fn credentials() -> Value {
    json!({"username": "baker", "password": "s3cret-word"})
}

pub async fn add(admin: &Visitor, protocol: &str, endpoint: &str, config: Value, credentials: Value) -> EquipmentId {
    let equipment = json!({
        "name": "Horno", "kind": "combi", "poll_interval_seconds": 1, "iot_protocol": protocol,
        "iot_endpoint": endpoint, "iot_config": config,
    });
    admin.add(equipment, credentials).await
}

async fn stats(peer: &Peer) -> Value {
    reqwest::get(format!("{}/stats", peer.line)).await.unwrap().json().await.unwrap()
}

/// The counters once the peer was asked so often.
async fn asked(peer: &Peer, times: u64) -> Value {
    eventually("enough requests", || async {
        let stats = stats(peer).await;
        (stats["asked"].as_u64() >= Some(times)).then_some(stats)
    })
    .await
}

#[tokio::test]
async fn rational_reads_an_account_with_one_login() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let id = add(&admin, "rational_connected_cooking", &peer.line, json!({"unit_id": "12345"}), credentials()).await;
    let live = admin.live(id).await;
    assert_eq!((&live["temperature"], &live["humidity"]), (&json!(185.5), &json!(65.0)), "{live}");
    assert_eq!(live["temperature_zones"], json!({"cabinet": 180.0, "core": 72.0}));
    assert_eq!(live["operational_status"], "running");
    let mut own = connection("rational", &peer.line, json!({"unit_id": "12345"}), credentials());
    let more = own.next().await.unwrap().values.additional_sensors;
    assert_eq!((&more["program"], &more["program_progress"]), (&json!("Baguettes"), &json!(45.0)));
    let before = asked(&peer, 14).await;
    // One from the test when it was saved, one from polling, one above, and none for each poll.
    assert!(before["logins"].as_u64().unwrap() <= 3, "{before}");
    assert_eq!(before["refused"], Value::Null, "{before}");
}

#[tokio::test]
async fn rational_base_api_logs_in_as_a_client() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let client = json!({"client_id": "client", "client_secret": "s3cret-word"});
    let id = add(&admin, "rational", &peer.line, json!({"api": "base_api"}), client.clone()).await;
    let live = admin.live(id).await;
    assert_eq!(live["temperature"], 180.0, "356 °F: {live}");
    let mut own = connection("rational", &peer.line, json!({"api": "base_api"}), client);
    assert_eq!(own.next().await.unwrap().values.additional_sensors["program"], "Baguettes");
    assert_eq!(live["operational_status"], "running");
}

#[tokio::test]
async fn a_token_that_is_no_longer_accepted_costs_no_poll() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({"uses": 3})).await);
    let admin = bakery.login("admin").await;
    let mapping = json!([{"target": "temperature", "path": "/temperature", "required": true}]);
    let config = json!({"unit_id": "12345", "mapping": mapping});
    let id = add(&admin, "rational", &peer.line, config, credentials()).await;
    let stats = eventually("two refusals", || async {
        let stats = stats(&peer).await;
        (stats["refused"].as_u64() >= Some(2)).then_some(stats)
    })
    .await;
    asked(&peer, stats["asked"].as_u64().unwrap() + 2).await;
    let events = bakery.events(&admin, id).await;
    assert!(!events.iter().any(|event| event.ends_with("failed") || event == "disconnected"), "{events:?}");
    assert_eq!(admin.live(id).await["temperature"], 185.5);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_runs_out() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({"expires_in": 1})).await);
    let admin = bakery.login("admin").await;
    add(&admin, "rational", &peer.line, json!({"unit_id": "12345"}), credentials()).await;
    let stats = eventually("several logins", || async {
        let stats = stats(&peer).await;
        (stats["logins"].as_u64() >= Some(4)).then_some(stats)
    })
    .await;
    assert_eq!(stats["refused"], Value::Null, "{stats}");
}

#[tokio::test]
async fn a_wrong_password_is_an_auth_error_that_does_not_show_it() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let wrong = json!({"username": "baker", "password": "wr0ng-word"});
    let id = add(&admin, "rational", &peer.line, json!({"unit_id": "12345"}), wrong).await;
    let entry = bakery.logged(&admin, id, "auth_failed").await;
    assert_eq!(entry["error_code"], "http_401", "{entry}");
    assert!(entry["error_message"].as_str().unwrap().starts_with("login: "), "{entry}");
    assert!(!entry.to_string().contains("wr0ng-word"));
    let bad = admin.test(id, &json!(null)).await;
    assert_eq!((&bad["error_kind"], &bad["stages"][3]["stage"]), (&json!("auth"), &json!("login")), "{bad}");
}

#[tokio::test]
async fn wachtel_reads_as_many_decks_as_it_is_told() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let config = json!({"oven_id": "W-7", "deck_count": 3});
    let id = add(&admin, "wachtel_remote", &peer.line, config, credentials()).await;
    let live = admin.live(id).await;
    let zones = json!({
        "deck 1 top": 250.0, "deck 2 top": 251.0, "deck 3 top": 252.0,
        "deck 1 bottom": 230.0, "deck 2 bottom": 231.0, "deck 3 bottom": 232.0,
    });
    assert_eq!(live["temperature_zones"], zones, "{live}");
    assert_eq!(live["operational_status"], "running");
    assert_eq!(live["energy_consumption_kwh"], 120.5);
    let sample = connection("wachtel", &peer.line, json!({"oven_id": "W-7"}), credentials()).next().await.unwrap();
    assert_eq!(sample.values.additional_sensors["operation_hours"], 4120.0);
    let alarms = sample.alarms.expect("the oven was asked for its faults");
    assert_eq!((alarms[0].code.as_str(), alarms[0].message.as_str()), ("M1", "Brenner warten"));
}

#[tokio::test]
async fn a_second_endpoint_that_fails_leaves_its_values_out() {
    let bakery = Bakery::open().await;
    let (whole, half) = (peer(json!({})).await, peer(json!({"down": ["status"]})).await);
    let admin = bakery.login("admin").await;
    let mapping = json!([
        {"target": "temperature", "path": "/temperature"},
        {"target": "operational_status", "path": "status /operational_status", "words": {"horneando": "running"}},
    ]);
    let config = |mapping: Value| json!({"equipment_id": "S-1", "mapping": mapping});
    let first = add(&admin, "salva", &whole.line, config(json!([])), credentials()).await;
    let read = admin.live(first).await;
    assert_eq!((&read["temperature"], &read["operational_status"]), (&json!(231.5), &json!("running")), "{read}");

    let second = add(&admin, "salva", &half.line, config(mapping), credentials()).await;
    let read = admin.live(second).await;
    assert_eq!((&read["temperature"], &read["operational_status"]), (&json!(231.5), &json!(null)), "{read}");
    let missing = json!({"field": "operational_status", "reason": "missing"});
    assert!(read["quality_issues"].as_array().unwrap().contains(&missing), "{read}");
    let tested = admin.test(second, &json!(null)).await;
    assert_eq!(tested["success"], true, "{tested}");
    assert!(tested["sample"].as_str().unwrap().contains("HTTP 500"), "the admin sees which one failed: {tested}");
}

#[tokio::test]
async fn a_second_endpoint_that_fails_is_logged_once_and_once_when_it_is_back() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({"down": ["status"]})).await);
    let admin = bakery.login("admin").await;
    let mapping = json!([
        {"target": "temperature", "path": "/temperature"},
        {"target": "operational_status", "path": "status /operational_status", "words": {"horneando": "running"}},
    ]);
    let config = json!({"equipment_id": "S-1", "mapping": mapping});
    let id = add(&admin, "salva", &peer.line, config, credentials()).await;
    let entry = bakery.logged(&admin, id, "part_failed").await;
    assert_eq!((&entry["error_code"], &entry["connection_status"]), (&json!("http_500"), &json!("connected")));
    let says = entry["error_message"].as_str().unwrap();
    assert!(says.starts_with("endpoint status") && says.contains("HTTP 500"), "{entry}");
    assert!(!entry.to_string().contains("s3cret-word"));

    let so_far = stats(&peer).await["asked"].as_u64().unwrap();
    asked(&peer, so_far + 4).await;
    let count = |events: &[String], wanted: &str| events.iter().filter(|event| *event == wanted).count();
    let events_so_far = bakery.events(&admin, id).await;
    assert_eq!(count(&events_so_far, "part_failed"), 1, "{events_so_far:?}");

    reqwest::get(format!("{}/repair", peer.line)).await.unwrap();
    let entry = bakery.logged(&admin, id, "part_recovered").await;
    assert!(entry["error_message"].as_str().unwrap().contains("endpoint status"), "{entry}");
    let reading = bakery.reading(id, "the status", |reading| reading["operational_status"] == "running").await;
    assert_eq!(reading["quality"], "good", "{reading}");
    let all = bakery.events(&admin, id).await;
    assert_eq!((count(&all, "part_failed"), count(&all, "part_recovered")), (1, 1), "{all:?}");
    assert!(!all.iter().any(|event| event == "disconnected" || event == "protocol_failed"), "{all:?}");
}

#[tokio::test]
async fn an_answer_without_its_required_value_says_which_endpoint_was_away() {
    let peer = peer(json!({"down": ["status"]})).await;
    let mapping = json!([
        {"target": "temperature", "path": "/temperature"},
        {"target": "door_status", "path": "status /door_status", "words": {"cerrada": "closed"}, "required": true},
    ]);
    let mut oven = connection("salva", &peer.line, json!({"equipment_id": "S-1", "mapping": mapping}), credentials());
    let error = oven.next().await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Mapping, "{error}");
    assert!(error.detail.contains("endpoint status") && error.detail.contains("HTTP 500"), "{error}");
}

pub fn connection(protocol: &str, endpoint: &str, config: Value, credentials: Value) -> Box<dyn Connection> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = (find(protocol).unwrap().build)(Settings {
        credentials: Credentials::from_json(credentials).unwrap(),
        interval: Duration::from_secs(1),
        discovering: true,
        default_timeout: PATIENCE,
        ..Settings::plain(endpoint, config.as_object().unwrap().clone())
    });
    built.unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[tokio::test]
async fn answers_are_offered_with_a_proposal_for_each_value() {
    let peer = peer(json!({})).await;
    let mut oven = connection("custom", &peer.line, json!({"profile": COMPOSED}), credentials());
    let found = oven.discover(&Search::default()).await.unwrap();
    let value = |path: &str| found.values.iter().find(|value| value.path == path).unwrap_or_else(|| panic!("{path}"));
    let rule = value("/chamber/temp_x10").suggestion.clone().unwrap();
    assert_eq!((rule.target.to_string().as_str(), rule.path.as_str()), ("temperature", "/chamber/temp_x10"));
    assert!((rule.scale - 0.1).abs() < 1e-12);
    assert_eq!(value("/time:now").suggestion.as_ref().unwrap().target.to_string(), "reading_time");
    assert_eq!(value("query /mode").suggestion.as_ref().unwrap().target.to_string(), "operational_status");
    assert_eq!(value("/token").sample.as_deref(), Some("•••"));
    let narrow = oven.discover(&Search { text: Some("MODE".to_owned()), ..Search::default() }).await.unwrap();
    assert_eq!(narrow.values.len(), 1);

    // What was offered is a mapping as it is.
    let rules: Vec<_> = found.values.iter().filter_map(|value| value.suggestion.clone()).collect();
    let config = json!({"profile": COMPOSED, "mapping": rules});
    let mut mapped = connection("custom", &peer.line, config, credentials());
    let values = mapped.next().await.unwrap().values;
    assert_eq!(values.temperature, Some(231.5));

    let mut plain = connection("rest_api", &peer.line, json!({"data_endpoint": "/o/plain"}), json!({}));
    assert!(!plain.discover(&Search::default()).await.unwrap().values.is_empty());
}

#[tokio::test]
async fn bad_answers_are_errors_that_say_what_came() {
    let peer = peer(json!({})).await;
    for (what, kind, says) in [
        ("garbage", "protocol", "did not answer with JSON"),
        ("truncated", "protocol", "did not answer with JSON"),
        ("nan", "protocol", "did not answer with JSON"),
        ("huge", "limit", "more than 1048576 bytes"),
        ("deep", "protocol", "recursion limit"),
        ("busy", "protocol", "after 120 s"),
        ("forbidden", "auth", "HTTP 403"),
        ("elsewhere", "protocol", "another host"),
        ("empty", "protocol", "did not answer with JSON"),
        ("list", "mapping", "none of the mapped values"),
        ("slow", "timeout", "longer than 2s"),
    ] {
        let config = json!({"data_endpoint": format!("/bad/{what}"), "timeout": 2});
        let mut oven = connection("rest_api", &peer.line, config, json!({}));
        let result = oven.test().await.result;
        assert_eq!(result.error_kind.map(FailureKind::as_str), Some(kind), "{what}: {result:?}");
        assert!(result.error_details.as_ref().unwrap().contains(says), "{what}: {result:?}");
    }
    let mut oven = connection("rest_api", &peer.line, json!({"data_endpoint": "/bad/nan_text"}), json!({}));
    let sample = oven.next().await.unwrap();
    assert_eq!((sample.values.temperature, sample.values.target_temperature), (None, Some(200.0)));
    assert_eq!(sample.issues.len(), 2, "{:?}", sample.issues);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_flagged() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    for (path, reason) in [("/o/far", "future_time"), ("/o/back", "clock_skew")] {
        let id = add(&admin, "rest_api", &peer.line, json!({"data_endpoint": path}), json!({})).await;
        eventually(reason, || async {
            let read = admin.live(id).await;
            read["quality_issues"].to_string().contains(reason).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_peer_that_restarts_is_found_again_with_a_new_login() {
    let (bakery, first) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let id = add(&admin, "rational", &first.line, json!({"unit_id": "12345"}), credentials()).await;
    bakery.logged(&admin, id, "connected").await;
    let port: u16 = first.line.rsplit(':').next().unwrap().parse().unwrap();
    first.kill().await;
    bakery.logged(&admin, id, "disconnected").await;
    let again = peer(json!({"port": port})).await;
    bakery.recovers(&admin, id, bakery.failures(id)).await;
    assert_eq!(stats(&again).await["logins"], 1);
}

#[tokio::test]
async fn a_login_over_tls_trusts_the_admin_s_authority_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap().pem();
    let oven_key = KeyPair::generate().unwrap();
    let oven = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = oven.signed_by(&oven_key, &Issuer::from_params(&params, &key)).unwrap();
    let (cert_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, oven_key.serialize_pem()).unwrap();
    let peer = peer(json!({"cert": cert_file, "key": key_file})).await;
    let config = json!({"unit_id": "12345", "ca_certificate": authority});
    let mut oven = connection("rational", &peer.line, config, credentials());
    let result = oven.test().await.result;
    let stages: Vec<_> = result.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(stages, ["address", "port", "tls", "login", "values"], "{result:?}");
    let mut stranger = connection("rational", &peer.line, json!({"unit_id": "12345"}), credentials());
    assert_eq!(stranger.test().await.result.error_kind.map(FailureKind::as_str), Some("tls"));
}

#[test]
fn settings_that_do_not_fit_are_named() {
    let refused = |protocol: &str, config: Value, credentials: Value| {
        let built = (find(protocol).unwrap().build)(Settings {
            last_reading_at: None,
            data_dir: std::env::temp_dir(),
            equipment: EquipmentId(uuid::Uuid::nil()),
            endpoint: "http://127.0.0.1:1".to_owned(),
            port: None,
            config: config.as_object().unwrap().clone(),
            credentials: Credentials::from_json(credentials).unwrap(),
            timezone: TimeZone::UTC,
            interval: Duration::from_secs(1),
            discovering: false,
            default_timeout: PATIENCE,
            response_limit: 1 << 20,
        });
        built.err().unwrap().into_iter().map(|error| error.field).collect::<Vec<_>>()
    };
    assert_eq!(refused("rational", json!({}), credentials()), ["config.unit_id"]);
    assert_eq!(refused("rational", json!({"unit_id": "1"}), json!({"username": "u"})), ["secret.password"]);
    let config = json!({"transport": "opc_ua", "server_fingerprint": "abc"});
    assert_eq!(refused("rational", config, credentials()), ["config.server_fingerprint"]);
    assert_eq!(refused("wachtel", json!({"deck_count": 40}), credentials()), ["config.oven_id", "config.deck_count"]);
    assert_eq!(refused("custom", json!({}), json!({})), ["config.profile"]);
    let mapping = json!([{"target": "temperature", "path": "nowhere /x"}]);
    assert_eq!(refused("salva", json!({"mapping": mapping}), credentials()), ["mapping.0.path"]);
}
