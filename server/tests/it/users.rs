//! Accounts over the API.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Bakery, PASSWORD, Visitor, answered, refusal};

async fn id_of(admin: &Visitor, name: &str) -> i64 {
    let users = admin.json("/api/v1/users").await;
    let users = users["items"].as_array().unwrap().clone();
    users.into_iter().find(|user| user["username"] == name).unwrap()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn an_account_is_made_changed_and_deleted_and_none_of_it_shows_a_password() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let new = json!({"username": " José ", "password": "masa-madre-vieja", "role": "staff"});
    let made = admin.post("/api/v1/users", &new).await;
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let made = answered(made, StatusCode::CREATED).await;
    assert_eq!((&made["username"], &made["role"], &made["disabled"]), (&json!("José"), &json!("staff"), &json!(false)));
    assert_eq!(admin.json(&location).await, made);

    let mut jose = bakery.visitor();
    jose.submit("/login", &[("username", "josé"), ("password", "masa-madre-vieja")]).await;
    assert_eq!(jose.get("/api/v1/equipment").await.status(), StatusCode::OK);
    let renamed = json!({"username": "Pepe", "role": "staff"});
    assert_eq!(answered(admin.put(&location, &renamed).await, StatusCode::OK).await["username"], "Pepe");
    assert_eq!(jose.get("/api/v1/equipment").await.status(), StatusCode::OK, "a new name ends no session");
    let locked = json!({"username": "Pepe", "role": "staff", "disabled": true});
    assert_eq!(admin.put(&location, &locked).await.status(), StatusCode::OK);
    assert_eq!(jose.get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);

    assert_eq!(admin.delete(&location).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&location).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(admin.delete(&location).await.status(), StatusCode::NOT_FOUND);
    let again = json!({"username": "pepe", "password": "masa-madre-vieja", "role": "display"});
    assert_ne!(answered(admin.post("/api/v1/users", &again).await, StatusCode::CREATED).await["id"], made["id"]);

    let audit = bakery.server.service.store.audit_log(100, None).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|record| record.entry.action.as_str()).collect();
    for action in ["user.create", "user.update", "user.delete"] {
        assert!(actions.contains(&action), "{action} is missing in {actions:?}");
    }
    let audit = serde_json::to_string(&audit).unwrap();
    assert!(!audit.contains("masa-madre") && !audit.contains("argon2"), "{audit}");
}

#[tokio::test]
async fn what_cannot_be_is_named_and_nothing_is_lost() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let fields = async |body: Value| -> Vec<String> {
        let problem = answered(admin.post("/api/v1/users", &body).await, StatusCode::UNPROCESSABLE_ENTITY).await;
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(fields(json!({"username": " ", "password": "short", "role": "staff"})).await, ["username", "password"]);
    assert_eq!(
        fields(json!({"username": "STAFF", "password": "masa-madre-vieja", "role": "staff"})).await,
        ["username"]
    );
    for body in [json!({}), json!({"username": "x", "password": "masa-madre-vieja", "role": "king"}), json!(7)] {
        assert_eq!(refusal(admin.post("/api/v1/users", &body).await).await.0, 400, "{body}");
    }
    for path in ["/api/v1/users/x", "/api/v1/users/999", "/api/v1/users/-1", "/api/v1/users/99999999999999999999"] {
        assert_eq!(refusal(admin.get(path).await).await, (404, "not_found".to_owned()), "{path}");
    }
    let other = format!("/api/v1/users/{}", id_of(&admin, "display").await);
    let taken = admin.put(&other, &json!({"username": "Admin", "role": "display"})).await;
    assert_eq!(answered(taken, StatusCode::UNPROCESSABLE_ENTITY).await["errors"][0]["code"], "taken");
    assert_eq!(staff.get("/api/v1/users").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(admin.json("/api/v1/users?role=display").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_admin_who_can_sign_in_always_stays() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let own = format!("/api/v1/users/{}", id_of(&admin, "admin").await);
    let last = (409, "last_admin".to_owned());
    for change in
        [json!({"username": "admin", "role": "staff"}), json!({"username": "admin", "role": "admin", "disabled": true})]
    {
        assert_eq!(refusal(admin.put(&own, &change).await).await, last, "{change}");
    }
    assert_eq!(refusal(admin.delete(&own).await).await, last);
    let renamed = admin.put(&own, &json!({"username": "root", "role": "admin"})).await;
    assert_eq!(renamed.status(), StatusCode::OK);

    let other = json!({"username": "ana", "password": "masa-madre-vieja", "role": "admin"});
    let other = answered(admin.post("/api/v1/users", &other).await, StatusCode::CREATED).await["id"].clone();
    let other = format!("/api/v1/users/{other}");
    let locked = json!({"username": "ana", "role": "admin", "disabled": true});
    assert_eq!(admin.put(&other, &locked).await.status(), StatusCode::OK);
    assert_eq!(refusal(admin.delete(&own).await).await, last, "the other one cannot sign in");
    let open = json!({"username": "ana", "role": "admin"});
    assert_eq!(admin.put(&other, &open).await.status(), StatusCode::OK);
    // Two admins who remove each other at once: one of them stays.
    let mut ana = bakery.visitor();
    ana.submit("/login", &[("username", "ana"), ("password", "masa-madre-vieja")]).await;
    let (a, b) = tokio::join!(admin.delete(&other), ana.delete(&own));
    let done = [a.status(), b.status()].iter().filter(|status| **status == StatusCode::NO_CONTENT).count();
    assert_eq!(done, 1, "{} and {}", a.status(), b.status());
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let bakery = Bakery::open().await;
    let (admin, staff, elsewhere) =
        (bakery.login("admin").await, bakery.login("staff").await, bakery.login("staff").await);
    let path = format!("/api/v1/users/{}/password", id_of(&admin, "staff").await);
    let wrong = staff.post(&path, &json!({"password": "masa-madre-nueva"})).await;
    assert_eq!(answered(wrong, StatusCode::UNPROCESSABLE_ENTITY).await["errors"][0]["field"], "current_password");
    let wrong = staff.post(&path, &json!({"password": "masa-madre-nueva", "current_password": "guess"})).await;
    assert_eq!(answered(wrong, StatusCode::UNPROCESSABLE_ENTITY).await["errors"][0]["field"], "current_password");
    let weak = staff.post(&path, &json!({"password": "staff", "current_password": PASSWORD})).await;
    assert_eq!(answered(weak, StatusCode::UNPROCESSABLE_ENTITY).await["errors"][0]["field"], "password");
    let others = format!("/api/v1/users/{}/password", id_of(&admin, "admin").await);
    let foreign = staff.post(&others, &json!({"password": "masa-madre-nueva", "current_password": PASSWORD})).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let own = admin.post(&others, &json!({"password": "masa-madre-nueva"})).await;
    assert_eq!(own.status(), StatusCode::UNPROCESSABLE_ENTITY, "an admin too says the own one first");

    let mut staff = staff;
    let change = json!({"password": "masa-madre-nueva", "current_password": PASSWORD});
    let changed = staff.post(&path, &change).await;
    assert_eq!(changed.status(), StatusCode::NO_CONTENT);
    let cookie = changed.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    staff.cookie = Some(cookie);
    assert_eq!(staff.get("/api/v1/equipment").await.status(), StatusCode::OK, "who changed it stays in");
    assert_eq!(elsewhere.get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);

    let reset = admin.post(&path, &json!({"password": "masa-madre-vieja"})).await;
    assert_eq!(reset.status(), StatusCode::NO_CONTENT);
    assert_eq!(staff.get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);
    let mut again = bakery.visitor();
    let login = again.submit("/login", &[("username", "staff"), ("password", "masa-madre-vieja")]).await;
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guesses_at_the_own_password_are_slowed_down() {
    let bakery = Bakery::open().await;
    let (admin, staff) = (bakery.login("admin").await, bakery.login("staff").await);
    let path = format!("/api/v1/users/{}/password", id_of(&admin, "staff").await);
    for _ in 0..5 {
        let guess = json!({"password": "masa-madre-nueva", "current_password": "guess"});
        assert_eq!(staff.post(&path, &guess).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = json!({"password": "masa-madre-nueva", "current_password": PASSWORD});
    let answer = staff.post(&path, &right).await;
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(refusal(answer).await, (429, "too_many_failures".to_owned()));
}
