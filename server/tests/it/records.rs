//! The audit log and the connection logs over the API.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Bakery, Visitor, refusal};

async fn all(visitor: &Visitor, path: &str, limit: u32) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = visitor.json(&format!("{path}&limit={limit}{cursor}")).await;
        items.extend(page["items"].as_array().unwrap().clone());
        assert!(page["items"].as_array().unwrap().len() <= limit as usize);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_audit_log_comes_in_pages_and_by_what_is_asked_for() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(admin.make(&json!({"name": format!("Horno {number}"), "iot_enabled": false})).await);
    }
    admin.delete(&format!("/api/v1/equipment/{}", ids[0])).await;
    let path = "/api/v1/audit?object_type=equipment";
    let newest_first = all(&admin, path, 2).await;
    let made = "equipment.create";
    assert_eq!(texts(&newest_first, "action"), ["equipment.delete", made, made, made]);
    let mut oldest_first = all(&admin, &format!("{path}&sort=at"), 3).await;
    oldest_first.reverse();
    assert_eq!(newest_first, oldest_first);
    let of_one = all(&admin, &format!("{path}&object_id={}", ids[0]), 100).await;
    assert_eq!(texts(&of_one, "action"), ["equipment.delete", made]);
    assert_eq!(of_one[1]["after"]["name"], "Horno 0");
    assert_eq!(of_one[0]["actor_name"], "admin");
    assert_eq!(all(&admin, "/api/v1/audit?action=session.login", 100).await.len(), 2);
    assert_eq!(all(&admin, "/api/v1/audit?actor=staff", 100).await.len(), 1);
    let at = newest_first[1]["at"].as_str().unwrap();
    let before = all(&admin, &format!("{path}&to={at}"), 100).await;
    let after = all(&admin, &format!("{path}&from={at}"), 100).await;
    assert_eq!((before.len(), after.len()), (2, 2), "the end is exclusive");

    for (bad, code) in [
        ("colour=1", "query_invalid"),
        ("from=yesterday", "query_invalid"),
        ("limit=0", "limit_out_of_range"),
        ("limit=1001", "limit_out_of_range"),
        ("cursor=x", "cursor_invalid"),
        ("sort=name", "query_invalid"),
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "range_reversed"),
    ] {
        assert_eq!(refusal(admin.get(&format!("/api/v1/audit?{bad}")).await).await, (400, code.to_owned()), "{bad}");
    }
    assert_eq!(staff.get("/api/v1/audit").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_connection_logs_of_all_ovens_are_in_one_list() {
    let bakery = Bakery::open().await;
    let (admin, staff, display) =
        (bakery.login("admin").await, bakery.login("staff").await, bakery.login("display").await);
    let nowhere = json!({"protocol": "rest_api", "endpoint": "http://127.0.0.1:1", "poll_interval_seconds": 3600});
    let mut ids = Vec::new();
    for name in ["A", "B"] {
        let id = admin.make(&json!({"name": name, "iot_enabled": false})).await;
        admin.configure(id, &nowhere).await;
        bakery.logged(&admin, id, "disconnected").await;
        ids.push(id.to_string());
    }
    let both = all(&staff, "/api/v1/logs?event_type=disconnected", 1).await;
    assert_eq!(texts(&both, "equipment_id"), [ids[1].clone(), ids[0].clone()]);
    let of_one = all(&staff, &format!("/api/v1/logs?equipment_id={}&sort=at", ids[0]), 2).await;
    assert!(of_one.iter().all(|entry| entry["equipment_id"] == ids[0].as_str()), "{of_one:?}");
    assert_eq!(of_one[0]["event_type"], "config_changed");
    assert_eq!(display.get("/api/v1/logs").await.status(), StatusCode::FORBIDDEN);
    let nobody = "/api/v1/logs?equipment_id=00000000-0000-0000-0000-000000000000";
    assert_eq!(refusal(staff.get(nobody).await).await, (404, "not_found".to_owned()));
    assert_eq!(refusal(staff.get("/api/v1/logs?event_type=party").await).await, (400, "query_invalid".to_owned()));
}
