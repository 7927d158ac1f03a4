//! What users do with alerts.

use app::model::{
    alert::{Alert, AlertSeverity, AlertType, DeviceAlarm},
    equipment::{EquipmentId, EquipmentKind},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::connectors::Sample;

use crate::harness::{Bakery, Visitor, answered, eventually, refusal};

const PATH: &str = "/api/v1/equipment/iot-alerts";

async fn raise(bakery: &Bakery, id: EquipmentId, kind: AlertType, severity: AlertSeverity) -> String {
    let alert = Alert { title: "E1".to_owned(), ..Alert::new(id, kind, severity, Timestamp::now()) };
    bakery.server.service.store.save_alert(&alert).await.unwrap();
    alert.id.to_string()
}

async fn ids(visitor: &Visitor, query: &str) -> Vec<String> {
    let list = visitor.json(&format!("{PATH}{query}")).await;
    list["items"].as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_alert_is_acknowledged_shelved_and_resolved_with_who_and_when() {
    let bakery = Bakery::open().await;
    let (admin, staff, display) =
        (bakery.login("admin").await, bakery.login("staff").await, bakery.login("display").await);
    let oven = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let id = raise(&bakery, oven, AlertType::EquipmentError, AlertSeverity::Critical).await;
    let staff_id = bakery.server.service.store.user_by_name("staff").await.unwrap().unwrap().user.id;
    let change = async |what: &str, body: &Value| staff.post(&format!("{PATH}/{id}/{what}"), body).await;

    let refused = display.post(&format!("{PATH}/{id}/acknowledge"), &json!({})).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let seen = answered(change("acknowledge", &json!({"note": " ya voy "})).await, StatusCode::OK).await;
    assert_eq!((&seen["status"], &seen["acknowledged_by"]), (&json!("acknowledged"), &json!(staff_id)));
    assert_eq!(seen["notes"], "ya voy");
    assert!(seen["acknowledged_at"].is_string());
    let again = change("acknowledge", &json!({})).await;
    assert_eq!(refusal(again).await, (409, "already_acknowledged".to_owned()));

    let until = Timestamp::now() + SignedDuration::from_hours(1);
    let shelf = json!({"until": until, "reason": "pieza pedida"});
    let shelved = answered(change("shelve", &shelf).await, StatusCode::OK).await;
    assert_eq!((&shelved["shelved_by"], &shelved["shelve_reason"]), (&json!(staff_id), &json!("pieza pedida")));
    assert_eq!(shelved["status"], "acknowledged");
    let until = Timestamp::now() + SignedDuration::from_hours(8 * 24);
    let endless = change("shelve", &json!({"until": until, "reason": ""})).await;
    let endless = answered(endless, StatusCode::UNPROCESSABLE_ENTITY).await;
    let fields: Vec<_> = endless["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
    assert_eq!(fields, ["reason", "until"]);

    let resolved = answered(change("resolve", &json!({"note": "cambiada"})).await, StatusCode::OK).await;
    assert_eq!((&resolved["status"], &resolved["resolved_by"]), (&json!("resolved"), &json!(staff_id)));
    assert_eq!(resolved["notes"], "ya voy\ncambiada");
    for (what, body) in [("acknowledge", json!({})), ("resolve", json!({})), ("shelve", shelf)] {
        assert_eq!(refusal(change(what, &body).await).await, (409, "already_resolved".to_owned()), "{what}");
    }
    assert_eq!(display.json(&format!("{PATH}/{id}")).await, resolved);
    let audit = bakery.server.service.store.audit_log(3, None).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|record| record.entry.action.as_str()).collect();
    assert_eq!(actions, ["alert.resolve", "alert.shelve", "alert.acknowledge"]);
    let nobody = "00000000-0000-0000-0000-000000000000";
    for path in [format!("{PATH}/{nobody}"), format!("{PATH}/x")] {
        assert_eq!(refusal(staff.get(&path).await).await, (404, "not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn of_many_who_acknowledge_at_once_one_does() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let oven = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let id = raise(&bakery, oven, AlertType::DoorOpen, AlertSeverity::Warning).await;
    let path = format!("{PATH}/{id}/acknowledge");
    let note = json!({"note": "x"});
    let answers = futures::future::join_all((0..8).map(|_| staff.post(&path, &note))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == StatusCode::OK).count(), 1);
    assert_eq!(staff.json(&format!("{PATH}/{id}")).await["notes"], "x");
}

#[tokio::test]
async fn alerts_are_found_by_what_they_are() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let a = admin.make(&json!({"name": "A", "iot_enabled": false})).await;
    let b = admin.make(&json!({"name": "B", "iot_enabled": false})).await;
    let first = raise(&bakery, a, AlertType::EquipmentError, AlertSeverity::Critical).await;
    let second = raise(&bakery, b, AlertType::DoorOpen, AlertSeverity::Warning).await;
    let third = raise(&bakery, b, AlertType::EquipmentError, AlertSeverity::Info).await;
    admin.post(&format!("{PATH}/{third}/resolve"), &Value::Null).await;
    assert_eq!(ids(&admin, "").await, [second.clone(), first.clone()], "those that stand, newest first");
    assert_eq!(ids(&admin, "?status=resolved").await, [third]);
    assert_eq!(ids(&admin, "?severity=critical").await, [&*first]);
    assert_eq!(ids(&admin, "?alert_type=door_open").await, [&*second]);
    assert_eq!(ids(&admin, &format!("?equipment_id={a}")).await, [&*first]);
    let page = admin.json(&format!("{PATH}?limit=1")).await;
    let next = format!("?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(ids(&admin, &next).await, [first]);
    for bad in ["?status=gone", "?severity=1", "?type=x", "?limit=0"] {
        assert_eq!(admin.get(&format!("{PATH}{bad}")).await.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn a_fault_that_stands_though_it_was_resolved_is_raised_again() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1"})).await;
    let report = async || {
        let alarm = DeviceAlarm {
            code: "E042".to_owned(),
            message: "Quemador".to_owned(),
            severity: AlertSeverity::Critical,
            since: None,
        };
        let sample = Sample { alarms: Some(vec![alarm]), ..Sample::default() };
        bakery.server.service.ingest.accept(id, EquipmentKind::Deck, 5, sample).await;
    };
    let standing = async |what: &str| eventually(what, || async { ids(&admin, "").await.first().cloned() }).await;
    report().await;
    let first = standing("the fault as an alert").await;
    answered(admin.post(&format!("{PATH}/{first}/resolve"), &json!({})).await, StatusCode::OK).await;
    assert!(ids(&admin, "").await.is_empty());
    report().await;
    assert_ne!(standing("the fault once more").await, first);
}
