use app::model::{
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    equipment::ConnectionStatus,
};
use serde_json::json;

use super::{Running, at, contract, new_oven};
use crate::store::{Store, WriteOp, WriterConfig, audit::AuditEntry};

contract! {
    logs_come_newest_first_in_pages_and_are_pruned,
    the_audit_log_only_grows,
    settings_are_kept,
}

fn entry(seconds: i64) -> ConnectionLogEntry {
    ConnectionLogEntry {
        event_type: ConnectionEvent::Timeout,
        event_time: at(seconds),
        connection_status: ConnectionStatus::Disconnected,
        error_message: Some("keine Antwort von 10.0.0.7 — ünïcode".to_owned()),
        error_code: Some("timeout".to_owned()),
        response_time_ms: Some(1_500.25),
        data_points_received: Some(12),
    }
}

async fn logs_come_newest_first_in_pages_and_are_pruned(store: &Store) {
    let (a, b) = (new_oven(store, "A").await, new_oven(store, "B").await);
    let writer = Running::start(store, WriterConfig::default());
    let bare = ConnectionLogEntry {
        event_type: ConnectionEvent::Connected,
        error_message: None,
        error_code: None,
        response_time_ms: None,
        data_points_received: None,
        ..entry(99)
    };
    for entry in (0..5).map(entry).chain([bare.clone()]) {
        writer.handle.submit(WriteOp::Log { equipment: a, entry }).await.unwrap();
    }
    writer.handle.submit(WriteOp::Log { equipment: b, entry: entry(7) }).await.unwrap();
    assert_eq!(writer.stop().await.stats().logs, 7);

    let first = store.connection_logs(a, 2, None).await.unwrap();
    assert_eq!(first.iter().map(|record| &record.entry).collect::<Vec<_>>(), [&bare, &entry(4)]);
    let second = store.connection_logs(a, 2, Some(first[1].id)).await.unwrap();
    assert_eq!(second.iter().map(|record| &record.entry).collect::<Vec<_>>(), [&entry(3), &entry(2)]);

    assert_eq!(store.prune_connection_logs(3).await.unwrap(), 3);
    assert_eq!(store.connection_logs(a, 9, None).await.unwrap().len(), 3);
    assert_eq!(store.connection_logs(a, 1, None).await.unwrap(), first[..1]);
    assert_eq!(store.connection_logs(b, 9, None).await.unwrap().len(), 1);
    assert_eq!(store.prune_connection_logs(3).await.unwrap(), 0);
}

async fn the_audit_log_only_grows(store: &Store) {
    let full = AuditEntry {
        at: at(1),
        actor_id: Some(7),
        actor_name: "ana".to_owned(),
        actor_token: Some("0123456789abcdef".to_owned()),
        action: "equipment.update".to_owned(),
        object_type: "equipment".to_owned(),
        object_id: Some("x".to_owned()),
        before: Some(json!({"name": "A"})),
        after: Some(json!({"name": "B"})),
        client_ip: Some("192.168.1.9".to_owned()),
    };
    let bare =
        AuditEntry { actor_id: None, object_id: None, before: None, after: None, client_ip: None, ..full.clone() };
    let first = store.append_audit(&full).await.unwrap();
    let second = store.append_audit(&bare).await.unwrap();
    let all = store.audit_log(10, None).await.unwrap();
    assert_eq!(all.iter().map(|record| &record.entry).collect::<Vec<_>>(), [&bare, &full]);
    assert_eq!(store.audit_log(10, Some(second)).await.unwrap()[0].id, first);

    for sql in [
        "UPDATE audit_log SET actor_name = 'x'",
        "DELETE FROM audit_log",
        "INSERT OR REPLACE INTO audit_log (id, at, actor_name, action, object_type) VALUES (1, 1, 'x', 'x', 'x')",
    ] {
        let error = sqlx::query(sql).execute(store.pool()).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert_eq!(store.audit_log(10, None).await.unwrap(), all);
}

async fn settings_are_kept(store: &Store) {
    assert_eq!(store.setting::<u32>("retention_days").await.unwrap(), None);
    store.set_setting("retention_days", &730).await.unwrap();
    store.set_setting("retention_days", &365).await.unwrap();
    store.set_setting("site", &json!({"name": "Panadería"})).await.unwrap();
    assert_eq!(store.setting::<u32>("retention_days").await.unwrap(), Some(365));
    assert_eq!(store.setting::<serde_json::Value>("site").await.unwrap().unwrap()["name"], "Panadería");
    let wrong = store.setting::<u32>("site").await.unwrap_err();
    assert!(matches!(wrong, crate::store::StoreError::Corrupt { .. }), "{wrong}");
}
