use app::model::reading::{Quality, QualityIssue, QualityReason, Reading, Values};
use jiff::Timestamp;
use proptest::{collection, option, prelude::*, sample::select};
use serde_json::Value;
use uuid::Uuid;

use super::{at, contract, full_reading, new_oven, new_store, plain_reading, write};
use crate::store::Store;

contract! {
    every_field_comes_back,
    values_that_are_no_numbers_are_missing,
    ranges_are_half_open_and_keep_the_newest,
    the_newest_of_all_ovens_comes_at_once,
}

async fn every_field_comes_back(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let empty = Reading { values: Values::default(), quality: Quality::Uncertain, ..plain_reading(2) };
    let readings = [full_reading(0), plain_reading(1), empty];
    write(store, id, &readings).await;
    assert_eq!(store.readings(id, at(0), at(10), 10).await.unwrap(), readings);
    // Smaller parts of a second than a microsecond are not kept.
    let odd = Timestamp::from_nanosecond(at(5).as_nanosecond() + 1_999).unwrap();
    write(store, id, &[Reading { reading_time: odd, ..plain_reading(5) }]).await;
    let latest = store.latest_reading(id).await.unwrap().unwrap();
    assert_eq!(latest.reading_time.as_microsecond(), at(5).as_microsecond() + 1);
}

async fn values_that_are_no_numbers_are_missing(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let mut reading = plain_reading(0);
    reading.values.temperature = Some(f64::NAN);
    reading.values.humidity = Some(f64::INFINITY);
    reading.values.temperature_zones =
        [("top".to_owned(), f64::NAN), ("bottom".to_owned(), 200.0)].into_iter().collect();
    reading.quality = Quality::Bad;
    write(store, id, &[reading.clone()]).await;
    let stored = store.latest_reading(id).await.unwrap().unwrap();
    assert_eq!((stored.values.temperature, stored.values.humidity), (None, None));
    assert_eq!(stored.values.temperature_zones.into_keys().collect::<Vec<_>>(), ["bottom"]);
}

async fn ranges_are_half_open_and_keep_the_newest(store: &Store) {
    let id = new_oven(store, "Horno").await;
    // Late ones are put in their place.
    write(store, id, &[5, 1, 4, 2, 3].map(plain_reading)).await;
    let times = |readings: Vec<Reading>| readings.into_iter().map(|r| r.reading_time).collect::<Vec<_>>();
    assert_eq!(times(store.readings(id, at(2), at(5), 10).await.unwrap()), [at(2), at(3), at(4)]);
    assert_eq!(times(store.readings(id, at(0), at(9), 2).await.unwrap()), [at(4), at(5)]);
    assert!(store.readings(id, at(6), at(9), 2).await.unwrap().is_empty());
    assert_eq!(store.count_readings(id, at(2), at(5), 9).await.unwrap(), 3);
    assert_eq!(store.latest_reading(id).await.unwrap().unwrap().reading_time, at(5));
}

async fn the_newest_of_all_ovens_comes_at_once(store: &Store) {
    let (a, b, c) = (new_oven(store, "A").await, new_oven(store, "B").await, new_oven(store, "C").await);
    write(store, a, &[plain_reading(1), full_reading(9), plain_reading(3)]).await;
    write(store, b, &[plain_reading(7)]).await;
    let latest = store.latest_readings().await.unwrap();
    assert_eq!(latest.len(), 2);
    assert_eq!((latest[&a].reading_time, latest[&b].reading_time), (at(9), at(7)));
    assert_eq!(latest[&a].values.temperature_zones.len(), 2);
    assert!(!latest.contains_key(&c) && store.latest_reading(c).await.unwrap().is_none());
}

/// Up to 15 digits: JSON numbers with more may come back with the last bit changed.
fn json_number() -> impl Strategy<Value = f64> {
    any::<i32>().prop_map(|hundredths| f64::from(hundredths) / 100.0)
}

fn json_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        json_number().prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn number() -> impl Strategy<Value = Option<f64>> {
    option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL)
}

/// One word of an enum, or none.
fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Option<T>> {
    option::of(select(all))
}

prop_compose! {
    fn values()(
        numbers in prop::array::uniform12(number()),
        temperature_zones in collection::btree_map(any::<String>(), json_number(), 0..4),
        additional_sensors in collection::btree_map(any::<String>(), json_value(), 0..4),
        operational_status in word(app::model::reading::OperationalStatus::ALL),
        cycle_stage in word(app::model::reading::CycleStage::ALL),
        door_status in word(app::model::reading::DoorStatus::ALL),
    ) -> Values {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = numbers;
        Values {
            temperature: a, target_temperature: b, temperature_zones, humidity: c, target_humidity: d,
            energy_consumption_kwh: e, power_kw: f, operational_status, cycle_stage, cycle_progress_percentage: g,
            time_remaining_minutes: h, motor_speed_rpm: i, door_status, steam_level: j, product_weight_kg: k,
            moisture_content: l, additional_sensors,
        }
    }
}

prop_compose! {
    fn reading()(
        // The years 1 to 9999.
        micros in -62_135_596_800_000_000_i64..253_370_764_800_000_000,
        received in 0..2_000_000_000_000_000_i64,
        values in values(),
        batch in option::of(any::<u128>()),
        quality in select(Quality::ALL),
        issues in collection::vec((any::<String>(), select(QualityReason::ALL)), 0..4),
    ) -> Reading {
        Reading {
            reading_time: Timestamp::from_microsecond(micros).unwrap(),
            received_at: Timestamp::from_microsecond(received).unwrap(),
            values,
            active_batch_id: batch.map(Uuid::from_u128),
            quality,
            quality_issues: issues.into_iter().map(|(field, reason)| QualityIssue { field, reason }).collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_reading_comes_back(readings in collection::vec(reading(), 1..100)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut expected = readings.clone();
        expected.sort_by_key(|reading| reading.reading_time);
        expected.dedup_by_key(|reading| reading.reading_time);
        let stored = runtime.block_on(async {
            let (store, _folder) = new_store().await;
            let id = new_oven(&store, "Horno").await;
            write(&store, id, &readings).await;
            store.readings(id, Timestamp::MIN, Timestamp::MAX, 1_000).await.unwrap()
        });
        prop_assert_eq!(stored, expected);
    }
}
