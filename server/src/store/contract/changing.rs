use app::model::{
    equipment::EquipmentId,
    retention::Retention,
    user::{Role, UserChange},
};
use uuid::Uuid;

use super::{contract, full_draft, new_oven};
use crate::store::{
    Store, StoreError,
    audit::AuditEntry,
    changing::Changing,
    equipment::{CredentialChange, NewEquipment},
};

contract! {
    all_is_changed_or_nothing,
    nobody_else_writes_meanwhile,
}

async fn everything(changing: &mut Changing, old: EquipmentId, new: EquipmentId) {
    let draft = full_draft();
    let oven = NewEquipment { id: new, draft: &draft, sealed_credentials: Some(b"sealed") };
    changing.create_equipment(&oven).await.unwrap();
    changing.update_equipment(old, &draft, CredentialChange::Replace(b"other")).await.unwrap();
    changing.set_equipment_enabled(old, true).await.unwrap();
    for id in [old, new] {
        changing.set_retention(id, Some(Retention::default())).await.unwrap();
    }
    changing.set_setting("a", &1).await.unwrap();
    let user = UserChange { username: "ana".to_owned(), role: Role::Staff, disabled: false };
    let id = changing.create_user(&user).await.unwrap();
    changing.update_user(id, &UserChange { disabled: true, ..user }).await.unwrap();
    let entry = AuditEntry {
        at: jiff::Timestamp::UNIX_EPOCH,
        actor_id: None,
        actor_name: "config file".to_owned(),
        actor_token: None,
        action: "config.apply".to_owned(),
        object_type: "config".to_owned(),
        object_id: None,
        before: None,
        after: None,
        client_ip: None,
    };
    changing.append_audit(&entry).await.unwrap();
    let nowhere = EquipmentId(Uuid::new_v4());
    let missing = changing.update_equipment(nowhere, &draft, CredentialChange::Keep).await;
    assert!(matches!(missing, Err(StoreError::NotFound("equipment"))));
    changing.set_retention(nowhere, Some(Retention::default())).await.unwrap();
}

async fn all_is_changed_or_nothing(store: &Store) {
    let (old, new) = (new_oven(store, "Horno").await, EquipmentId(Uuid::new_v4()));
    let before = store.equipment(old).await.unwrap();
    let mut changing = store.change().await.unwrap();
    everything(&mut changing, old, new).await;
    assert_eq!(store.equipment(old).await.unwrap(), before, "others see what was committed");
    drop(changing);
    assert_eq!(store.equipment(old).await.unwrap(), before);
    assert!(store.equipment(new).await.unwrap().is_none());
    assert_eq!(store.setting::<u8>("a").await.unwrap(), None);
    assert_eq!((store.count_users().await.unwrap(), store.audit_log(9, None).await.unwrap().len()), (0, 0));

    let mut changing = store.change().await.unwrap();
    everything(&mut changing, old, new).await;
    changing.commit().await.unwrap();
    assert!(store.equipment(old).await.unwrap().unwrap().iot_enabled);
    assert_eq!(store.credentials(old).await.unwrap().as_deref(), Some(&b"other"[..]));
    assert_eq!(store.credentials(new).await.unwrap().as_deref(), Some(&b"sealed"[..]));
    for id in [old, new] {
        assert_eq!(store.retention(id).await.unwrap(), Some(Retention::default()));
    }
    assert_eq!(store.setting::<u8>("a").await.unwrap(), Some(1));
    let ana = store.user_by_name("ana").await.unwrap().unwrap();
    assert_eq!((ana.password_hash.as_str(), ana.user.disabled), ("", true));
    assert_eq!(store.audit_log(9, None).await.unwrap().len(), 1);
    let mut changing = store.change().await.unwrap();
    changing.set_retention(new, None).await.unwrap();
    changing.delete_user(ana.user.id).await.unwrap();
    changing.commit().await.unwrap();
    assert_eq!(store.retention(new).await.unwrap(), None);
    assert!(store.users().await.unwrap().is_empty());
}

async fn nobody_else_writes_meanwhile(store: &Store) {
    let changing = store.change().await.unwrap();
    assert!(matches!(store.set_setting("a", &1).await, Err(StoreError::Unavailable { .. })));
    changing.commit().await.unwrap();
    store.set_setting("a", &1).await.unwrap();
}
