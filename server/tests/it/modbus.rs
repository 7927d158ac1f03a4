//! Modbus against pymodbus.

use serde_json::{Value, json};

use crate::{discovery::hidden, harness::Bakery, peer::Peer};

const PEER: &str = "modbus_oven.py";

fn oven(port: &str, unit: u8, more: Value, mapping: Value) -> Value {
    let mut config = more;
    config["unit_id"] = json!(unit);
    config["timeout"] = json!(2.0);
    config["mapping"] = mapping;
    json!({
        "name": format!("Regulador {unit}"), "kind": "deck", "poll_interval_seconds": 1, "iot_protocol": "modbus",
        "iot_endpoint": "127.0.0.1", "iot_port": port.parse::<u16>().unwrap(), "iot_config": config,
    })
}

fn tenths(target: &str, path: &str) -> Value {
    json!({"target": target, "path": path, "scale": 0.1})
}

#[tokio::test]
async fn registers_become_values_and_missing_ones_do_not_stop_the_others() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let mapping = json!([
        tenths("temperature", "holding 1 i16"),
        tenths("target_temperature", "holding 2 i16"),
        // 3 is missing between 2 and 4, which a gap of 8 would read over.
        tenths("humidity", "holding 4"),
        {"target": "temperature_zones.top", "path": "holding 20 f32"},
        {"target": "temperature_zones.bottom", "path": "holding 24 f32 cdab"},
        {"target": "temperature_zones.broken", "path": "holding 30 f32"},
        {"target": "temperature_zones.absent", "path": "holding 900 f32"},
        {"target": "temperature_zones.unplugged", "path": "input 0 i16", "null_values": ["-32768"]},
        {"target": "operational_status", "path": "holding 40", "words": {"7": "running"}},
        {"target": "door_status", "path": "coil 1"},
    ]);
    let id = admin.make(&oven(&peer.line, 1, json!({}), mapping)).await;
    let live = admin.live(id).await;
    assert_eq!((&live["temperature"], &live["target_temperature"]), (&json!(231.5), &json!(240.0)), "{live}");
    assert_eq!(live["humidity"], 55.0);
    assert_eq!(live["temperature_zones"], json!({"top": 231.5, "bottom": 231.5}));
    assert_eq!(live["operational_status"], "running");
    let issue = |field: &str| {
        let issues = live["quality_issues"].as_array().unwrap();
        issues.iter().find(|issue| issue["field"] == field).map(|issue| issue["reason"].clone())
    };
    assert_eq!(issue("temperature_zones.broken"), Some(json!("not_finite")), "NaN is no temperature");
    assert_eq!(issue("temperature_zones.absent"), Some(json!("missing")));
    assert_eq!(issue("temperature_zones.unplugged"), None, "no value is no flaw");
}

#[tokio::test]
async fn two_units_share_one_line_and_each_gets_its_own_values() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &["rtu"]).await);
    let admin = bakery.login("admin").await;
    let more = json!({"transport": "rtu_over_tcp", "frame_delay_ms": 5});
    let mapping = || json!([tenths("temperature", "holding 1 i16")]);
    let first = admin.make(&oven(&peer.line, 1, more.clone(), mapping())).await;
    let second = admin.make(&oven(&peer.line, 2, more, mapping())).await;
    bakery.stored(first, 3, Some(231.5)).await;
    bakery.stored(second, 3, Some(180.5)).await;
}

#[tokio::test]
async fn a_peer_that_restarts_is_found_again() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let port = peer.line.clone();
    let id = admin.make(&oven(&port, 1, json!({}), json!([tenths("temperature", "holding 1 i16")]))).await;
    bakery.logged(&admin, id, "connected").await;
    peer.kill().await;
    let entry = bakery.logged(&admin, id, "disconnected").await;
    assert_eq!(entry["connection_status"], "disconnected", "{entry}");
    let _again = Peer::start(PEER, &["tcp", &port]).await;
    bakery.recovers(&admin, id, bakery.failures(id)).await;
    assert_eq!(admin.live(id).await["temperature"], 231.5);
}

#[tokio::test]
async fn a_test_says_how_far_it_came() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let mapping = || json!([tenths("temperature", "holding 1 i16")]);
    let id = admin.make(&oven(&peer.line, 1, json!({}), mapping())).await;
    let path = format!("/api/v1/equipment/{id}/test-connection");
    let good = admin.test(id, &json!(null)).await;
    assert_eq!((&good["success"], &good["reading"]["temperature"]), (&json!(true), &json!(231.5)), "{good}");
    assert_eq!(good["sample"], "holding 1 i16 = 2315");
    let request = |port: u16, unit: u8, path: &str| {
        json!({
            "protocol": "modbus_tcp", "endpoint": "127.0.0.1", "port": port,
            "additional_config": {"unit_id": unit, "timeout": 1, "mapping": [tenths("temperature", path)]},
        })
    };
    let port: u16 = peer.line.parse().unwrap();
    for (request, stage, kind) in
        [(request(1, 1, "holding 1"), "port", "refused"), (request(port, 1, "holding 900"), "values", "mapping")]
    {
        let bad = admin.test(id, &request).await;
        assert_eq!(bad["error_kind"], kind, "{bad}");
        assert_eq!(bad["stages"].as_array().unwrap().last().unwrap()["stage"], stage, "{bad}");
    }
    let wrong = admin.post(&path, &request(port, 1, "register 1")).await;
    assert_eq!(wrong.json::<Value>().await.unwrap()["errors"][0]["field"], "mapping.0.path");
}

#[cfg(feature = "serial")]
#[tokio::test]
async fn a_serial_line_is_read_and_a_missing_adapter_is_named() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &["serial"]).await);
    let admin = bakery.login("admin").await;
    let on = |device: &str, unit: u8| {
        let mapping = json!([tenths("temperature", "holding 1 i16"), {"target": "door_status", "path": "coil 1"}]);
        let mut oven = oven("0", unit, json!({"transport": "serial", "baud_rate": 19_200}), mapping);
        oven["iot_endpoint"] = json!(device);
        oven.as_object_mut().unwrap().remove("iot_port");
        oven
    };
    let first = admin.make(&on(&peer.line, 1)).await;
    let second = admin.make(&on(&peer.line, 2)).await;
    // Two controllers on one line take turns.
    bakery.stored(first, 2, Some(231.5)).await;
    bakery.stored(second, 2, Some(180.5)).await;
    let tested = admin.test(first, &json!(null)).await;
    assert_eq!(tested["success"], true, "{tested}");
    let mut faster = on(&peer.line, 1);
    faster["iot_config"]["baud_rate"] = json!(38_400);
    let third = admin.make(&faster).await;
    bakery.stored(third, 2, Some(231.5)).await;
    let absent = admin.make(&on("/dev/ttyNOWHERE0", 1)).await;
    let entry = bakery.logged(&admin, absent, "disconnected").await;
    assert_eq!(entry["error_code"], "no_device", "{entry}");
}

#[tokio::test]
async fn a_scan_finds_registers_decodings_and_a_known_controller() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let find = async |unit: u8, search: Value| {
        let request = json!({
            "protocol": "modbus", "endpoint": "127.0.0.1", "port": peer.line.parse::<u16>().unwrap(),
            "additional_config": {"unit_id": unit, "timeout": 2}, "search": search,
        });
        admin.post("/api/v1/connectors/discover", &request).await.json::<Value>().await.unwrap()
    };
    let found = find(1, json!({"from": "holding 0", "to": "holding 60"})).await;
    let paths: Vec<_> = found["values"].as_array().unwrap().iter().map(|value| value["path"].clone()).collect();
    let expected = [1, 2, 4, 5, 20, 21, 24, 25, 30, 31, 40].map(|address| json!(format!("holding {address}")));
    assert_eq!(paths, expected, "those that are there and no others");
    let plausible = |path: &str| {
        let value = found["values"].as_array().unwrap().iter().find(|value| value["path"] == path).unwrap();
        let ways = value["decodings"].as_array().unwrap();
        ways.iter().find(|way| way["plausible"] == true).map(|way| (way["path"].clone(), way["sample"].clone()))
    };
    assert_eq!(plausible("holding 1"), Some((json!("holding 1 i16"), json!("2315"))));
    assert_eq!(plausible("holding 20"), Some((json!("holding 20 f32"), json!("231.5"))));
    assert_eq!(plausible("holding 24"), Some((json!("holding 24 f32 cdab"), json!("231.5"))));
    assert_eq!(plausible("holding 21"), None, "the second half of a float");
    let machine = &found["machines"][0];
    assert_eq!(machine["name"], "Eurotherm 3200", "{found}");
    assert_eq!(machine["config"]["mapping"][1]["path"], "holding 5 i16");
    assert_eq!(find(2, json!({})).await["machines"], json!([]), "it lacks registers of every known controller");

    let coils = find(1, json!({"from": "coil 0", "to": "coil 1"})).await;
    assert_eq!((&coils["values"][0]["sample"], &coils["values"][1]["sample"]), (&json!("true"), &json!("false")));
    let wrong = find(1, json!({"from": "holding 0", "to": "coil 5"})).await;
    assert_eq!(wrong["error_kind"], "config", "{wrong}");
    let nothing = find(1, json!({"from": "holding 800", "to": "holding 810"})).await;
    assert_eq!(nothing["error_kind"], "mapping", "{nothing}");
}

#[tokio::test]
async fn the_form_can_carry_a_wide_scan() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let mut admin = bakery.login("admin").await;
    let mut fields: Vec<(String, String)> = [
        ("iot_protocol", "modbus"),
        ("iot_endpoint", "127.0.0.1"),
        ("iot_port", &peer.line),
        ("config.unit_id", "3"),
        ("find.from", "input 0"),
        ("find.to", "input 499"),
        ("action", "discover"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let page = admin.submit_all("/admin/ovens/new", &fields).await;
    let carried = hidden(&page, "find.found");
    assert!(carried.contains("input 40") && page.contains("found.40."), "many are listed");
    fields.extend(
        [
            ("find.found", carried.as_str()),
            ("found.1.on", "on"),
            ("found.1.target", "temperature"),
            ("found.1.path", "input 1 i16"),
            ("action", "add_found"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    fields.retain(|(name, value)| name != "action" || value == "add_found");
    let page = admin.submit_all("/admin/ovens/new", &fields).await;
    assert!(page.contains("value=\"input 1 i16\""), "{}", &page[..page.len().min(600)]);
}
