//! `custom`: what an admin composes, against Python's HTTP server.

use serde_json::json;

use crate::{
    harness::Bakery,
    rest_family::{add, connection, credentials, peer},
};

pub const COMPOSED: &str = r#"
[login]
path = "/auth/login"
body = "form"
fields = { username = "{username}", password = "{password}" }
token = "cookie SID"
send = "cookie SID"

[[endpoint]]
name = "plain"
path = "/o/plain"

[[endpoint]]
name = "query"
path = "/query"
method = "POST"
body = '{"oven": "{equipment_id}"}'
every = 2

[[mapping]]
target = "temperature"
path = "/chamber/temp_x10"
scale = 0.1

[[mapping]]
target = "operational_status"
path = "query /mode"
words = { Reinigung = "cleaning" }

[[mapping]]
target = "additional_sensors.echo"
path = "query $.echo.oven"
"#;

#[tokio::test]
async fn an_admin_composes_what_is_asked() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let config = json!({"profile": COMPOSED, "equipment_id": "deck \"1\""});
    let id = add(&admin, "custom", &peer.line, config, credentials()).await;
    let read = admin.live(id).await;
    assert_eq!((&read["temperature"], &read["operational_status"]), (&json!(231.5), &json!("cleaning")), "{read}");
    let own = json!({"profile": COMPOSED, "equipment_id": "deck \"1\""});
    let own = connection("custom", &peer.line, own, credentials()).next().await.unwrap();
    assert_eq!(own.values.additional_sensors["echo"], "deck \"1\"");
    let tested = admin.test(id, &json!(null)).await;
    let sample = tested["sample"].as_str().unwrap();
    assert!(sample.contains("plain:") && sample.contains("query:"), "{sample}");
    assert!(!sample.contains("do-not-show"), "{sample}");

    let wrong = COMPOSED.replace("method", "methode");
    let request = json!({"protocol": "custom", "endpoint": peer.line, "additional_config": {"profile": wrong}});
    let refused = admin.test(id, &request).await;
    assert_eq!(refused["errors"][0]["field"], "config.profile", "{refused}");
    assert!(refused.to_string().contains("line 15"), "{refused}");
}

/// Everything that has a meaning of its own in JSON or in a form.
const ODD: &str = "a\"b\\c&d+e=f%20 ü\n{password}";

#[tokio::test]
async fn odd_passwords_and_names_arrive_as_they_are_in_either_kind_of_body() {
    let peer = peer(json!({"password": ODD})).await;
    let credentials = json!({"username": "baker", "password": ODD});
    let forms = COMPOSED.replace(r#"body = '{"oven": "{equipment_id}"}'"#, r#"body = "oven={equipment_id}&kind=deck""#);
    for profile in [COMPOSED.to_owned(), COMPOSED.replace(r#"body = "form""#, ""), forms] {
        let config = json!({"profile": profile, "equipment_id": ODD});
        let mut oven = connection("custom", &peer.line, config, credentials.clone());
        let sample = oven.next().await.unwrap_or_else(|error| panic!("{error}: {profile}"));
        // A text of a device is kept in one line; that the peer takes the password shows that its line break arrived.
        assert_eq!(sample.values.additional_sensors["echo"], ODD.replace('\n', " "), "{profile}");
    }
}

#[tokio::test]
async fn an_odd_password_that_comes_back_is_not_shown_however_it_is_written() {
    let odd = "qu\"ote&s3cret";
    let peer = peer(json!({"password": odd})).await;
    let config = json!({"profile": COMPOSED, "equipment_id": odd});
    let credentials = json!({"username": "baker", "password": odd});
    let tested = connection("custom", &peer.line, config, credentials).test().await.result;
    let sample = tested.sample.unwrap();
    assert!(sample.contains("Reinigung") && !sample.contains("s3cret"), "{sample}");
}
