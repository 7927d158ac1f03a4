//! Batches through the API: their life, what they track, what becomes of them, and what looks like one.

use app::model::{
    equipment::{EquipmentId, EquipmentKind},
    reading::{DoorStatus, OperationalStatus, Values},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::connectors::Sample;

use crate::{
    harness::{Bakery, Visitor, eventually},
    rest_family::{self, credentials, peer},
};

/// Makes and starts a batch.
async fn started(visitor: &Visitor, batch: &Value) -> Value {
    let made = visitor.post("/api/v1/batches", batch).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let answer = visitor.post(&format!("{location}/start"), &json!({})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

/// The status and the code of an answer that refuses.
async fn refusal(visitor: &Visitor, method: Method, path: &str, body: &Value) -> (StatusCode, String) {
    let answer = visitor.request(method, path).json(body).send().await.unwrap();
    let status = answer.status();
    (status, answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
}

fn baguettes(id: EquipmentId) -> Value {
    json!({
        "equipment_id": id, "product": "Baguettes", "quantity": 120, "operator": "Ana", "program": "Baguettes",
        "profile": [
            {"name": "vapor", "duration_minutes": 5, "temperature": 190, "temperature_tolerance": 3, "humidity": 60},
            {"name": "horneado", "duration_minutes": 15, "temperature": 185}
        ]
    })
}

#[tokio::test]
async fn a_batch_is_followed_from_its_start_to_its_summary() {
    let (bakery, peer) = (Bakery::open().await, peer(json!({})).await);
    let admin = bakery.login("admin").await;
    let staff = bakery.login("staff").await;
    let id = rest_family::add(&admin, "rational", &peer.line, json!({"unit_id": "12345"}), credentials()).await;
    admin.live(id).await;
    let batch = started(&staff, &baguettes(id)).await;
    let path = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_eq!((&batch["status"], &batch["name"]), (&json!("running"), &json!("Baguettes - Batch #1")));

    let live = staff.json(&format!("/api/v1/equipment/{id}/realtime-data")).await;
    assert_eq!((&live["active_batch_id"], &live["active_batch_name"]), (&batch["id"], &batch["name"]));
    let display = bakery.login("display").await;
    let now = eventually("values of the batch", || async {
        let now = display.json(&format!("{path}/realtime-tracking")).await;
        now["temperature"].is_number().then_some(now)
    })
    .await;
    assert_eq!(
        (&now["stage"]["name"], &now["stage"]["index"], &now["stage"]["count"]),
        (&json!("vapor"), &json!(0), &json!(2))
    );
    assert_eq!((&now["temperature"], &now["target_temperature"]), (&json!(185.5), &json!(190.0)));
    assert_eq!((&now["temperature_deviation"], &now["within_tolerance"]), (&json!(-4.5), &json!(false)));
    assert_eq!((&now["humidity_deviation"], &now["progress_source"]), (&json!(5.0), &json!("profile")));
    let left = now["time_left_minutes"].as_f64().unwrap();
    assert!((19.0..=20.0).contains(&left), "{now}");

    eventually("readings of the batch", || async {
        let of_batch = |reading: &app::model::reading::Reading| {
            reading.active_batch_id.map(|id| id.to_string()).as_deref() == batch["id"].as_str()
        };
        bakery.history(id).await.iter().any(of_batch).then_some(())
    })
    .await;
    peer.kill().await;
    bakery.logged(&admin, id, "disconnected").await;
    let silent = staff.json(&format!("{path}/realtime-tracking")).await;
    assert_eq!((&silent["temperature"], &silent["quality"]), (&Value::Null, &Value::Null), "old values are no values");
    assert_eq!(silent["connection_status"], "disconnected");
    assert_eq!(silent["stage"]["name"], "vapor", "the time goes on");

    let finished: Value = staff.post(&format!("{path}/finish"), &json!({})).await.json().await.unwrap();
    let summary = &finished["summary"];
    assert_eq!(finished["status"], "finished");
    assert!(summary["readings"].as_u64().unwrap() >= 1, "{summary}");
    assert_eq!((&summary["temperature_min"], &summary["temperature_max"]), (&json!(185.5), &json!(185.5)));
    assert_eq!((&summary["core_peak"]["sensor"], &summary["core_peak"]["temperature"]), (&json!("core"), &json!(72.0)));
    assert_eq!(summary["stages"][0]["largest_deviation"], -4.5);
    let live = staff.get(&format!("/api/v1/equipment/{id}/realtime-data")).await;
    assert_eq!(live.status(), StatusCode::SERVICE_UNAVAILABLE);
    let again: Value = staff.post(&format!("{path}/summary"), &json!({})).await.json().await.unwrap();
    assert_eq!(again, *summary);
}

#[tokio::test]
async fn each_deck_has_one_batch_at_a_time() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1"})).await;
    let of = |deck: &str| {
        let mut batch = baguettes(id);
        batch["deck"] = json!(deck);
        batch
    };
    let first = started(&admin, &of("piso 1")).await;
    started(&admin, &of("piso 2")).await;
    let refused = async |draft: &Value| {
        let batch: Value = admin.post("/api/v1/batches", draft).await.json().await.unwrap();
        refusal(&admin, Method::POST, &format!("/api/v1/batches/{}/start", batch["id"].as_str().unwrap()), &json!({}))
            .await
    };
    let running = (StatusCode::CONFLICT, "batch_running".to_owned());
    assert_eq!(refused(&of("piso 2")).await, running);
    assert_eq!(refused(&baguettes(id)).await, running, "the whole oven is not free");
    let finish = format!("/api/v1/batches/{}/finish", first["id"].as_str().unwrap());
    assert_eq!(admin.post(&finish, &json!({})).await.status(), StatusCode::OK);
    started(&admin, &of("piso 1")).await;
}

#[tokio::test]
async fn what_does_not_go_with_how_things_are_is_refused() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1"})).await;
    let running = started(&admin, &baguettes(id)).await;
    let path = format!("/api/v1/batches/{}", running["id"].as_str().unwrap());

    let other: Value = admin.post("/api/v1/batches", &baguettes(id)).await.json().await.unwrap();
    let other = format!("/api/v1/batches/{}", other["id"].as_str().unwrap());
    let conflict = |code: &str| (StatusCode::CONFLICT, code.to_owned());
    assert_eq!(refusal(&admin, Method::POST, &format!("{other}/start"), &json!({})).await, conflict("batch_running"));
    let mut deck = baguettes(id);
    deck["deck"] = json!("piso 2");
    let of_deck: Value = admin.post("/api/v1/batches", &deck).await.json().await.unwrap();
    let of_deck = format!("/api/v1/batches/{}/start", of_deck["id"].as_str().unwrap());
    let whole = refusal(&admin, Method::POST, &of_deck, &json!({})).await;
    assert_eq!(whole, conflict("batch_running"), "a batch without a deck takes the whole oven");
    assert_eq!(refusal(&admin, Method::PUT, &path, &deck).await, conflict("batch_running"));
    assert_eq!(refusal(&admin, Method::DELETE, &path, &json!({})).await, conflict("batch_status"));
    assert_eq!(refusal(&admin, Method::POST, &format!("{path}/start"), &json!({})).await, conflict("batch_status"));

    let unusable = |code: &str| (StatusCode::UNPROCESSABLE_ENTITY, code.to_owned());
    let future = Timestamp::now() + SignedDuration::from_hours(1);
    let finish = format!("{path}/finish");
    assert_eq!(refusal(&admin, Method::POST, &finish, &json!({"ended_at": future})).await, unusable("invalid"));
    let before = Timestamp::now() - SignedDuration::from_hours(1);
    assert_eq!(refusal(&admin, Method::POST, &finish, &json!({"ended_at": before})).await, unusable("invalid"));
    assert_eq!(admin.post(&finish, &json!({})).await.status(), StatusCode::OK);
    assert_eq!(refusal(&admin, Method::POST, &finish, &json!({})).await, conflict("batch_status"));
    assert_eq!(refusal(&admin, Method::PUT, &path, &baguettes(id)).await, conflict("batch_status"));
    let start = format!("{other}/start");
    let overlaps = refusal(&admin, Method::POST, &start, &json!({"started_at": before})).await;
    assert_eq!(overlaps, conflict("batch_overlaps"));
    let cancelled: Value =
        admin.post(&format!("{other}/cancel"), &json!({"reason": "harina"})).await.json().await.unwrap();
    assert_eq!((&cancelled["status"], &cancelled["cancel_reason"]), (&json!("cancelled"), &json!("harina")));
    assert_eq!(admin.request(Method::DELETE, &other).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&other).await.status(), StatusCode::NOT_FOUND);

    let mut wrong = baguettes(id);
    wrong["profile"][1]["temperature"] = json!(9_000);
    wrong["equipment_id"] = json!(uuid::Uuid::nil());
    let answer = admin.post("/api/v1/batches", &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = answer.json().await.unwrap();
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/profile/1/temperature", "/equipment_id"]);
    let display = bakery.login("display").await;
    assert_eq!(display.get("/api/v1/batches").await.status(), StatusCode::FORBIDDEN);

    let finished = admin.json("/api/v1/batches?status=finished&limit=1").await;
    assert_eq!((finished["items"].as_array().unwrap().len(), &finished["next_cursor"]), (1, &Value::Null));
    let page = admin.json(&format!("/api/v1/batches?equipment_id={id}&limit=1")).await;
    let next = page["next_cursor"].as_str().unwrap();
    let rest = admin.json(&format!("/api/v1/batches?equipment_id={id}&limit=1&cursor={next}")).await;
    assert!(rest["items"][0]["number"].as_i64() < page["items"][0]["number"].as_i64());
    let oldest = admin.json("/api/v1/batches?sort=number&limit=1").await;
    assert_eq!(oldest["items"][0]["number"], rest["items"][0]["number"]);
    let next = oldest["next_cursor"].as_str().unwrap();
    let newer = admin.json(&format!("/api/v1/batches?sort=number&limit=1&cursor={next}")).await;
    assert_eq!(newer["items"][0]["number"], page["items"][0]["number"]);
    assert_eq!(admin.get("/api/v1/batches?sort=product").await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_batch_goes_on_after_a_restart() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1"})).await;
    let batch = started(&admin, &baguettes(id)).await;
    let bakery = bakery.reopen().await;
    let running = bakery.server.service.ingest.baking.running(id).unwrap();
    assert_eq!(running.id.to_string(), batch["id"].as_str().unwrap());
    sample(&bakery, id, OperationalStatus::Running, DoorStatus::Closed).await;
    let stored = eventually("a reading", || async { bakery.history(id).await.pop() }).await;
    assert_eq!(stored.active_batch_id, Some(running.id));
}

async fn sample(bakery: &Bakery, id: EquipmentId, status: OperationalStatus, door: DoorStatus) {
    let values = Values {
        temperature: Some(230.0),
        operational_status: Some(status),
        door_status: Some(door),
        additional_sensors: [("program".to_owned(), "Hogaza".into())].into(),
        ..Values::default()
    };
    let sample = Sample { values, ..Sample::default() };
    bakery.server.service.ingest.accept(id, EquipmentKind::Deck, 5, sample).await;
}

#[tokio::test]
async fn what_an_oven_does_is_proposed_as_a_batch() {
    use {
        DoorStatus::{Closed, Open},
        OperationalStatus::{Idle, Running},
    };
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1", "kind": "deck"})).await;
    for (status, door) in [(Idle, Open), (Idle, Closed), (Running, Closed)] {
        sample(&bakery, id, status, door).await;
    }
    let proposals = admin.json("/api/v1/batches/proposals").await;
    let proposal = &proposals["items"][0];
    assert_eq!((&proposal["kind"], &proposal["reason"]), (&json!("start"), &json!("door")), "{proposals}");
    let path =
        |proposal: &Value, verb: &str| format!("/api/v1/batches/proposals/{}/{verb}", proposal["id"].as_str().unwrap());
    let batch: Value = admin.post(&path(proposal, "accept"), &json!({})).await.json().await.unwrap();
    assert_eq!((&batch["status"], &batch["product"]), (&json!("running"), &json!("Hogaza")), "{batch}");
    assert_eq!(batch["started_at"], proposal["at"]);
    assert_eq!(admin.json("/api/v1/batches/proposals").await["items"], json!([]));
    assert_eq!(admin.post(&path(proposal, "accept"), &json!({})).await.status(), StatusCode::NOT_FOUND);

    sample(&bakery, id, Idle, Closed).await;
    let proposals = admin.json("/api/v1/batches/proposals").await;
    let end = &proposals["items"][0];
    assert_eq!((&end["kind"], &end["batch_id"]), (&json!("finish"), &batch["id"]), "{proposals}");
    let finished: Value = admin.post(&path(end, "accept"), &json!({})).await.json().await.unwrap();
    assert_eq!((&finished["status"], &finished["ended_at"]), (&json!("finished"), &end["at"]));

    sample(&bakery, id, Running, Closed).await;
    let proposals = admin.json("/api/v1/batches/proposals").await;
    let dismissed = admin.post(&path(&proposals["items"][0], "dismiss"), &json!({})).await;
    assert_eq!(dismissed.status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.json("/api/v1/batches/proposals").await["items"], json!([]));
}

#[tokio::test]
async fn what_comes_late_belongs_to_the_batch_it_was_measured_in() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1"})).await;
    let ago = |minutes: i64| Timestamp::now() - SignedDuration::from_mins(minutes);
    let batch: Value = admin.post("/api/v1/batches", &baguettes(id)).await.json().await.unwrap();
    let path = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
    admin.post(&format!("{path}/start"), &json!({"started_at": ago(30)})).await;
    let finished = admin.post(&format!("{path}/finish"), &json!({"ended_at": ago(10)})).await;
    assert_eq!(finished.status(), StatusCode::OK);
    let batch = batch["id"].as_str().unwrap().parse().ok();
    let late = async |bakery: &Bakery, minutes: i64| {
        let values = Values { temperature: Some(200.0), ..Values::default() };
        let sample = Sample { backfilled: true, measured_at: Some(ago(minutes)), values, ..Sample::default() };
        bakery.server.service.ingest.accept(id, EquipmentKind::Deck, 5, sample).await;
        bakery.server.service.ingest.flush().await.unwrap();
    };
    for minutes in [40, 20, 5] {
        late(&bakery, minutes).await;
    }
    let bakery = bakery.reopen().await;
    late(&bakery, 15).await;
    let of: Vec<_> = bakery.history(id).await.iter().map(|reading| reading.active_batch_id).collect();
    assert_eq!(of, [None, batch, batch, None]);
}
