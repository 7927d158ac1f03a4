//! Looking for machines and values, over the API and in the form.

use app::model::equipment::EquipmentId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Bakery, eventually},
    peer::Peer,
};

const PEER: &str = "opcua_oven.py";

fn asked(port: &str, search: Value) -> Value {
    json!({
        "protocol": "opc_ua", "endpoint": format!("opc.tcp://127.0.0.1:{port}/oven"),
        "additional_config": {"timeout": 10}, "search": search,
    })
}

#[tokio::test]
async fn machines_and_folders_are_found_over_the_api() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let admin = bakery.login("admin").await;
    let find = async |search| {
        let answer = admin.post("/api/v1/connectors/discover", &asked(&peer.line, search)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.unwrap()
    };
    let top = find(json!({})).await;
    assert_eq!(
        (&top["machines"][0]["name"], &top["machines"][0]["kind"]),
        (&json!("Combi1"), &json!("combi")),
        "{top}"
    );
    assert_eq!(top["machines"][0]["profile"], "OPC 30200 combi steamer");
    let folders: Vec<_> = top["values"].as_array().unwrap().iter().map(|value| value["path"].clone()).collect();
    assert!(folders.contains(&json!("Plain")) && folders.contains(&json!("DeviceSet")), "{folders:?}");
    let plain = find(json!({"under": "Plain"})).await;
    let temp = plain["values"].as_array().unwrap().iter().find(|value| value["name"] == "Temp").unwrap().clone();
    assert_eq!((&temp["path"], &temp["sample"]), (&json!("Plain/Temp"), &json!("218.25")), "{temp}");
    let core = find(json!({"text": "core"})).await;
    assert_eq!(core["values"][0]["suggestion"]["unit"], "°F", "{core}");
    let nobody = admin.post("/api/v1/connectors/discover", &asked("1", json!({}))).await.json::<Value>().await.unwrap();
    assert_eq!((&nobody["success"], &nobody["error_kind"]), (&json!(false), &json!("refused")), "{nobody}");
    let staff = bakery.login("staff").await;
    let answer = staff.post("/api/v1/connectors/discover", &asked(&peer.line, json!({}))).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

/// The value of a hidden field as a browser reads it.
pub fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{name} is in the form"));
    let value = page[at..].split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[tokio::test]
async fn the_form_makes_ovens_of_machines_and_rows_of_values() {
    let (bakery, peer) = (Bakery::open().await, Peer::start(PEER, &[]).await);
    let mut admin = bakery.login("admin").await;
    let endpoint = format!("opc.tcp://127.0.0.1:{}/oven", peer.line);
    let mut form: Vec<(String, String)> = [
        ("kind", "combi"),
        ("iot_protocol", "opc_ua"),
        ("iot_endpoint", endpoint.as_str()),
        ("iot_enabled", "on"),
        ("poll_interval_seconds", "1"),
        ("config.timeout", "10"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let with = |form: &[(String, String)], more: &[(&str, &str)]| -> Vec<(String, String)> {
        form.iter().cloned().chain(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).collect()
    };
    let page = admin.submit_all("/admin/ovens/new", &with(&form, &[("action", "discover")])).await;
    assert!(page.contains("found-machine") && page.contains("Combi1"), "the machine is offered");
    form.push(("find.found".to_owned(), hidden(&page, "find.found")));
    let found: Value = serde_json::from_str(&form.last().unwrap().1).unwrap();
    let plain = found["values"].as_array().unwrap().iter().position(|value| value["name"] == "Plain").unwrap();

    let page = admin.submit_all("/admin/ovens/new", &with(&form, &[("action", &format!("open.{plain}"))])).await;
    let inside = vec![("find.found".to_owned(), hidden(&page, "find.found"))];
    let found: Value = serde_json::from_str(&inside[0].1).unwrap();
    let temp = found["values"].as_array().unwrap().iter().position(|value| value["name"] == "Temp").unwrap();
    let choice = [
        (format!("found.{temp}.on"), "on".to_owned()),
        (format!("found.{temp}.target"), "temperature".to_owned()),
        ("action".to_owned(), "add_found".to_owned()),
    ];
    let page = admin.submit_all("/admin/ovens/new", &[inside, choice.to_vec(), form[..6].to_vec()].concat()).await;
    assert!(page.contains("Plain/Temp") && page.contains("mapping.0.path"), "a row was added");

    let several = with(&form, &[("machine.0.on", "on"), ("action", "add_machines")]);
    admin.submit_all("/admin/ovens/new", &several).await;
    let list = admin.json("/api/v1/equipment").await;
    let oven = &list["items"][0];
    assert_eq!((&oven["name"], &oven["model"]), (&json!("Combi1"), &json!("CS-6")), "{list}");
    let id: EquipmentId = oven["id"].as_str().unwrap().parse().unwrap();
    let reading = eventually("it is read", || async { bakery.server.service.live.last_reading(id) }).await;
    assert_eq!(reading.values.temperature, Some(231.5));
}

#[tokio::test]
async fn several_machines_become_ovens_together_or_not_at_all() {
    let bakery = Bakery::open().await;
    let mut admin = bakery.login("admin").await;
    let found = |last: Value| {
        let machine = |name: &str, chamber: Value| json!({"name": name, "kind": "deck", "profile": "OPC 40600", "config": {"machine": name, "chamber": chamber}});
        let machines = [machine("Deck1", json!(1)), machine("Deck2", json!(2)), machine("Deck3", last)];
        json!({"machines": machines, "values": []}).to_string()
    };
    let form = |found: String| -> Vec<(String, String)> {
        [
            ("kind", "deck"),
            ("iot_protocol", "opc_ua"),
            ("iot_endpoint", "opc.tcp://127.0.0.1:1"),
            ("poll_interval_seconds", "1"),
            ("find.found", found.as_str()),
            ("machine.0.on", "on"),
            ("machine.1.on", "on"),
            ("machine.2.on", "on"),
            ("action", "add_machines"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    };
    let page = admin.submit_all("/admin/ovens/new", &form(found(json!("third")))).await;
    assert!(page.contains("«Deck3»: ") && !page.contains("«Deck2»: "), "the error says which machine it is about");
    assert!(page.contains("found-machine"), "the machines are still offered");
    let names = async || -> Vec<String> {
        let ovens = bakery.server.service.store.equipment_list().await.unwrap();
        ovens.into_iter().map(|oven| oven.name).collect()
    };
    assert_eq!(names().await, [""; 0]);
    admin.submit_all("/admin/ovens/new", &form(found(json!(3)))).await;
    assert_eq!(names().await, ["Deck1", "Deck2", "Deck3"]);
}
