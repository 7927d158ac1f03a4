//! Tokens of programs.

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::harness::{Bakery, PATIENCE, Visitor, answered, eventually, refusal};

async fn token(owner: &Visitor, draft: Value) -> (String, String) {
    let made = owner.post("/api/v1/tokens", &draft).await;
    let made = answered(made, StatusCode::CREATED).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

#[tokio::test]
async fn a_program_gets_in_with_a_token_that_is_shown_once() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    let made = staff.post("/api/v1/tokens", &json!({"name": "till"})).await;
    let location = made.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let made = answered(made, StatusCode::CREATED).await;
    let secret = made["token"].as_str().unwrap();
    assert_eq!((&made["role"], &made["scopes"], &made["owner"]), (&json!("staff"), &json!(["read"]), &json!("staff")));
    assert_eq!(bakery.program(secret).get("/api/v1/equipment").await.status(), StatusCode::OK);

    let shown = staff.text(&location).await;
    let listed = staff.text("/api/v1/tokens").await;
    for text in [&shown, &listed] {
        assert!(text.contains(made["id"].as_str().unwrap()) && !text.contains(&secret[21..]), "{text}");
    }
    let used: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(used["last_used_ip"], "127.0.0.1");
    assert!(used["last_used_at"].as_str().is_some());
    bakery.program(secret).get("/api/v1/equipment").await;
    assert_eq!(staff.json(&location).await["last_used_at"], used["last_used_at"], "noted once a minute");
    let audit = serde_json::to_string(&bakery.server.service.store.audit_log(100, None).await.unwrap()).unwrap();
    assert!(audit.contains("token.create") && !audit.contains(&secret[21..]));
    let database = std::fs::read(bakery.folder.path().join("hornero.db-wal")).unwrap();
    assert!(!database.windows(64).any(|window| window == &secret.as_bytes()[21..]), "its hash alone is kept");
}

#[tokio::test]
async fn a_bad_token_is_an_error_and_never_the_cookies_turn() {
    let bakery = Bakery::open().await;
    let mut admin = bakery.login("admin").await;
    let (id, good) = token(&admin, json!({"name": "x"})).await;
    let wrong_secret = format!("hor_{id}_{}", "0".repeat(64));
    let unknown = format!("hor_{}_{}", "0".repeat(16), &good[21..]);
    for bad in ["", "hor_x_y", &wrong_secret, &unknown] {
        admin.token = Some(bad.to_owned());
        let answer = admin.get("/api/v1/equipment").await;
        assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"", "{bad}");
        assert_eq!(refusal(answer).await, (401, "token_invalid".to_owned()), "{bad}");
        assert_eq!(admin.get("/").await.status(), StatusCode::OK, "pages know sessions alone");
    }
    admin.token = Some(good);
    assert_eq!(admin.get("/api/v1/equipment").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn bad_tokens_are_slowed_down_and_hold_up_no_good_one() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    let (_, good) = token(&staff, json!({"name": "x"})).await;
    let bad = bakery.program("hor_x_y");
    for _ in 0..5 {
        assert_eq!(bad.get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);
    }
    let answer = bad.get("/api/v1/equipment").await;
    assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
    assert_eq!(refusal(answer).await, (429, "too_many_failures".to_owned()));
    assert_eq!(bakery.program(&good).get("/api/v1/equipment").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn it_ends_when_it_expires_when_it_is_revoked_and_with_its_owner() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let soon = Timestamp::now() + SignedDuration::from_millis(300);
    let (_, expiring) = token(&staff, json!({"name": "x", "expires_at": soon})).await;
    let program = bakery.program(&expiring);
    let refused = eventually("the end of the token", || async {
        let answer = program.get("/api/v1/equipment").await;
        (answer.status() != StatusCode::OK).then_some(answer)
    })
    .await;
    assert_eq!(refusal(refused).await, (401, "token_expired".to_owned()));

    let (id, revoked) = token(&staff, json!({"name": "x"})).await;
    assert_eq!(staff.delete(&format!("/api/v1/tokens/{id}")).await.status(), StatusCode::NO_CONTENT);
    let answer = bakery.program(&revoked).get("/api/v1/equipment").await;
    assert_eq!(refusal(answer).await, (401, "token_invalid".to_owned()));
    assert_eq!(staff.delete(&format!("/api/v1/tokens/{id}")).await.status(), StatusCode::NOT_FOUND);

    let (_, orphan) = token(&staff, json!({"name": "x"})).await;
    let program = bakery.program(&orphan);
    assert_eq!(program.get("/api/v1/equipment").await.status(), StatusCode::OK);
    let owner = bakery.server.service.store.user_by_name("staff").await.unwrap().unwrap().user.id;
    let change = json!({"username": "staff", "role": "staff", "disabled": true});
    assert_eq!(admin.put(&format!("/api/v1/users/{owner}"), &change).await.status(), StatusCode::OK);
    assert_eq!(refusal(program.get("/api/v1/equipment").await).await, (401, "token_invalid".to_owned()));
    let change = json!({"username": "staff", "role": "staff", "disabled": false});
    assert_eq!(admin.put(&format!("/api/v1/users/{owner}"), &change).await.status(), StatusCode::OK);
    let answer = program.get("/api/v1/equipment").await;
    assert_eq!(refusal(answer).await, (401, "token_invalid".to_owned()), "it does not come back with its owner");
    assert_eq!(admin.delete(&format!("/api/v1/users/{owner}")).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(program.get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn scope_and_role_say_what_it_may_do_and_its_owner_how_much_at_most() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let (_, reading) = token(&admin, json!({"name": "r", "role": "admin"})).await;
    let (_, writing) = token(&admin, json!({"name": "w", "role": "admin", "scopes": ["read", "write"]})).await;
    let (_, staff) = token(&admin, json!({"name": "s", "role": "staff", "scopes": ["write"]})).await;
    let oven = json!({"name": "Horno", "iot_enabled": false});
    let reader = bakery.program(&reading);
    assert_eq!(reader.get("/api/v1/users").await.status(), StatusCode::OK);
    assert_eq!(refusal(reader.post("/api/v1/equipment", &oven).await).await, (403, "scope_missing".to_owned()));
    let staff = bakery.program(&staff);
    assert_eq!(refusal(staff.get("/api/v1/users").await).await, (403, "forbidden".to_owned()));
    assert_eq!(refusal(staff.post("/api/v1/equipment", &oven).await).await, (403, "forbidden".to_owned()));

    let writer = bakery.program(&writing);
    // No proof is asked for that our own page sends it.
    let request = writer.request(Method::POST, "/api/v1/equipment").header("origin", "https://till.example");
    assert_eq!(request.json(&oven).send().await.unwrap().status(), StatusCode::CREATED);
    let audit = bakery.server.service.store.audit_log(1, None).await.unwrap();
    assert_eq!(
        (audit[0].entry.actor_name.as_str(), audit[0].entry.actor_token.as_deref()),
        ("admin", Some(&writing[4..20]))
    );
    let another = writer.post("/api/v1/tokens", &json!({"name": "x"})).await;
    assert_eq!(refusal(another).await, (403, "session_needed".to_owned()));

    let store = &bakery.server.service.store;
    store.create_user("other", "hash", app::model::user::Role::Admin).await.unwrap();
    let owner = store.user_by_name("admin").await.unwrap().unwrap().user.id;
    store.set_role(owner, app::model::user::Role::Staff).await.unwrap();
    assert_eq!(writer.get("/api/v1/users").await.status(), StatusCode::FORBIDDEN, "its owner is no admin any more");
}

#[tokio::test]
async fn staff_have_their_own_and_admins_all() {
    let bakery = Bakery::open().await;
    let (admin, staff, display) =
        (bakery.login("admin").await, bakery.login("staff").await, bakery.login("display").await);
    let (of_admin, _) = token(&admin, json!({"name": "a"})).await;
    let (of_staff, _) = token(&staff, json!({"name": "s"})).await;
    let ids = |list: Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(staff.json("/api/v1/tokens").await), [&*of_staff]);
    assert_eq!(ids(admin.json("/api/v1/tokens").await), [of_admin.clone(), of_staff.clone()]);
    let first = admin.json("/api/v1/tokens?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(admin.json(&format!("/api/v1/tokens?limit=1&cursor={cursor}")).await), [&*of_staff]);
    let foreign = format!("/api/v1/tokens/{of_admin}");
    assert_eq!(staff.get(&foreign).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(staff.delete(&foreign).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(admin.delete(&format!("/api/v1/tokens/{of_staff}")).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(display.get("/api/v1/tokens").await.status(), StatusCode::FORBIDDEN);
    let higher = staff.post("/api/v1/tokens", &json!({"name": "x", "role": "admin"})).await;
    let problem = answered(higher, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(problem["errors"][0]["field"], "role");
    let unknown = staff.post("/api/v1/tokens", &json!({"name": "x", "colour": 1})).await;
    assert_eq!(refusal(unknown).await, (400, "body_invalid".to_owned()));
}

#[tokio::test]
async fn the_websocket_takes_a_token_until_it_is_revoked() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    let (id, secret) = token(&staff, json!({"name": "x", "role": "display"})).await;
    let mut request = format!("ws://{}/ws/live", bakery.server.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    request.headers_mut().insert("origin", "https://wall.example".parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut next = async || tokio::time::timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(next().await, Message::Text(text) if text.contains("snapshot")));
    staff.delete(&format!("/api/v1/tokens/{id}")).await;
    let closed = async {
        loop {
            if let Message::Close(close) = next().await {
                return u16::from(close.unwrap().code);
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, closed).await.expect("it is closed"), 4401);
}
