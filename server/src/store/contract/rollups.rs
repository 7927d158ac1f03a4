use app::model::{
    equipment::EquipmentId,
    history::Resolution,
    reading::{QualityReason, Reading},
};
use jiff::Timestamp;
use proptest::{prelude::*, test_runner::TestCaseError};

use super::{Running, at, contract, full_reading, new_oven, new_store, plain_reading};
use crate::{
    rollup::tests::any_reading,
    store::{
        Store, WriterConfig,
        rollups::{MICROS, Rollups},
        writer::{Erasure, Reflag},
    },
};

contract! {
    an_oven_without_readings_has_none,
    history_from_before_the_rollups_is_rolled_up,
    what_is_kept_longer_outlives_its_readings,
    rollups_that_lie_are_found,
    an_unreadable_rollup_is_an_error_and_stops_nobody,
    no_minute_is_passed_over_because_of_what_cannot_be_read,
    a_late_reading_is_rolled_up_before_its_day_goes,
    the_last_day_of_a_silent_oven_goes_too,
    readings_from_before_1970_are_rolled_up_where_they_are,
    flaws_that_cannot_be_read_stop_nobody,
}

const DAY: i64 = 86_400;

async fn all(store: &Store, id: EquipmentId, resolution: Resolution) -> Rollups {
    store.rollups(id, resolution, resolution.seconds() as u32, Timestamp::MIN, Timestamp::MAX).await.unwrap()
}

async fn number(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

/// Asks until there is an answer.
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "never came to pass: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Waits until nothing is left to roll up.
async fn settled(store: &Store) {
    let behind = "SELECT count(*) FROM equipment e WHERE (SELECT max(reading_time) / 60000000 * 60000000 FROM \
        equipment_sensor_readings WHERE equipment = e.key) > coalesce((SELECT rolled_until FROM reading_rollup_state \
        WHERE equipment = e.key), 0)";
    eventually("no minute due or behind", || async {
        let due = number(store, "SELECT count(*) FROM reading_rollups_due").await;
        (due == 0 && number(store, behind).await == 0).then_some(())
    })
    .await;
}

/// A writer that has written these and rolled them up.
async fn rolled_up(store: &Store, id: EquipmentId, readings: impl Iterator<Item = Reading>) -> Running {
    let writer = Running::start(store, WriterConfig::default());
    for reading in readings {
        writer.reading(id, reading).await;
    }
    writer.handle.flush().await.unwrap();
    settled(store).await;
    writer
}

async fn an_oven_without_readings_has_none(store: &Store) {
    let id = new_oven(store, "Horno").await;
    assert!(all(store, id, Resolution::Day).await.is_empty());
    assert_eq!(store.history_span(id).await.unwrap(), None);
}

async fn history_from_before_the_rollups_is_rolled_up(store: &Store) {
    let (id, quiet) = (new_oven(store, "Horno").await, new_oven(store, "Quieto").await);
    let writer = Running::start(store, WriterConfig::default());
    // More than one step, and two days.
    for index in 0..6_000 {
        writer.reading(id, full_reading(index * 20)).await;
        writer.reading(quiet, plain_reading(index * 7)).await;
    }
    writer.stop().await;
    for table in ["reading_rollups", "reading_rollup_state", "reading_rollups_due"] {
        sqlx::query(&format!("DELETE FROM {table}")).execute(store.pool()).await.unwrap();
    }
    assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    let writer = Running::start(store, WriterConfig::default());
    settled(store).await;
    assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    assert_eq!(store.rollups_differ(quiet).await.unwrap(), None);
    let days = number(store, "SELECT count(*) FROM reading_rollups WHERE seconds = 86400").await;
    assert!(days >= 1, "{days} days are stored");
    writer.stop().await;
}

async fn what_is_kept_longer_outlives_its_readings(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = rolled_up(store, id, (0..(3 * 24 * 60)).map(|index| full_reading(index * 60))).await;
    let hours = all(store, id, Resolution::Hour).await;
    let than = at(2 * DAY).as_microsecond();
    let minutes = Erasure::Older { resolution: Resolution::Minute, than };
    assert_eq!(writer.handle.erase(id, minutes, 500).await.unwrap().rows, 0, "their readings are still there");
    let raw = Erasure::Older { resolution: Resolution::Raw, than };
    let mut pieces = 0;
    while writer.handle.erase(id, raw, 500).await.unwrap().more {
        pieces += 1;
    }
    while writer.handle.erase(id, minutes, 500).await.unwrap().more {}
    let first = store.readings_from(id, Timestamp::MIN, Timestamp::MAX, 1).await.unwrap()[0].reading_time;
    assert!(pieces >= 2 && first > at(DAY) && first <= at(2 * DAY), "{pieces} pieces, from {first}");
    assert_eq!(all(store, id, Resolution::Hour).await.len(), hours.len());
    assert!(all(store, id, Resolution::Minute).await[0].0 >= first.as_microsecond() - 60 * MICROS);
    // What comes too late to be kept is told, and changes nothing.
    writer.reading(id, plain_reading(30)).await;
    let stats = writer.stop().await.stats();
    assert_eq!((stats.expired, stats.lost), (1, 0));
    let kept = all(store, id, Resolution::Hour).await;
    assert!(kept.iter().zip(&hours).all(|((a, x), (b, y))| a == b && x.is_close(y)));
}

async fn rollups_that_lie_are_found(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let midnight = DAY - at(0).as_second().rem_euclid(DAY);
    let writer = rolled_up(store, id, (0..(3 * 24 * 60)).map(|index| plain_reading(midnight + index * 60))).await;
    // A day that is half deleted is no lie.
    let raw = Erasure::Older { resolution: Resolution::Raw, than: at(midnight + 2 * DAY).as_microsecond() };
    assert!(writer.handle.erase(id, raw, 700).await.unwrap().more);
    writer.stop().await;
    assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    sqlx::query("CREATE TABLE sound AS SELECT * FROM reading_rollups").execute(store.pool()).await.unwrap();
    let newest = "UPDATE reading_rollups SET data = (SELECT data FROM sound WHERE seconds = 86400) WHERE begins_at = \
        (SELECT max(begins_at) FROM sound WHERE seconds = reading_rollups.seconds) AND seconds";
    for (lie, found) in [
        (format!("{newest} = 60"), "1m at"),
        (format!("{newest} = 3600"), "1h at"),
        ("DELETE FROM reading_rollups WHERE seconds = 60".to_owned(), "1m begins at"),
    ] {
        sqlx::query(&lie).execute(store.pool()).await.unwrap();
        let difference = store.rollups_differ(id).await.unwrap().unwrap_or_default();
        assert!(difference.starts_with(found), "{lie}: {difference}");
        let mend = "INSERT OR REPLACE INTO reading_rollups SELECT * FROM sound";
        sqlx::query(mend).execute(store.pool()).await.unwrap();
        assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    }
}

async fn an_unreadable_rollup_is_an_error_and_stops_nobody(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = rolled_up(store, id, (0..100).map(|index| plain_reading(index * 10))).await;
    sqlx::query("UPDATE reading_rollups SET data = x'00'").execute(store.pool()).await.unwrap();
    let error = store.rollups(id, Resolution::Minute, 60, Timestamp::MIN, Timestamp::MAX).await.unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
    // Late, and the first of another day: both look at what cannot be read.
    writer.reading(id, plain_reading(5)).await;
    writer.reading(id, plain_reading(2 * DAY)).await;
    writer.reading(id, plain_reading(2 * DAY + 60)).await;
    writer.handle.flush().await.unwrap();
    let stats = writer.stop().await.stats();
    assert_eq!((stats.committed, stats.lost, stats.failing), (103, 0, false), "{stats:?}");
}

async fn no_minute_is_passed_over_because_of_what_cannot_be_read(store: &Store) {
    let [id, other] = [new_oven(store, "Horno").await, new_oven(store, "Otro").await];
    let hour = 3_600 - at(0).as_second().rem_euclid(3_600);
    let writer = Running::start(store, WriterConfig::default());
    for index in 0..360 {
        writer.reading(id, plain_reading(hour + index * 10)).await;
        writer.reading(other, plain_reading(hour + index * 10)).await;
    }
    writer.handle.flush().await.unwrap();
    settled(store).await;
    sqlx::query("CREATE TABLE sound AS SELECT * FROM reading_rollups").execute(store.pool()).await.unwrap();
    let damage = "UPDATE reading_rollups SET data = x'00' WHERE equipment = (SELECT min(key) FROM equipment)";
    sqlx::query(damage).execute(store.pool()).await.unwrap();
    // Late ones of both; then one that ends the hour, which is made from its minutes, and others that end minutes.
    writer.reading(id, plain_reading(hour + 5)).await;
    writer.reading(other, plain_reading(hour + 5)).await;
    for minute in 60..64 {
        writer.reading(id, plain_reading(hour + minute * 60)).await;
        writer.handle.flush().await.unwrap();
    }
    let passed_over = "SELECT count(*) FROM equipment_sensor_readings r JOIN reading_rollup_state s USING (equipment) \
        WHERE r.reading_time / 60000000 * 60000000 < s.rolled_until AND NOT EXISTS (SELECT 1 FROM reading_rollups u \
        WHERE u.equipment = r.equipment AND u.seconds = 60 AND u.begins_at = r.reading_time / 60000000 * 60000000)";
    assert_eq!(number(store, passed_over).await, 0);
    let of_other = "SELECT count(*) FROM reading_rollups_due WHERE equipment <> (SELECT min(key) FROM equipment)";
    eventually("the other oven does not wait for the damaged one", || async {
        (number(store, of_other).await == 0).then_some(())
    })
    .await;
    let stats = writer.stop().await.stats();
    assert_eq!((stats.committed, stats.lost), (726, 0), "{stats:?}");
    // Once it is mended, the next start makes all of it.
    let mend = "UPDATE reading_rollups SET data = (SELECT s.data FROM sound s WHERE s.equipment = reading_rollups.equipment \
        AND s.seconds = reading_rollups.seconds AND s.begins_at = reading_rollups.begins_at) WHERE data = x'00'";
    sqlx::query(mend).execute(store.pool()).await.unwrap();
    let writer = Running::start(store, WriterConfig::default());
    settled(store).await;
    for id in [id, other] {
        assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    }
    writer.stop().await;
}

/// Erases until something went.
async fn erase_at_last(writer: &Running, id: EquipmentId, what: Erasure) -> u64 {
    eventually("something to delete", || async {
        let rows = writer.handle.erase(id, what, 10_000).await.unwrap().rows;
        (rows > 0).then_some(rows)
    })
    .await
}

async fn a_late_reading_is_rolled_up_before_its_day_goes(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = rolled_up(store, id, (0..(3 * 24)).map(|index| plain_reading(index * 3_600))).await;
    let count = |days: &Rollups| days.iter().map(|(_, day)| day.readings).sum::<u32>();
    assert_eq!(count(&all(store, id, Resolution::Day).await), 72);
    // Both are written in one transaction.
    writer.reading(id, plain_reading(1_800)).await;
    let raw = Erasure::Older { resolution: Resolution::Raw, than: at(2 * DAY).as_microsecond() };
    erase_at_last(&writer, id, raw).await;
    settled(store).await;
    let days = all(store, id, Resolution::Day).await;
    assert_eq!(count(&days), 73, "{days:?}");
    assert_eq!(writer.stop().await.stats().expired, 0);
}

async fn the_last_day_of_a_silent_oven_goes_too(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = rolled_up(store, id, (0..100).map(|index| plain_reading(index * 60))).await;
    let raw = Erasure::Older { resolution: Resolution::Raw, than: at(3 * DAY).as_microsecond() };
    assert_eq!(erase_at_last(&writer, id, raw).await, 100);
    let hours = all(store, id, Resolution::Hour).await;
    assert_eq!(hours.iter().map(|(_, hour)| hour.readings).sum::<u32>(), 100, "{hours:?}");
    // It may come back.
    writer.reading(id, plain_reading(4 * DAY)).await;
    writer.reading(id, plain_reading(4 * DAY + 60)).await;
    writer.handle.flush().await.unwrap();
    settled(store).await;
    assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    assert_eq!(writer.stop().await.stats().committed, 102);
}

async fn readings_from_before_1970_are_rolled_up_where_they_are(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let epoch = -at(0).as_second();
    let writer =
        rolled_up(store, id, [-130, -70, -10, 10, 70].into_iter().map(|second| plain_reading(epoch + second))).await;
    let what = Erasure::Readings { start: -75 * MICROS, end: -60 * MICROS };
    assert_eq!(writer.handle.erase(id, what, 10).await.unwrap().rows, 1);
    settled(store).await;
    assert_eq!(store.rollups_differ(id).await.unwrap(), None);
    writer.stop().await;
}

async fn flaws_that_cannot_be_read_stop_nobody(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, WriterConfig::default());
    for second in 0..4 {
        let mut reading = plain_reading(second);
        reading.flag("temperature".to_owned(), QualityReason::RateOfChange);
        writer.reading(id, reading).await;
    }
    writer.handle.flush().await.unwrap();
    for (text, second) in [("'no list'", 1), ("CAST(x'ff00' AS TEXT)", 2)] {
        let damage = format!(
            "UPDATE equipment_sensor_readings SET quality_issues = {text} WHERE reading_time = {}",
            at(second).as_microsecond()
        );
        sqlx::query(&damage).execute(store.pool()).await.unwrap();
    }
    let reflag = Reflag {
        field: "temperature".to_owned(),
        from: QualityReason::RateOfChange,
        to: QualityReason::Accepted,
        start: at(0).as_microsecond(),
        end: at(10).as_microsecond(),
    };
    assert_eq!(writer.handle.reflag(id, reflag).await.unwrap(), 2);
    writer.reading(id, plain_reading(20)).await;
    let stats = writer.stop().await.stats();
    assert_eq!((stats.committed, stats.lost, stats.failing), (5, 0, false), "{stats:?}");
}

#[derive(Clone, Debug)]
enum Event {
    /// A reading of one of two ovens at this second.
    Reading(bool, i64, Box<Reading>),
    Erase(bool, i64, i64),
    Flush,
    /// As after a power cut: nothing in memory is left.
    Restart,
    Check,
}

/// Times lie in bursts of a few minutes around the borders of hours and days, so that much of it meets.
fn time() -> impl Strategy<Value = i64> {
    let day = at(0).as_second().div_euclid(DAY) * DAY - at(0).as_second();
    (0..6_i64, -90..200_i64).prop_map(move |(burst, second)| day + burst * 43_200 + second)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        30 => (any::<bool>(), time(), any_reading()).prop_map(|(oven, time, reading)| Event::Reading(oven, time, reading.into())),
        2 => (any::<bool>(), time(), 1..400_i64).prop_map(|(oven, from, length)| Event::Erase(oven, from, from + length)),
        2 => Just(Event::Flush),
        1 => Just(Event::Restart),
        1 => Just(Event::Check),
    ]
}

async fn run(events: Vec<Event>, in_order: bool) -> Result<(), TestCaseError> {
    let (store, _folder) = new_store().await;
    let ovens = [new_oven(&store, "Uno").await, new_oven(&store, "Dos").await];
    let config = WriterConfig { delay: std::time::Duration::from_millis(1), ..WriterConfig::default() };
    let mut writer = Running::start(&store, config.clone());
    let mut events = events;
    if in_order {
        events.sort_by_key(|event| if let Event::Reading(_, time, _) = event { *time } else { 0 });
    }
    for event in events {
        match event {
            Event::Reading(oven, time, mut reading) => {
                (reading.reading_time, reading.received_at) = (at(time), at(time));
                writer.reading(ovens[usize::from(oven)], *reading).await;
            }
            Event::Erase(oven, from, to) => {
                let (start, end) = (at(from).as_microsecond(), at(to).as_microsecond());
                let what = Erasure::Readings { start, end };
                while writer.handle.erase(ovens[usize::from(oven)], what, 7).await.unwrap().more {}
            }
            Event::Flush => writer.handle.flush().await.unwrap(),
            Event::Restart => {
                writer.stop().await;
                writer = Running::start(&store, config.clone());
            }
            Event::Check => {
                writer.handle.flush().await.unwrap();
                for id in ovens {
                    prop_assert_eq!(store.rollups_differ(id).await.unwrap(), None);
                }
            }
        }
    }
    writer.handle.flush().await.unwrap();
    for id in ovens {
        prop_assert_eq!(store.rollups_differ(id).await.unwrap(), None, "at once");
    }
    settled(&store).await;
    for id in ovens {
        prop_assert_eq!(store.rollups_differ(id).await.unwrap(), None, "rolled up");
    }
    let stats = writer.stop().await.stats();
    prop_assert_eq!((stats.lost, stats.dropped, stats.expired), (0, 0, 0));
    Ok(())
}

/// Each opens a database: fewer than elsewhere, unless more are asked for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn rollups_are_what_the_readings_make(events in proptest::collection::vec(event(), 1..250), in_order in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(events, in_order))?;
    }
}
