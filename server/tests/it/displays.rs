//! Screens on a wall.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Bakery, Visitor, answered, refusal};

async fn make(admin: &Visitor, draft: Value) -> (String, String) {
    let made = answered(admin.post("/api/v1/displays", &draft).await, StatusCode::CREATED).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (format!("/api/v1/displays/{}", text("id")), text("pairing_code"))
}

async fn pair(bakery: &Bakery, code: &str) -> reqwest::Response {
    bakery.visitor().post("/api/v1/displays/pair", &json!({"code": code})).await
}

#[tokio::test]
async fn a_screen_is_paired_once_sees_and_changes_nothing() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let oven = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let (path, code) = make(&admin, json!({"name": "Obrador", "layout": "single", "equipment_ids": [oven]})).await;
    let waiting = admin.json(&path).await;
    assert_eq!((&waiting["paired"], &waiting["layout"]), (&json!(false), &json!("single")));
    assert!(waiting["pairing_expires_at"].is_string() && waiting.get("pairing_code").is_none());

    let paired = answered(pair(&bakery, &code.to_lowercase()).await, StatusCode::OK).await;
    assert_eq!(paired["display"]["equipment_ids"], json!([oven]));
    assert_eq!(refusal(pair(&bakery, &code).await).await, (403, "pairing_code_invalid".to_owned()), "it is used up");
    let screen = bakery.program(paired["token"].as_str().unwrap());
    assert_eq!(screen.get("/api/v1/equipment/iot-alerts").await.status(), StatusCode::OK);
    assert_eq!(screen.get("/api/v1/equipment").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(screen.get("/api/v1/displays").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(screen.get("/ws/live").await.status(), StatusCode::BAD_REQUEST, "let in, but it is no websocket");
    let seen = admin.json(&path).await;
    assert_eq!((&seen["paired"], &seen["last_seen_ip"]), (&json!(true), &json!("127.0.0.1")));
    assert!(seen["last_seen_at"].is_string() && seen["pairing_expires_at"].is_null());
    assert!(admin.json("/api/v1/tokens").await["items"].as_array().unwrap().is_empty(), "it is no token of a user");

    assert_eq!(admin.delete(&path).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(screen.get("/api/v1/equipment/iot-alerts").await.status(), StatusCode::UNAUTHORIZED);
    let audit = bakery.server.service.store.audit_log(100, None).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|record| record.entry.action.as_str()).collect();
    assert_eq!(actions[..3], ["display.delete", "display.pair", "display.create"]);
    assert_eq!(audit[1].entry.actor_name, "display Obrador");
    let audit = serde_json::to_string(&audit).unwrap();
    assert!(!audit.contains(&code) && !audit.contains(&paired["token"].as_str().unwrap()[21..]));
}

#[tokio::test]
async fn another_device_takes_the_place_of_the_first() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let (path, first_code) = make(&admin, json!({"name": "Obrador"})).await;
    let token = async |code: &str| -> String {
        answered(pair(&bakery, code).await, StatusCode::OK).await["token"].as_str().unwrap().to_owned()
    };
    let first = bakery.program(&token(&first_code).await);
    let renew = async || -> String {
        let renewed = admin.post(&format!("{path}/pairing-code"), &Value::Null).await;
        answered(renewed, StatusCode::OK).await["pairing_code"].as_str().unwrap().to_owned()
    };
    let (forgotten, code) = (renew().await, renew().await);
    assert_eq!(pair(&bakery, &forgotten).await.status(), StatusCode::FORBIDDEN, "the last code alone is good");
    assert_eq!(first.get("/api/v1/equipment/iot-alerts").await.status(), StatusCode::OK, "nobody has used it yet");
    let second = bakery.program(&token(&code).await);
    assert_eq!(second.get("/api/v1/equipment/iot-alerts").await.status(), StatusCode::OK);
    assert_eq!(first.get("/api/v1/equipment/iot-alerts").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guesses_at_codes_are_slowed_down() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let (_, code) = make(&admin, json!({"name": "Obrador"})).await;
    for _ in 0..5 {
        assert_eq!(pair(&bakery, "K7PM-3X9Q-TR2D").await.status(), StatusCode::FORBIDDEN);
    }
    let answer = pair(&bakery, &code).await;
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(refusal(answer).await, (429, "too_many_failures".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_shown_is_named() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let nobody = "00000000-0000-0000-0000-000000000000";
    for (draft, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "x", "equipment_ids": [nobody]}), "equipment_ids"),
        (json!({"name": "x", "equipment_ids": [nobody, nobody]}), "equipment_ids"),
    ] {
        let problem = admin.post("/api/v1/displays", &draft).await;
        let problem = answered(problem, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert_eq!(problem["errors"][0]["field"], field, "{draft}");
    }
    for draft in [json!({"name": "x", "layout": "mosaic"}), json!({"layout": "grid"}), json!({"name": "x", "a": 1})] {
        assert_eq!(admin.post("/api/v1/displays", &draft).await.status(), StatusCode::BAD_REQUEST, "{draft}");
    }
    assert_eq!(staff.get("/api/v1/displays").await.status(), StatusCode::FORBIDDEN);
    let (path, _) = make(&admin, json!({"name": "A"})).await;
    let changed = json!({"name": "B", "layout": "alerts_first"});
    let changed = answered(admin.put(&path, &changed).await, StatusCode::OK).await;
    assert_eq!((&changed["name"], &changed["layout"]), (&json!("B"), &json!("alerts_first")));
    let list = admin.json("/api/v1/displays").await;
    assert_eq!(list["items"], json!([changed]));
    assert_eq!(admin.get(&format!("/api/v1/displays/{nobody}")).await.status(), StatusCode::NOT_FOUND);
}
