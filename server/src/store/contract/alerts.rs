use app::model::{
    alert::{Alert, AlertChange, AlertSeverity, AlertStatus, AlertType},
    equipment::EquipmentId,
    user::Role,
};
use serde_json::json;
use uuid::Uuid;

use super::{at, contract, new_oven};
use crate::store::{Store, StoreError};

contract! {
    every_field_comes_back_and_resolved_ones_do_not,
    half_shelved_is_refused,
    what_users_do_outlives_what_the_oven_says,
}

pub(super) async fn full_alert(store: &Store, equipment_id: EquipmentId) -> Alert {
    let user = store.create_user("ana", "hash", Role::Staff).await.unwrap().user.id;
    Alert {
        id: Uuid::new_v4(),
        equipment_id,
        alert_type: AlertType::TemperatureDeviation,
        severity: AlertSeverity::Critical,
        status: AlertStatus::Acknowledged,
        title: "Demasiado caliente".to_owned(),
        message: "241,5 °C".to_owned(),
        data: json!({"celsius": 241.5}).as_object().unwrap().clone(),
        value: Some(241.5),
        threshold: Some(235.0),
        zone: Some("bóveda".to_owned()),
        raised_at: at(1),
        acknowledged_at: Some(at(2)),
        acknowledged_by: Some(user),
        resolved_at: None,
        resolved_by: None,
        notes: Some("ya voy".to_owned()),
        shelved_at: Some(at(3)),
        shelved_by: Some(user),
        shelved_until: Some(at(4)),
        shelve_reason: Some("limpieza".to_owned()),
        auto_response: Some("notified".to_owned()),
        auto_response_at: Some(at(5)),
        auto_response_result: Some("delivered".to_owned()),
    }
}

fn bare_alert(equipment_id: EquipmentId) -> Alert {
    Alert::new(equipment_id, AlertType::ConnectionLost, AlertSeverity::Info, at(9))
}

async fn every_field_comes_back_and_resolved_ones_do_not(store: &Store) {
    let (a, b) = (new_oven(store, "A").await, new_oven(store, "B").await);
    let (full, bare) = (full_alert(store, a).await, bare_alert(b));
    store.save_alert(&full).await.unwrap();
    store.save_alert(&bare).await.unwrap();
    assert_eq!(store.standing_alerts(None).await.unwrap(), [bare.clone(), full.clone()]);
    assert_eq!(store.standing_alerts(Some(a)).await.unwrap(), std::slice::from_ref(&full));

    // The same id again is the same alert in a new state.
    let resolved =
        Alert { status: AlertStatus::Resolved, resolved_at: Some(at(20)), resolved_by: full.acknowledged_by, ..full };
    store.save_alert(&resolved).await.unwrap();
    assert_eq!(store.standing_alerts(None).await.unwrap(), [bare]);
    let unknown = bare_alert(EquipmentId(Uuid::new_v4()));
    assert!(matches!(store.save_alert(&unknown).await, Err(StoreError::NotFound(_))));
}

async fn half_shelved_is_refused(store: &Store) {
    let id = new_oven(store, "A").await;
    let endless = Alert { shelved_until: Some(at(1)), ..bare_alert(id) };
    assert!(matches!(store.save_alert(&endless).await, Err(StoreError::Refused(_))));
    let nobody = Alert { acknowledged_by: Some(99), ..bare_alert(id) };
    assert!(matches!(store.save_alert(&nobody).await, Err(StoreError::Refused(_))));
}

async fn what_users_do_outlives_what_the_oven_says(store: &Store) {
    let user = store.create_user("eva", "hash", Role::Staff).await.unwrap().user.id;
    let oven = new_oven(store, "A").await;
    let alert = bare_alert(oven);
    store.save_alert(&alert).await.unwrap();
    let acknowledge = AlertChange::Acknowledge { note: Some("ya voy".to_owned()) };
    assert!(store.change_alert(alert.id, &acknowledge, Some(user), at(20)).await.unwrap());
    assert!(!store.change_alert(alert.id, &acknowledge, Some(user), at(21)).await.unwrap(), "once");
    let shelve = AlertChange::Shelve { until: at(90), reason: "pieza".to_owned() };
    assert!(store.change_alert(alert.id, &shelve, Some(user), at(22)).await.unwrap());
    store.reword_alert(alert.id, "otra cosa", AlertSeverity::Critical).await.unwrap();
    store.end_alert(alert.id, at(30)).await.unwrap();
    store.end_alert(alert.id, at(31)).await.unwrap();
    let ended = Alert {
        severity: AlertSeverity::Critical,
        status: AlertStatus::Resolved,
        message: "otra cosa".to_owned(),
        acknowledged_at: Some(at(20)),
        acknowledged_by: Some(user),
        resolved_at: Some(at(30)),
        notes: Some("ya voy".to_owned()),
        shelved_at: Some(at(22)),
        shelved_by: Some(user),
        shelved_until: Some(at(90)),
        shelve_reason: Some("pieza".to_owned()),
        ..alert
    };
    assert_eq!(store.alert(ended.id).await.unwrap().unwrap(), ended);
    for change in [acknowledge, AlertChange::Resolve { note: None }, shelve] {
        assert!(!store.change_alert(ended.id, &change, Some(user), at(40)).await.unwrap(), "{change:?}");
    }
}
