//! Creations that are sent again.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Bakery, Visitor, answered, refusal};

async fn send(visitor: &Visitor, path: &str, key: &str, body: &Value) -> Response {
    visitor.request(Method::POST, path).header("idempotency-key", key).json(body).send().await.unwrap()
}

async fn count(visitor: &Visitor, path: &str) -> usize {
    visitor.json(path).await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeat_gets_the_same_answer_and_makes_nothing() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let oven = json!({"name": "Horno", "iot_enabled": false});
    let first = send(&admin, "/api/v1/equipment", "a", &oven).await;
    let location = first.headers()["location"].clone();
    let first = answered(first, StatusCode::CREATED).await;
    let second = send(&admin, "/api/v1/equipment", "a", &oven).await;
    assert_eq!(second.headers()["location"], location);
    assert_eq!(second.headers()["idempotency-replayed"], "true");
    assert_eq!(answered(second, StatusCode::CREATED).await, first);
    assert_eq!(count(&admin, "/api/v1/equipment").await, 1);

    let other = send(&admin, "/api/v1/equipment", "a", &json!({"name": "Other", "iot_enabled": false})).await;
    assert_eq!(refusal(other).await, (422, "idempotency_key_reused".to_owned()));
    send(&admin, "/api/v1/equipment", "b", &oven).await;
    assert_eq!(count(&admin, "/api/v1/equipment").await, 2, "another key is another creation");

    let bakery = bakery.reopen().await;
    let admin = bakery.login("admin").await;
    assert_eq!(answered(send(&admin, "/api/v1/equipment", "a", &oven).await, StatusCode::CREATED).await, first);
    assert_eq!(count(&admin, "/api/v1/equipment").await, 2, "a restart forgets nothing");
}

#[tokio::test]
async fn keys_are_those_of_one_account_and_one_path() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let other = json!({"username": "ana", "password": "masa-madre-vieja", "role": "admin"});
    answered(send(&admin, "/api/v1/users", "a", &other).await, StatusCode::CREATED).await;
    let mut ana = bakery.visitor();
    ana.submit("/login", &[("username", "ana"), ("password", "masa-madre-vieja")]).await;
    let oven = json!({"name": "Horno", "iot_enabled": false});
    for visitor in [&admin, &ana] {
        answered(send(visitor, "/api/v1/equipment", "a", &oven).await, StatusCode::CREATED).await;
    }
    assert_eq!(count(&admin, "/api/v1/equipment").await, 2);
    for bad in ["", "two words", &"x".repeat(256)] {
        let answer = send(&admin, "/api/v1/equipment", bad, &oven).await;
        assert_eq!(refusal(answer).await, (400, "idempotency_key_invalid".to_owned()), "{bad}");
    }
    let nobody = send(&bakery.visitor(), "/api/v1/equipment", "a", &oven).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let staff = bakery.login("staff").await;
    assert_eq!(send(&staff, "/api/v1/equipment", "a", &oven).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_failed_made_nothing_and_may_come_again() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    for _ in 0..2 {
        let answer = send(&admin, "/api/v1/equipment", "a", &json!({"name": ""})).await;
        assert_eq!(refusal(answer).await, (422, "invalid".to_owned()));
    }
    let oven = json!({"name": "Horno", "iot_enabled": false});
    answered(send(&admin, "/api/v1/equipment", "a", &oven).await, StatusCode::CREATED).await;
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    // Hashing the password takes a while, in which the others arrive.
    let user = json!({"username": "ana", "password": "masa-madre-vieja", "role": "staff"});
    let answers = futures::future::join_all((0..8).map(|_| send(&admin, "/api/v1/users", "a", &user))).await;
    let mut carried_out = 0;
    for answer in answers {
        match answer.status() {
            StatusCode::CREATED => carried_out += usize::from(!answer.headers().contains_key("idempotency-replayed")),
            _ => assert_eq!(refusal(answer).await, (409, "in_progress".to_owned())),
        }
    }
    assert_eq!(carried_out, 1);
    assert_eq!(count(&admin, "/api/v1/users").await, 4);
}

#[tokio::test]
async fn a_secret_is_not_kept_and_a_repeat_is_told_so() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    for (path, body, secret) in [
        ("/api/v1/tokens", json!({"name": "till"}), "token"),
        ("/api/v1/displays", json!({"name": "wall"}), "pairing_code"),
    ] {
        let made = answered(send(&admin, path, "a", &body).await, StatusCode::CREATED).await;
        let repeat = send(&admin, path, "a", &body).await;
        assert_eq!(repeat.headers()["location"], format!("{path}/{}", made["id"].as_str().unwrap()));
        assert_eq!(refusal(repeat).await, (409, "already_created".to_owned()));
        assert_eq!(count(&admin, path).await, 1);
        let secret = made[secret].as_str().unwrap().as_bytes();
        let database = std::fs::read(bakery.folder.path().join("hornero.db-wal")).unwrap();
        assert!(!database.windows(secret.len()).any(|window| window == secret), "{path}");
    }
    let made =
        answered(send(&admin, "/api/v1/displays", "b", &json!({"name": "door"})).await, StatusCode::CREATED).await;
    let code = json!({"code": made["pairing_code"]});
    answered(send(&admin, "/api/v1/displays/pair", "c", &code).await, StatusCode::OK).await;
    let repeat = send(&admin, "/api/v1/displays/pair", "c", &code).await;
    assert_eq!(refusal(repeat).await, (409, "already_created".to_owned()));
}

#[tokio::test]
async fn the_query_says_what_is_done_too() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let apply = async |query: &str| {
        let request = admin.request(Method::POST, &format!("/api/v1/config/apply{query}"));
        let request = request.header("idempotency-key", "a").header("content-type", "application/yaml");
        answered(request.body("version: 1\nequipment: []\n").send().await.unwrap(), StatusCode::OK).await
    };
    apply("").await;
    assert_eq!(count(&admin, "/api/v1/equipment").await, 1);
    apply("?prune=true").await;
    assert_eq!(count(&admin, "/api/v1/equipment").await, 0);
}
