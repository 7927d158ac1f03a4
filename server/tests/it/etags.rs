//! Conditional requests.

use app::model::equipment::ConnectionStatus;
use jiff::Timestamp;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Bakery, Visitor, refusal};

fn tag(answer: &Response) -> String {
    answer.headers()[header::ETAG].to_str().unwrap().to_owned()
}

async fn put(visitor: &Visitor, path: &str, tag: &str, body: &Value) -> Response {
    visitor.request(Method::PUT, path).header(header::IF_MATCH, tag).json(body).send().await.unwrap()
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    for path in [format!("/api/v1/equipment/{id}"), "/api/v1/equipment".to_owned(), "/api/v1/users".to_owned()] {
        let first = admin.get(&path).await;
        let known = tag(&first);
        assert!(known.starts_with('"'), "strong: {known}");
        let again = async |known: &str| {
            admin.request(Method::GET, &path).header(header::IF_NONE_MATCH, known).send().await.unwrap()
        };
        let unchanged = again(&known).await;
        assert_eq!((unchanged.status(), tag(&unchanged)), (StatusCode::NOT_MODIFIED, known.clone()), "{path}");
        assert!(unchanged.bytes().await.unwrap().is_empty());
        assert_eq!(again(&format!("\"x\", W/{known}")).await.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again("\"x\"").await.status(), StatusCode::OK, "{path}");
        let head = admin.request(Method::HEAD, &path).send().await.unwrap();
        assert_eq!((head.status(), tag(&head)), (StatusCode::OK, known), "{path}");
    }
    let changed = json!({"name": "Otro", "iot_enabled": false});
    let before = tag(&admin.get(&format!("/api/v1/equipment/{id}")).await);
    admin.put(&format!("/api/v1/equipment/{id}"), &changed).await;
    assert_ne!(tag(&admin.get(&format!("/api/v1/equipment/{id}")).await), before);
}

#[tokio::test]
async fn a_compressed_answer_has_its_own_tag_which_is_as_good() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let path = format!("/api/v1/equipment/{id}");
    let plain = tag(&admin.get(&path).await);
    let packed = admin.request(Method::GET, &path).header(header::ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    let packed = tag(&packed);
    assert_eq!(packed, format!("{}-gzip\"", plain.trim_end_matches('"')));
    let again = admin.request(Method::GET, &path).header(header::IF_NONE_MATCH, &packed).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(put(&admin, &path, &packed, &json!({"name": "B", "iot_enabled": false})).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_has_not_seen_the_last_change_makes_none() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let user = admin.json("/api/v1/users?role=display").await["items"][0].clone();
    let display = admin.post("/api/v1/displays", &json!({"name": "wall"})).await.json::<Value>().await.unwrap();
    for (path, body) in [
        (format!("/api/v1/equipment/{id}"), json!({"name": "B", "iot_enabled": false})),
        (format!("/api/v1/users/{}", user["id"]), json!({"username": "wall", "role": "display"})),
        (format!("/api/v1/displays/{}", display["id"].as_str().unwrap()), json!({"name": "B"})),
    ] {
        let seen = tag(&admin.get(&path).await);
        let stale = (412, "precondition_failed".to_owned());
        assert_eq!(refusal(put(&admin, &path, "\"x\"", &body).await).await, stale, "{path}");
        assert_eq!(refusal(put(&admin, &path, &format!("W/{seen}"), &body).await).await, stale, "{path}");
        assert_eq!(put(&admin, &path, &seen, &body).await.status(), StatusCode::OK, "{path}");
        assert_eq!(refusal(put(&admin, &path, &seen, &body).await).await, stale, "{path}");
        let delete =
            async |tag: &str| admin.request(Method::DELETE, &path).header(header::IF_MATCH, tag).send().await.unwrap();
        assert_eq!(refusal(delete(&seen).await).await, stale, "{path}");
        assert_eq!(admin.get(&path).await.status(), StatusCode::OK, "{path}");
        assert_eq!(delete("*").await.status(), StatusCode::NO_CONTENT, "{path}");
        assert_eq!(refusal(delete("*").await).await, (404, "not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_changed_is_said_before_that_it_was() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    for (path, status) in [
        ("/api/v1/audit", StatusCode::METHOD_NOT_ALLOWED),
        ("/api/v1/outliers", StatusCode::METHOD_NOT_ALLOWED),
        ("/api/v1/users/99", StatusCode::NOT_FOUND),
        ("/api/v1/nothing", StatusCode::NOT_FOUND),
        ("/api/v1/settings", StatusCode::PRECONDITION_FAILED),
    ] {
        let body = json!({"username": "x", "role": "staff"});
        assert_eq!(put(&admin, path, "\"x\"", &body).await.status(), status, "{path}");
    }
    let id = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let range = "start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z";
    let delete = admin.request(Method::DELETE, &format!("/api/v1/equipment/{id}/readings?{range}"));
    let answer = delete.header(header::IF_MATCH, "\"x\"").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED, "nobody has a tag of what cannot be read");
    let staff = bakery.login("staff").await;
    assert_eq!(put(&staff, "/api/v1/settings", "\"x\"", &json!({})).await.status(), StatusCode::FORBIDDEN);
}

/// A tablet that lost its connection half-way through a change.
#[tokio::test]
async fn a_body_that_does_not_arrive_holds_up_nobody() {
    use tokio::io::AsyncWriteExt as _;
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let path = format!("/api/v1/equipment/{id}");
    let request = admin.request(Method::PUT, &path).build().unwrap();
    let cookie = request.headers()[header::COOKIE].to_str().unwrap();
    let mut half = tokio::net::TcpStream::connect(bakery.server.address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n{{\"name\"",
        bakery.server.address
    );
    half.write_all(head.as_bytes()).await.unwrap();
    half.flush().await.unwrap();
    let others = async {
        for name in 0..20 {
            let body = json!({"name": name.to_string(), "iot_enabled": false});
            assert_eq!(admin.put(&path, &body).await.status(), StatusCode::OK);
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), others).await.expect("others change it meanwhile");
}

#[tokio::test]
async fn of_two_who_have_seen_the_same_one_changes_it() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno", "iot_enabled": false})).await;
    let path = format!("/api/v1/equipment/{id}");
    for round in 0..10 {
        let seen = tag(&admin.get(&path).await);
        let changes = (0..4).map(|number| json!({"name": format!("{round}.{number}"), "iot_enabled": false}));
        let changes: Vec<_> = changes.collect();
        let answers = futures::future::join_all(changes.iter().map(|body| put(&admin, &path, &seen, body))).await;
        let done = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
        assert_eq!(done, 1, "in round {round}");
    }
}

#[tokio::test]
async fn what_the_server_notes_by_itself_makes_no_change_stale() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let oven = json!({"name": "Horno", "iot_enabled": false});
    let id = admin.make(&oven).await;
    let path = format!("/api/v1/equipment/{id}");
    let seen = tag(&admin.get(&path).await);
    let store = &bakery.server.service.store;
    store.update_connection_status(id, ConnectionStatus::Connected, Some(Timestamp::now())).await.unwrap();
    assert_ne!(seen, tag(&admin.get(&path).await), "who reads it gets the note");
    assert_eq!(put(&admin, &path, &seen, &oven).await.status(), StatusCode::OK);
}
