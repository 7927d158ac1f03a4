//! The history through the API: charts and pages of it, how long it is kept, what it takes, and deleting a part.

use app::model::{
    equipment::EquipmentId,
    history::Resolution,
    reading::{OperationalStatus, Quality, Reading, Values},
    retention::HistoryPolicy,
};
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::store::WriteOp;

use crate::harness::{Bakery, Visitor, eventually};

/// 29 July 2025, 00:00 UTC.
const BEGIN: i64 = 1_753_747_200;
/// Between two readings, in seconds.
const EVERY: i64 = 10;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BEGIN + second).unwrap()
}

fn reading(second: i64, celsius: f64, counter_kwh: f64) -> Reading {
    Reading {
        reading_time: at(second),
        received_at: at(second),
        values: Values {
            temperature: Some(celsius),
            temperature_zones: [("core".to_owned(), celsius / 4.0)].into(),
            energy_consumption_kwh: Some(counter_kwh),
            operational_status: Some(OperationalStatus::Idle),
            ..Values::default()
        },
        active_batch_id: None,
        quality: Quality::Good,
        quality_issues: Vec::new(),
    }
}

struct Past {
    bakery: Bakery,
    admin: Visitor,
    id: EquipmentId,
}

impl Past {
    /// An oven with two days of readings and an hour without any, which begins at the twelfth.
    async fn new() -> Self {
        let bakery = Bakery::open().await;
        let admin = bakery.login("admin").await;
        let id = admin.make(&json!({"name": "Horno 1", "poll_interval_seconds": EVERY})).await;
        for index in 0..2 * 86_400 / EVERY {
            let second = index * EVERY;
            if (12 * 3_600..13 * 3_600).contains(&second) {
                continue;
            }
            // A sawtooth of ten minutes, so that each bucket's envelope is known; the counter starts anew on the second day.
            let celsius = 200.0 + (index % 60) as f64;
            let counter = (second % 86_400) as f64 / 3_600.0;
            let op = WriteOp::Reading { equipment: id, reading: reading(second, celsius, counter).into(), done: None };
            bakery.server.service.ingest.write(op).await.unwrap();
        }
        let written = 2 * 86_400 / EVERY - 360;
        eventually("the readings in the database", || async {
            (bakery.server.service.ingest.writer_stats().committed == written as u64).then_some(())
        })
        .await;
        Self { bakery, admin, id }
    }

    fn path(&self, query: &str) -> String {
        format!("/api/v1/equipment/{}/sensor-history?start_time={}&end_time={}{query}", self.id, at(0), at(2 * 86_400))
    }
}

fn list<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer} in {answer}"))
}

#[tokio::test]
async fn a_chart_says_what_it_was_made_from_and_leaves_gaps_as_gaps() {
    let past = Past::new().await;
    let chart = past.admin.json(&past.path("&max_points=300")).await;
    assert_eq!((&chart["resolution"], &chart["bucket_seconds"]), (&json!("1m"), &json!(600)), "{chart}");
    let buckets = list(&chart, "/buckets");
    assert_eq!(buckets.len(), 2 * 144 - 6);
    assert_eq!(chart["total_readings"], 2 * 8_640 - 360);
    let series = |field: &str, part: &str| list(&chart, &format!("/series/{field}/{part}")).to_vec();
    assert!(series("temperature", "min").iter().all(|value| *value == 200.0));
    assert!(series("temperature", "max").iter().all(|value| *value == 259.0));
    assert!(series("temperature", "mean").iter().all(|value| *value == 229.5));
    assert!(series("temperature", "last").iter().all(|value| *value == 259.0));
    assert!(series("temperature", "count").iter().all(|value| *value == 60));
    assert!(series("temperature_zones.core", "good_share").iter().all(|value| *value == 1.0));
    let gap = json!({"start_time": at(12 * 3_600), "end_time": at(13 * 3_600)});
    assert_eq!(list(&chart, "/gaps"), [gap]);

    // An oven that says nothing any more is a gap as well, and what was before its first reading is none.
    let beyond = |query: &str| {
        let (start, end) = (at(-86_400), at(3 * 86_400));
        format!("/api/v1/equipment/{}/sensor-history?start_time={start}&end_time={end}{query}", past.id)
    };
    for query in ["&max_points=300", "&limit=10000", "&limit=1"] {
        let gaps = past.admin.json(&beyond(query)).await["gaps"].clone();
        let last = gaps.as_array().unwrap().last().unwrap();
        assert_eq!(last["end_time"], json!(at(3 * 86_400)), "{query}: {gaps}");
        let since: Timestamp = last["start_time"].as_str().unwrap().parse().unwrap();
        assert!((at(2 * 86_400 - EVERY)..=at(2 * 86_400 + 600)).contains(&since), "{query}: {gaps}");
        assert!(gaps[0]["start_time"].as_str().unwrap() >= at(0).to_string().as_str(), "{query}: {gaps}");
    }

    let hours = past.admin.json(&past.path("&resolution=1h&fields=temperature")).await;
    assert_eq!((&hours["resolution"], list(&hours, "/buckets").len()), (&json!("1h"), 47));
    assert_eq!(hours["series"].as_object().unwrap().keys().collect::<Vec<_>>(), ["temperature"]);

    let raw = past.admin.json(&past.path("&max_points=2000&resolution=raw")).await;
    assert_eq!((&raw["resolution"], list(&raw, "/readings").len()), (&json!("raw"), 2_000));
    assert_eq!(raw["truncated"], true);
}

#[tokio::test]
async fn pages_of_readings_follow_each_other_without_loss() {
    let past = Past::new().await;
    let (mut times, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = past.admin.json(&past.path(&format!("&limit=5000{cursor}"))).await;
        let readings = list(&page, "/readings");
        times.extend(readings.iter().rev().map(|reading| reading["reading_time"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(times.len(), 2 * 8_640 - 360);
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "newest first, each once");

    for (query, code) in [
        ("&max_points=1", "limit_out_of_range"),
        ("&max_points=99999999", "limit_out_of_range"),
        ("&limit=0", "limit_out_of_range"),
        ("&cursor=next", "cursor_invalid"),
        ("&resolution=2m", "query_invalid"),
        ("&max_points=many", "query_invalid"),
        ("&colour=red", "query_invalid"),
        ("&max_points=100&fields=temperature,colour", "field_unknown"),
        ("&max_points=100&fields=operational_status", "field_unknown"),
    ] {
        let answer = past.admin.get(&past.path(query)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code, "{query}");
    }
}

#[tokio::test]
async fn energy_is_told_by_the_day_across_a_counter_that_starts_anew() {
    let past = Past::new().await;
    let path = format!("/api/v1/equipment/{}/energy", past.id);
    let report = past.admin.json(&format!("{path}?first_day=2025-07-29&last_day=2025-07-30")).await;
    let days = list(&report, "/days");
    assert_eq!(days.len(), 2, "{report}");
    // One kWh an hour, less what no reading tells at the end of the second day.
    assert!((report["total_kwh"].as_f64().unwrap() - 48.0).abs() < 2.1, "{report}");
    assert!(
        days.iter().all(|day| day["source"] == "counter" && day["idle_hot_minutes"].as_f64().unwrap() > 20.0 * 60.0)
    );
    for (query, code) in [
        ("first_day=2025-07-30&last_day=2025-07-29", "range_reversed"),
        ("first_day=yesterday", "query_invalid"),
        ("hot_celsius=5", "query_invalid"),
        ("hot_celsius=NaN", "query_invalid"),
    ] {
        let answer = past.admin.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code, "{query}");
    }
    let long = past.admin.get(&format!("{path}?first_day=0001-01-01&last_day=2025-07-29")).await;
    let (status, problem) = (long.status(), long.json::<Value>().await.unwrap());
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("range_too_long")));
    assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["pointer"]), (&json!("last_day"), &Value::Null));
    assert_eq!(past.admin.json("/api/v1/energy/idle-hot").await["items"], json!([]), "that was long ago");
}

#[tokio::test]
async fn what_is_older_than_the_policy_goes_and_a_preview_says_it_before() {
    let past = Past::new().await;
    let service = &past.bakery.server.service;
    let age = Timestamp::now().duration_since(at(86_400)).as_hours() / 24;
    let keep =
        json!({"retention": {"readings_days": age, "minutes_days": null, "hours_days": null, "days_days": null}});
    let preview = past.admin.post("/api/v1/history/retention/preview", &keep).await;
    let preview: Value = preview.json().await.unwrap();
    let expected = preview["readings"].as_u64().unwrap();
    assert!((8_000..17_000).contains(&expected) && preview["minutes"] == 0, "{preview}");
    assert_eq!(preview["equipment"][0]["equipment_name"], "Horno 1");

    let before = past.admin.json(&past.path("&resolution=1h&fields=temperature")).await;
    // The test's data is older than the default policy, whose task is at work: it may have taken the readings already.
    let set = past.admin.request(Method::PUT, "/api/v1/history/retention").json(&keep).send().await.unwrap();
    assert_eq!(set.status(), StatusCode::OK);
    assert_eq!(past.admin.json("/api/v1/history/retention").await["retention"]["readings_days"], age);
    eventually("old readings gone", || async {
        let left = service.store.count_readings(past.id, at(0), at(86_400), 10).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    let after = past.admin.json(&past.path("&resolution=1h&fields=temperature")).await;
    assert_eq!(before["series"], after["series"], "what was rolled up stays");

    let storage = past.admin.json("/api/v1/history/storage").await;
    assert!(storage["used_bytes"].as_u64().unwrap() > 100_000 && storage["disk_free_bytes"].is_u64(), "{storage}");
    assert_eq!(storage["days_until_full"], Value::Null, "there is no day yet to tell it from");
}

#[tokio::test]
async fn a_budget_takes_the_oldest_days_first_and_leaves_the_rollups() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let service = &bakery.server.service;
    let for_good = json!({"readings_days": null, "minutes_days": null, "hours_days": null, "days_days": null});
    let policy = json!({"retention": for_good});
    assert_eq!(admin.put("/api/v1/history/retention", &policy).await.status(), StatusCode::OK);
    let ids = [admin.make(&json!({"name": "Viejo"})).await, admin.make(&json!({"name": "Nuevo"})).await];
    // One oven fell silent after a day; the other has four, and two days up to now.
    let recent = Timestamp::now().as_second() - BEGIN - 86_400;
    let seconds = (0..4 * 86_400).step_by(60).chain((recent..recent + 86_400).step_by(60));
    let mut written = 0;
    for second in seconds {
        for id in &ids[usize::from(second > 86_400)..] {
            let reading = reading(second, 200.0, second as f64 / 3_600.0).into();
            service.ingest.write(WriteOp::Reading { equipment: *id, reading, done: None }).await.unwrap();
            written += 1;
        }
    }
    eventually("the readings in the database", || async {
        (service.ingest.writer_stats().committed == written).then_some(())
    })
    .await;
    let hours = async |id| {
        let hours = service.store.rollups(id, Resolution::Hour, 3_600, at(0), Timestamp::MAX).await.unwrap();
        hours.iter().map(|(_, hour)| u64::from(hour.readings)).sum::<u64>()
    };
    let before = [hours(ids[0]).await, hours(ids[1]).await];
    // Less than an empty database takes, so that all goes that may.
    let policy: HistoryPolicy = serde_json::from_value(json!({"retention": for_good, "budget_mb": 0})).unwrap();
    let preview = service.retention_preview(Some(HistoryPolicy { budget_mb: Some(50), ..policy })).await.unwrap();
    assert_eq!((preview.readings, preview.readings_over_budget), (0, 0), "it fits");
    service.store.set_setting("history.policy", &policy).await.unwrap();
    eventually("old readings gone", || async {
        service.delete_old(Timestamp::now()).await.unwrap();
        let left = service.store.count_readings(ids[1], at(0), at(4 * 86_400), 10).await.unwrap();
        (left == 0 && service.store.oldest_reading(Timestamp::MIN).await.unwrap().unwrap() >= at(recent)).then_some(())
    })
    .await;
    let left = service.store.count_readings(ids[1], at(recent), Timestamp::MAX, 10_000).await.unwrap();
    assert_eq!(left, 1_440, "the last two days are never touched");
    assert_eq!([hours(ids[0]).await, hours(ids[1]).await], before, "what was rolled up stays");
    for id in ids {
        assert_eq!(service.store.rollups_differ(id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_chart_is_made_from_what_is_left() {
    let past = Past::new().await;
    let service = &past.bakery.server.service;
    let range = |from: i64, to: i64| {
        format!(
            "/api/v1/equipment/{}/sensor-history?start_time={}&end_time={}&max_points=2000&fields=temperature",
            past.id,
            at(from),
            at(to)
        )
    };
    let keep = async |has_minutes: bool| {
        let age = Timestamp::now().duration_since(at(86_400)).as_hours() / 24;
        let minutes = if has_minutes { None } else { Some(age) };
        let retention = json!({"readings_days": age, "minutes_days": minutes, "hours_days": null, "days_days": null});
        let set = past.admin.put("/api/v1/history/retention", &json!({"retention": retention})).await;
        assert_eq!(set.status(), StatusCode::OK);
    };
    let oldest = async |resolution| {
        let rollups = service.store.rollups(past.id, resolution, resolution.seconds() as u32, at(0), at(86_400 * 2));
        rollups.await.unwrap()[0].0
    };
    keep(true).await;
    eventually("old readings gone", || async {
        let left = service.store.count_readings(past.id, at(0), at(86_400), 10).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    // Ten minutes have few readings, and twenty-four hours without a reading have none.
    let short = past.admin.json(&range(3_600, 4_200)).await;
    assert_eq!((&short["resolution"], &short["total_readings"]), (&json!("1m"), &json!(60)), "{short}");
    assert_eq!(list(&short, "/series/temperature/max").len(), 10);
    let both = past.admin.json(&range(0, 2 * 86_400)).await;
    assert_eq!(both["total_readings"], 2 * 8_640 - 360);
    let kept = past.admin.json(&range(86_400 + 3_600, 86_400 + 4_200)).await;
    assert_eq!((&kept["resolution"], list(&kept, "/readings").len()), (&json!("raw"), 60));

    keep(false).await;
    eventually("old minutes gone", || async {
        (oldest(Resolution::Minute).await >= at(86_400).as_microsecond()).then_some(())
    })
    .await;
    let hours = past.admin.json(&range(3_600, 3 * 3_600)).await;
    assert_eq!((&hours["resolution"], &hours["total_readings"]), (&json!("1h"), &json!(720)), "{hours}");
    let minutes = past.admin.json(&past.path("&resolution=1m&max_points=10000")).await;
    let gaps = list(&minutes, "/gaps");
    assert!(
        gaps.iter().all(|gap| gap["start_time"].as_str() >= Some(&*at(86_400).to_string())),
        "what went is no silence: {gaps:?}"
    );
    assert_eq!(service.store.rollups_differ(past.id).await.unwrap(), None);
}

#[tokio::test]
async fn an_oven_may_keep_its_history_longer_than_others() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Horno 1"})).await;
    let path = format!("/api/v1/equipment/{id}/retention");
    assert_eq!(admin.json(&path).await["is_own"], false);
    let own = json!({"readings_days": 400, "minutes_days": 800, "hours_days": null, "days_days": null});
    let set = admin.request(Method::PUT, &path).json(&own).send().await.unwrap();
    assert_eq!(set.status(), StatusCode::OK);
    assert_eq!(admin.json(&path).await, json!({"retention": own, "is_own": true}));

    let wrong = json!({"readings_days": 900, "minutes_days": 800, "hours_days": null, "days_days": null});
    let refused = admin.request(Method::PUT, &path).json(&wrong).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json::<Value>().await.unwrap()["errors"][0]["field"], "readings_days");
    let unknown = admin.request(Method::PUT, &path).json(&json!({"years": 3})).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);

    let removed = admin.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(admin.json(&path).await["is_own"], false);
    let staff = bakery.login("staff").await;
    assert_eq!(staff.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_deleted_range_is_gone_from_the_rollups_too() {
    let past = Past::new().await;
    let path = format!("/api/v1/equipment/{}/readings?start_time={}&end_time={}", past.id, at(3_600), at(7_200));
    let gone = past.admin.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::OK);
    assert_eq!(gone.json::<Value>().await.unwrap(), json!({"readings": 360}));
    let chart = past.admin.json(&past.path("&max_points=300")).await;
    assert_eq!(chart["total_readings"], 2 * 8_640 - 720);
    assert_eq!(list(&chart, "/gaps").len(), 2);
    assert_eq!(past.bakery.server.service.store.rollups_differ(past.id).await.unwrap(), None);
    let all = format!("/api/v1/equipment/{}/readings", past.id);
    let refused = past.admin.request(Method::DELETE, &all).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "a range has to be named");
}
