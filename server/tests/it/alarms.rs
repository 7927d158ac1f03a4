//! Faults that ovens report of themselves.

use app::model::equipment::{ConnectionStatus, EquipmentId};
use serde_json::{Value, json};

use crate::{
    harness::{Bakery, Visitor, eventually},
    peer::Peer,
};

async fn standing(admin: &Visitor) -> Vec<Value> {
    admin.json("/api/v1/equipment/iot-alerts").await["items"].as_array().unwrap().clone()
}

async fn count(admin: &Visitor, wanted: usize) -> Vec<Value> {
    eventually(&format!("{wanted} alerts"), || async {
        let alerts = standing(admin).await;
        (alerts.len() == wanted).then_some(alerts)
    })
    .await
}

#[tokio::test]
async fn an_alarm_condition_is_an_alert_until_it_is_over_and_a_restart_changes_nothing() {
    let (bakery, mut peer) = (Bakery::open().await, Peer::start("opcua_oven.py", &[]).await);
    let admin = bakery.login("admin").await;
    let made = admin.post("/api/v1/equipment", &json!({"name": "Combi", "kind": "combi", "iot_enabled": false})).await;
    let id: EquipmentId = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().parse().unwrap();
    let config = json!({
        "protocol": "opc_ua", "endpoint": format!("opc.tcp://127.0.0.1:{}/oven", peer.line), "poll_interval_seconds": 1,
        "additional_config": {"timeout": 10},
    });
    admin.post(&format!("/api/v1/equipment/{id}/iot-config"), &config).await;
    bakery.logged(&admin, id, "connected").await;
    peer.tell("alarm on").await;
    let alerts = count(&admin, 1).await;
    let alert = &alerts[0];
    assert_eq!((&alert["alert_type"], &alert["severity"]), (&json!("equipment_error"), &json!("critical")), "{alert}");
    assert_eq!((&alert["title"], &alert["status"]), (&json!("E042"), &json!("active")));
    assert!(alert["message"].as_str().unwrap().contains("over-temperature"), "{alert}");
    let live = bakery.server.service.live.oven(id).unwrap();
    assert_eq!(live.alarms[0].code, "E042");
    assert!(admin.text("/").await.contains("over-temperature"), "the board shows it");

    // The peer cannot be asked for what stands: until it says otherwise, the fault does.
    let bakery = bakery.reopen().await;
    let admin = bakery.login("admin").await;
    eventually("it is subscribed again", || async {
        (bakery.server.service.live.oven(id)?.status == ConnectionStatus::Connected).then_some(())
    })
    .await;
    assert_eq!(standing(&admin).await, alerts, "neither raised again nor forgotten");
    peer.tell("alarm off").await;
    count(&admin, 0).await;
    assert!(bakery.server.service.live.oven(id).unwrap().alarms.is_empty());
}
