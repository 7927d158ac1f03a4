//! The configuration as one file, of a running server.

use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Bakery, Ovens, PASSWORD, Visitor, answered, eventually, refusal};

async fn send(visitor: &Visitor, path: &str, file: &str) -> Response {
    let request = visitor.request(Method::POST, &format!("/api/v1/config/{path}"));
    request.header(header::CONTENT_TYPE, "application/yaml").body(file.to_owned()).send().await.unwrap()
}

async fn exported(visitor: &Visitor) -> String {
    let answer = visitor.get("/api/v1/config/export").await;
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"application/yaml".parse().unwrap())
    );
    answer.text().await.unwrap()
}

fn counts(plan: &Value) -> [usize; 3] {
    ["add", "change", "remove"]
        .map(|action| plan["changes"].as_array().unwrap().iter().filter(|change| change["action"] == action).count())
}

#[tokio::test]
async fn a_file_is_heeded_at_once() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(3));
    let admin = bakery.login("admin").await;
    let [kept, gone] = [bakery.add(&admin, &ovens.get(0)).await, bakery.add(&admin, &ovens.get(1)).await];
    admin.live(gone).await;
    let file = exported(&admin).await;
    let same = answered(send(&admin, "plan", &file).await, StatusCode::OK).await;
    assert_eq!(same["changes"], json!([]));

    // Without the second oven and the account of the screen; with a new oven, and the first one changed.
    let begin = file.find(&format!("- id: {gone}")).unwrap();
    let end = file[begin..].find("\nusers:").unwrap() + begin + 1;
    let (new, credentials) = server::demo::connection_json(&ovens.get(2).spec, ovens.get(2).addr, 1);
    assert!(credentials.as_object().is_some_and(|credentials| !credentials.is_empty()));
    let names: serde_json::Map<_, _> =
        credentials.as_object().unwrap().keys().map(|name| (name.clone(), Value::Null)).collect();
    let mut new = new;
    new["credentials"] = names.into();
    new["name"] = json!("Horno nuevo");
    let changed = format!("{}- {new}\n{}", &file[..begin], &file[end..])
        .replace("- username: display\n  role: display\n  disabled: false\n", "")
        .replace("language: null", "language: de")
        .replacen("poll_interval_seconds: 1\n", "poll_interval_seconds: 2\n", 1);
    let plan = answered(send(&admin, "plan?prune=true", &changed).await, StatusCode::OK).await;
    assert_eq!(counts(&plan), [1, 2, 2], "{plan:#}");
    assert_eq!(
        answered(send(&admin, "plan?prune=true", &changed).await, StatusCode::OK).await,
        plan,
        "it changes nothing"
    );
    let applied = answered(send(&admin, "apply?prune=true", &changed).await, StatusCode::OK).await;
    assert_eq!(applied, plan);

    let equipment = admin.json(&format!("/api/v1/equipment/{kept}")).await;
    assert_eq!(equipment["poll_interval_seconds"], 2);
    assert_eq!(equipment["has_credentials"], true, "kept");
    bakery.logged(&admin, kept, "config_changed").await;
    admin.live(kept).await;
    assert_eq!(admin.get(&format!("/api/v1/equipment/{gone}")).await.status(), 404);
    assert_eq!(admin.get(&format!("/api/v1/equipment/{gone}/realtime-data")).await.status(), 404);
    assert_eq!(admin.json("/api/v1/settings").await["language"], "de");
    let ovens_now = admin.json("/api/v1/equipment").await;
    let made = ovens_now["items"].as_array().unwrap().iter().find(|oven| oven["name"] == "Horno nuevo").unwrap();
    eventually("the new oven says what it lacks", || async {
        let path = format!("/api/v1/equipment/{}/connection-logs", made["id"].as_str().unwrap());
        let log = admin.json(&path).await;
        log["items"].as_array().unwrap().iter().any(|entry| entry["event_type"] == "config_invalid").then_some(())
    })
    .await;
    let audit = admin.json("/api/v1/audit?action=config.apply").await;
    assert_eq!(audit["items"][0]["actor_name"], "admin");
    assert_eq!(audit["items"][0]["after"], json!({"added": 1, "changed": 2, "removed": 2}));
    let again = answered(send(&admin, "plan?prune=true", &exported(&admin).await).await, StatusCode::OK).await;
    assert_eq!(again["changes"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_its_place() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let before = exported(&admin).await;
    let wrong = async |file: &str, status: u16, code: &str| {
        for path in ["plan", "apply"] {
            let answer = send(&admin, path, file).await;
            let found = answer.status().as_u16();
            let problem: Value = answer.json().await.unwrap();
            assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{file}: {problem}");
            if path == "apply" {
                return problem;
            }
        }
        unreachable!("two paths")
    };
    wrong("", 400, "no_body").await;
    let unknown = wrong("version: 1\nequipment:\n- name: Horno\n  prot: 80\n", 400, "body_invalid").await;
    assert!(unknown["title"].as_str().unwrap().contains("line 4 column 3"), "{unknown}");
    wrong("version: 7\n", 422, "version_unknown").await;
    let invalid = "version: 1\nequipment:\n- name: Horno\n  iot_protocol: rest_api\n  iot_endpoint: http://x\n  iot_config: {timeout: 1000}\n";
    let invalid = wrong(invalid, 422, "invalid").await;
    assert_eq!(invalid["errors"][0]["pointer"], "/equipment/0/iot_config/timeout", "{invalid}");
    wrong("version: 1\nusers:\n- {username: admin, role: staff}\n", 422, "invalid").await;

    let key = server::secrets::passphrase::FileKey::new("tres hogazas de centeno").unwrap();
    let sealed = format!("version: 1\nsecrets: {}\n", json!(key.derivation()));
    wrong(&sealed, 422, "passphrase_needed").await;
    let with = async |passphrase: &[u8]| {
        let request = admin.request(Method::POST, "/api/v1/config/plan").header("hornero-passphrase", passphrase);
        request
            .header(header::CONTENT_TYPE, "application/yaml; charset=utf-8")
            .body(sealed.clone())
            .send()
            .await
            .unwrap()
    };
    assert_eq!(refusal(with(b"cuatro hogazas").await).await, (422, "passphrase_wrong".to_owned()));
    assert_eq!(refusal(with(b"\xff").await).await, (400, "passphrase_invalid".to_owned()));
    assert_eq!(with(b"tres hogazas de centeno").await.status(), StatusCode::OK);

    let json = admin.post("/api/v1/config/plan", &json!({"version": 1})).await;
    assert_eq!(refusal(json).await, (415, "content_type".to_owned()));
    assert_eq!(refusal(send(&admin, "apply?purge=true", "version: 1").await).await, (400, "query_invalid".to_owned()));
    let long = format!("version: 1\n#{}\n", "x".repeat(4 * 1024 * 1024 - 20));
    assert_eq!(send(&admin, "apply", &long).await.status(), StatusCode::OK);
    assert_eq!(
        send(&admin, "apply", &format!("{long}#{}", "x".repeat(20))).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(exported(&admin).await, before);
}

#[tokio::test]
async fn only_admins_see_and_change_all_of_it() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    assert_eq!(staff.get("/api/v1/config/export").await.status(), 403);
    for path in ["plan", "apply"] {
        assert_eq!(send(&staff, path, "version: 1").await.status(), 403);
        assert_eq!(send(&bakery.visitor(), path, "version: 1").await.status(), 401);
    }
    let admin = bakery.login("admin").await;
    let file = "version: 1\nusers:\n- {username: neu, role: admin}\n- {username: staff, role: staff, disabled: true}\n";
    answered(send(&admin, "apply", file).await, StatusCode::OK).await;
    assert_eq!(staff.get("/api/v1/equipment").await.status(), 401, "who was disabled is out at once");
    let mut neu = bakery.visitor();
    assert_eq!(neu.submit("/login", &[("username", "neu"), ("password", PASSWORD)]).await.status(), 401);
    let users = admin.json("/api/v1/users").await;
    let id = users["items"].as_array().unwrap().iter().find(|user| user["username"] == "neu").unwrap()["id"].clone();
    let given = admin.post(&format!("/api/v1/users/{id}/password"), &json!({"password": PASSWORD})).await;
    assert!(given.status().is_success(), "{}", given.status());
    assert_eq!(neu.submit("/login", &[("username", "neu"), ("password", PASSWORD)]).await.status(), 303);
    // Each is the last admin while the other one is none; together there is always one.
    let swap = "version: 1\nusers:\n- {username: admin, role: staff}\n- {username: neu, role: staff}\n- {username: staff, role: admin}\n";
    answered(send(&admin, "apply", swap).await, StatusCode::OK).await;
    assert_eq!(bakery.login("staff").await.get("/api/v1/users").await.status(), 200);
}
