//! Who gets in, and what each role may use.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Bakery, PASSWORD};

#[tokio::test]
async fn pages_lead_to_the_login_and_programs_get_401() {
    let bakery = Bakery::open().await;
    let nobody = bakery.visitor();
    let page = nobody.get("/admin/ovens?x=1").await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.headers()[header::LOCATION], "/login?next=%2Fadmin%2Fovens%3Fx%3D1");
    for path in ["/api/v1/equipment", "/ws/live"] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "unauthorised");
    }
}

#[tokio::test]
async fn a_login_gets_a_new_session_and_a_logout_ends_it() {
    let bakery = Bakery::open().await;
    let mut visitor = bakery.login("admin").await;
    let first = visitor.cookie.clone().unwrap();
    assert_eq!(visitor.get("/").await.status(), StatusCode::OK);

    visitor.submit("/login", &[("username", "ADMIN"), ("password", PASSWORD)]).await;
    assert_ne!(visitor.cookie.clone().unwrap(), first, "the id is renewed");
    let mut old = bakery.visitor();
    old.cookie = Some(first);
    assert_eq!(old.get("/").await.status(), StatusCode::SEE_OTHER, "the old id is worth nothing");

    let current = visitor.cookie.clone();
    assert_eq!(visitor.submit("/logout", &[]).await.headers()[header::LOCATION], "/login?done=logged-out");
    visitor.cookie = current;
    assert_eq!(visitor.get("/").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_look_the_same_and_are_slowed_down() {
    let bakery = Bakery::open().await;
    let mut visitor = bakery.visitor();
    let unknown = visitor.submit("/login", &[("username", "nobody"), ("password", "guess")]).await;
    let wrong = visitor.submit("/login", &[("username", "staff"), ("password", "guess")]).await;
    assert_eq!((unknown.status(), wrong.status()), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    let (unknown, wrong) = (unknown.text().await.unwrap(), wrong.text().await.unwrap());
    assert_eq!(unknown.replace("nobody", "staff"), wrong);
    assert!(!wrong.contains("guess"), "a password is never sent back");

    let mut last = StatusCode::UNAUTHORIZED;
    for _ in 0..6 {
        let answer = visitor.submit("/login", &[("username", "staff"), ("password", "guess")]).await;
        last = answer.status();
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key(header::RETRY_AFTER));
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let right = visitor.submit("/login", &[("username", "staff"), ("password", PASSWORD)]).await;
    assert_eq!(right.status(), StatusCode::TOO_MANY_REQUESTS, "the right password has to wait too");
}

#[tokio::test]
async fn roles_decide_in_one_place() {
    let bakery = Bakery::open().await;
    let (admin, staff, display) =
        (bakery.login("admin").await, bakery.login("staff").await, bakery.login("display").await);
    let id = admin.add(json!({"name": "Horno", "poll_interval_seconds": 60, "iot_protocol": "rest_api", "iot_endpoint": "http://127.0.0.1:1", "iot_config": {}}), json!({})).await;
    let table = [
        (format!("/ovens/{id}"), [200, 200, 200]),
        ("/admin/ovens".to_owned(), [403, 403, 200]),
        (format!("/admin/ovens/{id}/edit"), [403, 403, 200]),
        ("/api/v1/equipment".to_owned(), [403, 200, 200]),
        (format!("/api/v1/equipment/{id}"), [403, 200, 200]),
        (format!("/api/v1/equipment/{id}/sensor-history"), [403, 200, 200]),
        (format!("/api/v1/equipment/{id}/connection-logs"), [403, 200, 200]),
        ("/api/v1/system/stats".to_owned(), [403, 403, 200]),
        ("/api/v1/connectors".to_owned(), [403, 403, 200]),
    ];
    for (path, expected) in table {
        for (visitor, expected) in [&display, &staff, &admin].into_iter().zip(expected) {
            assert_eq!(visitor.get(&path).await.status(), expected, "{path}");
        }
    }
    assert!(!display.text(&format!("/ovens/{id}")).await.contains("connection-log"), "no addresses on a wall");
    assert!(staff.text(&format!("/ovens/{id}")).await.contains("h-log"));
    for visitor in [&display, &staff] {
        assert_eq!(visitor.post("/api/v1/equipment", &json!({"name": "x"})).await.status(), StatusCode::FORBIDDEN);
        let delete = visitor.request(Method::DELETE, &format!("/api/v1/equipment/{id}")).send().await.unwrap();
        assert_eq!(delete.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn another_sites_page_cannot_act_with_our_cookie() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")] {
        let request = admin.request(Method::POST, "/api/v1/equipment").header(name, value);
        let answer = request.json(&json!({"name": "x"})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "wrong_origin");
    }
    let socket = admin.request(Method::GET, "/ws/live").header("origin", "http://evil.example");
    let socket = socket.header("upgrade", "websocket").header("connection", "upgrade").send().await.unwrap();
    assert_eq!(socket.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    let store = &bakery.server.service.store;
    let user = store.user_by_name("staff").await.unwrap().unwrap().user;
    store.set_disabled(user.id, true).await.unwrap();
    assert_eq!(staff.get("/api/v1/equipment").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn pages_carry_their_security_headers_and_errors_their_request_id() {
    let bakery = Bakery::open().await;
    let page = bakery.visitor().get("/login").await;
    let headers = page.headers();
    assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let admin = bakery.login("admin").await;
    let missing = admin.get("/ovens/unknown").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let id = missing.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(missing.text().await.unwrap().contains(&id));
}
