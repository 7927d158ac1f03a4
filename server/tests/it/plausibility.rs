//! Values that cannot be true: flagged, kept out of what is shown, listed and judged; rules and calibrations of ovens.

use app::model::{
    equipment::{EquipmentId, EquipmentKind},
    reading::{Quality, QualityReason, Reading, Values},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::{connectors::Sample, ingest::Outcome};

use crate::harness::{Bakery, Visitor, eventually};

/// So slow that readings of the last hours count as present ones.
const INTERVAL: u32 = 7_200;

struct Oven {
    bakery: Bakery,
    admin: Visitor,
    id: EquipmentId,
    /// A whole minute, some hours ago.
    begin: Timestamp,
}

impl Oven {
    async fn new() -> Self {
        let bakery = Bakery::open().await;
        let admin = bakery.login("admin").await;
        let oven = json!({"name": "Horno 1", "kind": "deck", "poll_interval_seconds": INTERVAL});
        let id = admin.make(&oven).await;
        let minute = Timestamp::now().as_second() / 60 * 60;
        Self { bakery, admin, id, begin: Timestamp::from_second(minute - 3 * 3_600).unwrap() }
    }

    fn at(&self, second: i64) -> Timestamp {
        self.begin + SignedDuration::from_secs(second)
    }

    async fn read(&self, second: i64, values: Values) -> Outcome {
        let sample = Sample { measured_at: Some(self.at(second)), values, ..Sample::default() };
        self.bakery.server.service.ingest.accept(self.id, EquipmentKind::Deck, INTERVAL, sample).await
    }

    /// One reading every ten seconds.
    async fn read_all(&self, temperatures: &[f64]) {
        for (index, celsius) in temperatures.iter().enumerate() {
            self.read(10 * index as i64, temperature(*celsius)).await;
        }
        self.bakery.server.service.ingest.flush().await.unwrap();
    }

    async fn stored(&self) -> Vec<Reading> {
        self.bakery.history(self.id).await
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/equipment/{}/{rest}", self.id)
    }

    async fn outliers(&self, query: &str) -> Vec<Value> {
        let list = self.admin.json(&format!("/api/v1/outliers?equipment_id={}{query}", self.id)).await;
        list["items"].as_array().unwrap().clone()
    }

    /// Mean, count and share of good values of the first minute's temperature.
    async fn minute(&self) -> (Value, Value, Value) {
        let range = format!("start_time={}&end_time={}", self.at(0), self.at(60));
        let chart = self.admin.json(&self.path(&format!("sensor-history?{range}&resolution=1m"))).await;
        let of = |part: &str| chart["series"]["temperature"][part][0].clone();
        (of("mean"), of("count"), of("good_share"))
    }

    async fn put(&self, rules: &Value) -> (StatusCode, Value) {
        let answer = self.admin.put(&self.path("plausibility"), rules).await;
        (answer.status(), answer.json().await.unwrap())
    }
}

fn temperature(celsius: f64) -> Values {
    Values { temperature: Some(celsius), ..Values::default() }
}

#[tokio::test]
async fn a_spike_is_kept_out_of_everything_until_a_person_says_that_it_was_real() {
    let oven = Oven::new().await;
    // The last begins the next minute, so that the first is rolled up.
    oven.read_all(&[200.0, 202.0, 30.0, 204.0, 206.0, 208.0, 208.5]).await;
    let stored = oven.stored().await;
    assert_eq!(stored[2].values.temperature, Some(30.0), "it is kept");
    assert_eq!((stored[2].quality, stored[2].quality_issues[0].reason), (Quality::Bad, QualityReason::RateOfChange));
    assert_eq!(oven.minute().await, (json!(204.0), json!(5), json!(0.8333)));

    let outliers = oven.outliers("&status=pending").await;
    let [outlier] = &outliers[..] else { panic!("{outliers:?}") };
    assert_eq!((&outlier["field"], &outlier["reason"]), (&json!("temperature"), &json!("rate_of_change")));
    assert_eq!((&outlier["lowest"], &outlier["good_before"]), (&json!(30.0), &json!(202.0)));
    assert_eq!((&outlier["started_at"], &outlier["readings"]), (&json!(oven.at(20)), &json!(1)));

    let path = format!("/api/v1/outliers/{}", outlier["id"].as_str().unwrap());
    let staff = oven.bakery.login("staff").await;
    assert_eq!(staff.get(&path).await.status(), StatusCode::OK);
    assert_eq!(staff.post(&format!("{path}/accept"), &json!({})).await.status(), StatusCode::FORBIDDEN);
    let judged = oven.admin.post(&format!("{path}/accept"), &json!({"note": "puerta abierta"})).await;
    let judged: Value = judged.json().await.unwrap();
    assert_eq!((&judged["status"], &judged["note"]), (&json!("accepted"), &json!("puerta abierta")));
    assert_eq!(oven.minute().await, (json!(175.0), json!(6), json!(1.0)), "it counts at once");
    let stored = oven.stored().await;
    assert_eq!((stored[2].quality, stored[2].quality_issues[0].reason), (Quality::Good, QualityReason::Accepted));

    oven.admin.post(&format!("{path}/reject"), &json!({})).await;
    assert_eq!(oven.minute().await, (json!(204.0), json!(5), json!(0.8333)), "and no more");
    assert_eq!(oven.stored().await[2].quality, Quality::Bad);
    assert!(oven.outliers("&status=pending").await.is_empty());
    assert_eq!(oven.outliers("&status=rejected&reason=rate_of_change&field=temperature").await.len(), 1);
    let after = format!("&start_time={}", oven.at(21));
    assert!(oven.outliers(&after).await.is_empty(), "it ended before");
    let trail = oven.admin.json("/api/v1/audit?limit=2").await;
    let actions: Vec<_> = trail["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["outlier.reject", "outlier.accept"]);
}

#[tokio::test]
async fn an_admin_judges_on_a_page() {
    let mut oven = Oven::new().await;
    assert!(oven.admin.text("/admin/outliers").await.contains("data-testid=\"nothing-pending\""));
    oven.read_all(&[200.0, 999.0, 201.0, 202.0]).await;
    let page = oven.admin.text("/admin/outliers").await;
    assert!(page.contains("Horno 1") && page.contains("999,0 °C"), "{page}");
    let id = oven.outliers("").await[0]["id"].as_str().unwrap().to_owned();
    let answer = oven.admin.submit(&format!("/admin/outliers/{id}/accept"), &[]).await;
    assert_eq!(answer.headers()["location"], "/admin/outliers?done=outlier-accepted");
    assert_eq!(oven.outliers("&status=accepted").await.len(), 1);
    let gone = oven.admin.submit(&format!("/admin/outliers/{}/reject", uuid::Uuid::nil()), &[]).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let staff = oven.bakery.login("staff").await;
    assert_eq!(staff.get("/admin/outliers").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_many_readings_say_is_judged_in_pieces() {
    let oven = Oven::new().await;
    for second in 0..4_500 {
        oven.read(second, temperature(900.0)).await;
    }
    oven.bakery.server.service.ingest.flush().await.unwrap();
    assert_eq!(oven.minute().await, (Value::Null, json!(0), json!(0.0)));
    let outliers = oven.outliers("").await;
    assert_eq!((outliers.len(), &outliers[0]["readings"]), (1, &json!(4_500)));
    let path = format!("/api/v1/outliers/{}/accept", outliers[0]["id"].as_str().unwrap());
    assert_eq!(oven.admin.post(&path, &json!({})).await.status(), StatusCode::OK);
    assert_eq!(oven.minute().await, (json!(900.0), json!(60), json!(1.0)));
    let stored = oven.stored().await;
    assert!(stored.iter().all(|reading| reading.quality == Quality::Good), "every one of {}", stored.len());
    oven.read(4_501, temperature(901.0)).await;
    oven.bakery.server.service.ingest.flush().await.unwrap();
    let outliers = oven.outliers("&status=pending").await;
    assert_eq!((outliers.len(), &outliers[0]["readings"]), (1, &json!(1)), "a judgement holds for what was judged");
}

#[tokio::test]
async fn an_oven_is_held_to_its_own_rules() {
    let oven = Oven::new().await;
    let shown = oven.admin.json(&oven.path("plausibility")).await;
    assert_eq!(shown["rules"], json!([]));
    let usual = shown["usual"].as_array().unwrap();
    assert!(usual.iter().any(|rule| rule["field"] == "temperature_zones.*" && rule["max"] == 450.0), "{shown}");

    let rules = json!({"rules": [
        {"field": "temperature_zones.*", "max": 250},
        {"field": "temperature", "stuck_after_seconds": 60}
    ]});
    let (status, set) = oven.put(&rules).await;
    assert_eq!((status, &set["rules"][0]["max"]), (StatusCode::OK, &json!(250.0)));
    let zone = |celsius| Values { temperature_zones: [("top".to_owned(), celsius)].into(), ..temperature(220.0) };
    assert_eq!(oven.read(0, zone(240.0)).await, Outcome::Accepted { bad: Vec::new() });
    let Outcome::Accepted { bad } = oven.read(30, zone(251.0)).await else { panic!() };
    assert_eq!((bad[0].field.as_str(), bad[0].reason), ("temperature_zones.top", QualityReason::OutOfRange));
    let Outcome::Accepted { bad } = oven.read(60, zone(240.0)).await else { panic!() };
    assert_eq!((bad[0].field.as_str(), bad[0].reason), ("temperature", QualityReason::Stuck));
    let live = oven.bakery.server.service.live.last_reading(oven.id).unwrap();
    assert_eq!(live.good().temperature, None, "it is not shown");

    let removed = oven.admin.delete(&oven.path("plausibility")).await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(oven.read(90, zone(251.0)).await, Outcome::Accepted { bad: Vec::new() });

    for (rule, pointer) in [
        (json!({"field": "temperature", "min": 10, "max": 5}), "/rules/0/max"),
        (json!({"field": "colour"}), "/rules/0/field"),
        (json!({"field": "humidity", "max_rate_per_minute": 0}), "/rules/0/max_rate_per_minute"),
    ] {
        let (status, refused) = oven.put(&json!({"rules": [rule]})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let staff = oven.bakery.login("staff").await;
    let path = oven.path("plausibility");
    assert_eq!(staff.get(&path).await.status(), StatusCode::OK);
    let refused = staff.put(&path, &rules).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_calibration_corrects_what_is_measured_from_its_time_on() {
    let oven = Oven::new().await;
    let path = oven.path("calibrations");
    let calibration = json!({
        "field": "temperature", "offset_celsius": -3.2, "valid_from": oven.at(20), "reason": "termómetro patrón 2741"
    });
    let made = oven.admin.post(&path, &calibration).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = made.json().await.unwrap();
    assert_eq!((&made["offset_celsius"], &made["reason"]), (&json!(-3.2), &calibration["reason"]));
    assert!(made["created_by"].is_number());

    oven.read_all(&[200.0, 200.5, 201.0]).await;
    assert_eq!(oven.read(20, temperature(201.0)).await, Outcome::Repeated, "what the oven sent is what it sent before");
    let stored: Vec<_> = oven.stored().await.iter().filter_map(|reading| reading.values.temperature).collect();
    assert_eq!(stored, [200.0, 200.5, 197.8]);

    let again = oven.admin.post(&path, &calibration).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY, "one a time");
    for wrong in [
        json!({"field": "humidity", "offset_celsius": 1, "reason": "x"}),
        json!({"field": "temperature", "offset_celsius": 101, "reason": "x"}),
        json!({"field": "temperature", "offset_celsius": 1, "reason": "  "}),
        json!({"field": "temperature", "offset_celsius": 1, "reason": "x", "valid_from": "2100-01-01T00:00:00Z"}),
    ] {
        assert_eq!(oven.admin.post(&path, &wrong).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let gone = oven.admin.delete(&location).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(oven.admin.get(&location).await.status(), StatusCode::NOT_FOUND);
    oven.read(30, temperature(201.5)).await;
    let last = eventually("the last reading", || async { oven.stored().await.get(3).cloned() }).await;
    assert_eq!(last.values.temperature, Some(201.5));
    assert_eq!(oven.admin.json(&path).await["items"], json!([]));
}

/// Rules and calibrations hold after a restart too.
#[tokio::test]
async fn what_was_set_holds_after_a_restart() {
    let oven = Oven::new().await;
    oven.put(&json!({"rules": [{"field": "temperature", "max": 250}]})).await;
    let calibration =
        json!({"field": "temperature", "offset_celsius": 5, "valid_from": oven.at(0), "reason": "patrón"});
    oven.admin.post(&oven.path("calibrations"), &calibration).await;
    let Oven { bakery, id, begin, .. } = oven;
    let bakery = bakery.reopen().await;
    let admin = bakery.login("admin").await;
    let oven = Oven { bakery, admin, id, begin };
    let Outcome::Accepted { bad } = oven.read(0, temperature(246.0)).await else { panic!() };
    assert_eq!(bad[0].reason, QualityReason::OutOfRange, "251 °C");
}
