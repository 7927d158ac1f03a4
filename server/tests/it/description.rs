//! What the API says of itself, and whether it keeps to it.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::Bakery;

async fn description(bakery: &Bakery) -> Value {
    bakery.login("display").await.json("/api/openapi.json").await
}

/// Every operation: method, path and itself.
fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    let each = |(path, item): (&String, &Value)| {
        let path = path.clone();
        let methods = item.as_object().unwrap().clone();
        methods.into_iter().map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    };
    paths.iter().flat_map(each).collect()
}

/// Every `$ref` in it.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str) {
                found.insert(name.to_owned());
            }
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_is_whole() {
    let bakery = Bakery::open().await;
    let description = description(&bakery).await;
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    for reference in found {
        assert!(description.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
    let tags: Vec<&Value> = description["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&description) {
        let what = format!("{method} {path}");
        assert!(path.starts_with("/api/v1/"), "{what}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}: its id is taken");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what} has no summary");
        assert!(["anyone", "display", "staff", "admin"].contains(&operation["x-role"].as_str().unwrap()), "{what}");
        assert!(operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag)), "{what}: an unknown tag");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["schema"].is_object(), "{what}: {parameter}");
        }
    }
    assert!(ids.contains("get_equipment_by_id_realtime_data") && ids.len() >= 25, "{ids:?}");
    assert!(!description.to_string().contains("[`"), "a link into the code");
}

/// The table of routes and the description have the same roles: whoever has a lower one is refused.
#[tokio::test]
async fn roles_are_as_described() {
    let bakery = Bakery::open().await;
    let nobody = bakery.visitor();
    let mut users = Vec::new();
    for name in ["display", "staff", "admin"] {
        users.push((name, bakery.login(name).await));
    }
    for (method, path, operation) in operations(&description(&bakery).await) {
        let path = path.replace("{id}", "00000000-0000-4000-8000-000000000000");
        let method: Method = method.parse().unwrap();
        let answer = nobody.request(method.clone(), &format!("{path}?no-such=1")).send().await.unwrap();
        let for_anyone = operation["x-role"] == "anyone";
        let expected = if for_anyone { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED };
        assert_eq!(answer.status(), expected, "{method} {path}");
        let least = users.iter().position(|(name, _)| *name == operation["x-role"]).unwrap_or_default();
        for (rank, (name, user)) in users.iter().enumerate() {
            let answer = user.request(method.clone(), &format!("{path}?no-such=1")).send().await.unwrap();
            let expected = if rank < least { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
            assert_eq!(answer.status(), expected, "{method} {path} for {name}");
        }
    }
}

#[tokio::test]
async fn requests_that_cannot_be_used_are_told_why() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let problem = async |request: reqwest::RequestBuilder, status: u16, code: &str| {
        let answer = request.send().await.unwrap();
        let (given, headers) = (answer.status(), answer.headers().clone());
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((given.as_u16(), problem["code"].as_str()), (status, Some(code)), "{problem}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(problem["request_id"].as_str(), headers["x-request-id"].to_str().ok());
        problem
    };
    let get = |path: &str| admin.request(Method::GET, path);
    let post = |path: &str, body: Value| admin.request(Method::POST, path).json(&body);

    let unknown = problem(get("/api/v1/equipment?colour=red"), 400, "query_invalid").await;
    assert_eq!(unknown["errors"][0]["field"], "colour");
    let wrong = problem(get("/api/v1/equipment?limit=many"), 400, "query_invalid").await;
    assert_eq!(wrong["errors"][0]["field"], "limit");
    let none = problem(get("/api/v1/equipment?limit=0"), 400, "limit_out_of_range").await;
    assert_eq!(none["errors"][0]["field"], "limit");
    problem(get("/api/v1/system/stats?colour=red"), 400, "query_invalid").await;
    problem(get("/api/v1/equipment?cursor=AAAA"), 400, "cursor_invalid").await;
    problem(get("/api/v1/equipment?sort=colour"), 400, "query_invalid").await;

    let extra = problem(post("/api/v1/equipment", json!({"name": "A", "colour": 1})), 400, "body_invalid").await;
    assert_eq!(extra["errors"][0]["pointer"], "/colour");
    let value = json!({"name": "A", "iot_protocol": "rest_api", "iot_endpoint": "http://127.0.0.1:9",
        "iot_config": {"timeout": 100_000}});
    let value = problem(post("/api/v1/equipment", value), 422, "invalid").await;
    let errors = value["errors"].as_array().unwrap();
    let timeout = errors.iter().find(|error| error["field"] == "config.timeout").expect("the timeout is refused");
    assert_eq!(timeout["pointer"], "/iot_config/timeout");

    let html = get("/api/v1/equipment").header(header::ACCEPT, "text/html");
    problem(html, 406, "not_acceptable").await;
    let text = admin.request(Method::POST, "/api/v1/equipment").header(header::CONTENT_TYPE, "text/plain");
    problem(text.body("{}"), 415, "content_type").await;
    problem(post("/api/v1/equipment", json!({"name": "A".repeat(300_000)})), 413, "body_too_large").await;

    let patch = admin.request(Method::PATCH, "/api/v1/equipment");
    problem(patch.try_clone().unwrap(), 405, "method_not_allowed").await;
    let allowed = patch.send().await.unwrap().headers()[header::ALLOW].to_str().unwrap().to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn lists_come_a_page_at_a_time() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    for (name, kind) in [("Norte", "deck"), ("Sur", "combi"), ("Este", "deck"), ("Oeste", "deck")] {
        admin.make(&json!({"name": name, "kind": kind, "location": "Obrador", "iot_enabled": false})).await;
    }
    let names = async |query: &str| {
        let (mut names, mut path) = (Vec::new(), format!("/api/v1/equipment?{query}"));
        loop {
            let page = admin.json(&path).await;
            let items = page["items"].as_array().unwrap();
            names.push(items.iter().map(|oven| oven["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/api/v1/equipment?{query}&cursor={cursor}"),
                None => return names,
            }
        }
    };
    assert_eq!(names("").await, [["Este", "Norte", "Oeste", "Sur"]]);
    assert_eq!(names("sort=-name&limit=3").await, [vec!["Sur", "Oeste", "Norte"], vec!["Este"]]);
    assert_eq!(names("kind=deck&sort=created_at&limit=2").await, [vec!["Norte", "Este"], vec!["Oeste"]]);
    assert_eq!(names("location=Tienda").await, [Vec::<String>::new()]);
    assert_eq!(names("iot_enabled=true").await, [Vec::<String>::new()]);

    let oven = admin.json("/api/v1/equipment?limit=1").await["items"][0]["id"].as_str().unwrap().to_owned();
    let log = format!("/api/v1/equipment/{oven}/connection-logs?limit=1");
    for _ in 0..2 {
        let body = json!({"name": "Este", "iot_enabled": false});
        let path = format!("/api/v1/equipment/{oven}");
        let changed = admin.request(Method::PUT, &path).json(&body).send().await.unwrap();
        assert_eq!(changed.status(), StatusCode::OK);
    }
    let entries = crate::harness::eventually("three entries", async || {
        let (mut count, mut path) = (0, log.clone());
        loop {
            let page = admin.json(&path).await;
            count += page["items"].as_array().unwrap().len();
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("{log}&cursor={cursor}"),
                None => return (count >= 3).then_some(count),
            }
        }
    });
    assert_eq!(entries.await, 3, "making and two changes");
}
