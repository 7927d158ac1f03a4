use app::model::equipment::{ConnectionStatus, EquipmentDraft, EquipmentId};
use serde_json::json;
use uuid::Uuid;

use super::{at, contract, full_draft, full_reading, new_oven, plain_reading, write};
use crate::store::{
    Store, StoreError,
    equipment::{CredentialChange, IotSettings, NewEquipment},
};

contract! {
    every_field_comes_back,
    several_are_made_together_or_not_at_all,
    it_is_changed,
    the_connection_is_changed_with_its_credentials,
    statuses_are_kept_apart_from_settings,
    what_is_not_there_is_not_found,
    impossible_values_are_refused,
    deleting_takes_everything_along,
}

async fn every_field_comes_back(store: &Store) {
    let empty = EquipmentDraft { name: "Horno".to_owned(), iot_protocol: None, ..EquipmentDraft::default() };
    for (draft, sealed) in [(full_draft(), Some(&b"\x00sealed\xff"[..])), (empty, None)] {
        let id = EquipmentId(Uuid::new_v4());
        let made = store.create_equipment(id, &draft, sealed).await.unwrap();
        assert_eq!(EquipmentDraft::from(&made), draft);
        assert_eq!((made.id, made.has_credentials), (id, sealed.is_some()));
        assert_eq!((made.iot_connection_status, made.iot_last_connected), (ConnectionStatus::Unknown, None));
        assert_eq!(made.created_at, made.updated_at);
        assert_eq!(store.equipment(id).await.unwrap().as_ref(), Some(&made));
        assert_eq!(store.equipment_list().await.unwrap().last(), Some(&made));
        assert_eq!(store.credentials(id).await.unwrap().as_deref(), sealed);
        assert!(matches!(store.create_equipment(id, &draft, None).await, Err(StoreError::Conflict("id"))));
    }
    assert_eq!(store.equipment_list().await.unwrap().len(), 2);
}

async fn several_are_made_together_or_not_at_all(store: &Store) {
    let (draft, ids) = (full_draft(), [1, 2].map(|_| EquipmentId(Uuid::new_v4())));
    let made = |id| NewEquipment { id, draft: &draft, sealed_credentials: None };
    let twice = [made(ids[0]), made(ids[1]), made(ids[0])];
    assert!(matches!(store.create_equipments(&twice).await, Err(StoreError::Conflict("id"))));
    assert_eq!(store.equipment_list().await.unwrap(), []);
    store.create_equipments(&twice[..2]).await.unwrap();
    assert_eq!(store.equipment_list().await.unwrap().iter().map(|oven| oven.id).collect::<Vec<_>>(), ids);
}

async fn it_is_changed(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let changed = store.update_equipment(id, &full_draft(), CredentialChange::Replace(b"one")).await.unwrap();
    assert_eq!(EquipmentDraft::from(&changed), full_draft());
    assert!(changed.updated_at > changed.created_at && changed.has_credentials);

    store.update_equipment(id, &full_draft(), CredentialChange::Keep).await.unwrap();
    assert_eq!(store.credentials(id).await.unwrap().as_deref(), Some(&b"one"[..]));
    let without = store.update_equipment(id, &full_draft(), CredentialChange::Remove).await.unwrap();
    assert!(!without.has_credentials);

    assert!(store.set_equipment_enabled(id, true).await.unwrap().iot_enabled);
    assert!(!store.set_equipment_enabled(id, false).await.unwrap().iot_enabled);
}

async fn the_connection_is_changed_with_its_credentials(store: &Store) {
    let id = new_oven(store, "Horno").await;
    store.set_equipment_enabled(id, false).await.unwrap();
    let settings = IotSettings {
        protocol: "wachtel".to_owned(),
        endpoint: "https://remote.example".to_owned(),
        port: Some(443),
        config: json!({"deck_count": 3}).as_object().unwrap().clone(),
        supports_realtime: false,
        poll_interval_seconds: 30,
    };
    let changed = store.set_iot_config(id, &settings, CredentialChange::Replace(b"two")).await.unwrap();
    assert_eq!(changed.iot_protocol.as_deref(), Some("wachtel"));
    assert_eq!(changed.iot_endpoint.as_deref(), Some("https://remote.example"));
    assert_eq!((changed.iot_port, changed.poll_interval_seconds), (Some(443), 30));
    assert_eq!((&changed.iot_config, changed.supports_realtime), (&settings.config, false));
    assert_eq!((changed.name.as_str(), changed.iot_enabled, changed.has_credentials), ("Horno", true, true));

    store.set_credentials(id, Some(b"three")).await.unwrap();
    store.set_iot_config(id, &settings, CredentialChange::Keep).await.unwrap();
    assert_eq!(store.credentials(id).await.unwrap().as_deref(), Some(&b"three"[..]));
    store.set_credentials(id, None).await.unwrap();
    assert_eq!(store.credentials(id).await.unwrap(), None);
}

async fn statuses_are_kept_apart_from_settings(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let before = store.equipment(id).await.unwrap().unwrap();
    store.update_connection_status(id, ConnectionStatus::Connected, Some(at(1))).await.unwrap();
    store.update_connection_status(id, ConnectionStatus::Error, None).await.unwrap();
    let after = store.equipment(id).await.unwrap().unwrap();
    assert_eq!((after.iot_connection_status, after.iot_last_connected), (ConnectionStatus::Error, Some(at(1))));
    assert_eq!(after.updated_at, before.updated_at);
    store.reset_connection_statuses().await.unwrap();
    let after = store.equipment(id).await.unwrap().unwrap();
    assert_eq!((after.iot_connection_status, after.iot_last_connected), (ConnectionStatus::Unknown, Some(at(1))));
}

async fn what_is_not_there_is_not_found(store: &Store) {
    let nobody = EquipmentId(Uuid::new_v4());
    assert_eq!(store.equipment(nobody).await.unwrap(), None);
    let keep = CredentialChange::Keep;
    for result in [
        store.update_equipment(nobody, &full_draft(), keep).await.map(drop),
        store.set_equipment_enabled(nobody, true).await.map(drop),
        store.credentials(nobody).await.map(drop),
        store.set_credentials(nobody, None).await,
        store.update_connection_status(nobody, ConnectionStatus::Error, None).await,
        store.delete_equipment(nobody).await,
        store.latest_reading(nobody).await.map(drop),
        store.readings(nobody, at(0), at(1), 1).await.map(drop),
        store.count_readings(nobody, at(0), at(1), 1).await.map(drop),
        store.connection_logs(nobody, 1, None).await.map(drop),
    ] {
        assert!(matches!(result, Err(StoreError::NotFound("equipment"))), "{result:?}");
    }
}

async fn impossible_values_are_refused(store: &Store) {
    for draft in [
        EquipmentDraft { poll_interval_seconds: 0, ..full_draft() },
        EquipmentDraft { poll_interval_seconds: 86_401, ..full_draft() },
        EquipmentDraft { iot_port: Some(0), ..full_draft() },
    ] {
        let refused = store.create_equipment(EquipmentId(Uuid::new_v4()), &draft, None).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    }
    assert!(store.equipment_list().await.unwrap().is_empty());
}

async fn deleting_takes_everything_along(store: &Store) {
    let (gone, stays) = (new_oven(store, "A").await, new_oven(store, "B").await);
    write(store, gone, &(0..50).map(full_reading).collect::<Vec<_>>()).await;
    write(store, stays, &[plain_reading(0)]).await;
    let alert = super::alerts::full_alert(store, gone).await;
    store.save_alert(&alert).await.unwrap();

    store.delete_equipment(gone).await.unwrap();
    assert_eq!(store.equipment(gone).await.unwrap(), None);
    assert!(store.standing_alerts(None).await.unwrap().is_empty());
    let left = store.latest_readings().await.unwrap();
    assert_eq!(left.into_keys().collect::<Vec<_>>(), [stays]);
    assert!(matches!(store.delete_equipment(gone).await, Err(StoreError::NotFound(_))));

    // A new oven has nothing of the old one, even under the same id.
    store.create_equipment(gone, &full_draft(), None).await.unwrap();
    assert_eq!(store.latest_reading(gone).await.unwrap(), None);
}
