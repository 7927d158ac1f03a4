use std::time::{Duration, Instant};

use app::model::{
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    equipment::{ConnectionStatus, EquipmentId},
    reading::{Committed, Reading},
};
use sqlx::{Sqlite, Transaction};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Running, at, contract, eventually, full_reading, new_oven, plain_reading};
use crate::store::{Store, WriteOp, WriterConfig, writer::NotTaken};

contract! {
    many_readings_are_one_commit,
    nothing_waits_longer_than_the_delay,
    duplicates_are_counted_and_change_nothing,
    what_comes_for_a_deleted_oven_is_dropped,
    one_bad_row_does_not_cost_the_others,
    the_last_status_wins,
    a_busy_database_delays_but_loses_nothing,
    a_full_queue_pushes_back_and_counts,
    a_stop_drains_the_queue,
    a_stop_does_not_wait_for_ever,
    a_hundred_thousand_readings_are_kept,
}

/// Fails fast and retries fast.
fn quick() -> WriterConfig {
    WriterConfig { retry: Duration::from_millis(5), retry_max: Duration::from_millis(20), ..WriterConfig::default() }
}

fn op(equipment: EquipmentId, reading: Reading) -> WriteOp {
    WriteOp::Reading { equipment, reading: reading.into(), done: None }
}

fn awaited(equipment: EquipmentId, reading: Reading) -> (WriteOp, oneshot::Receiver<Committed>) {
    let (done, receiver) = oneshot::channel();
    (WriteOp::Reading { equipment, reading: reading.into(), done: Some(done) }, receiver)
}

async fn stored(store: &Store, id: EquipmentId) -> u64 {
    store.count_readings(id, jiff::Timestamp::MIN, jiff::Timestamp::MAX, u32::MAX).await.unwrap()
}

/// Keeps everyone else from writing until it is dropped.
async fn lock(store: &Store) -> Transaction<'static, Sqlite> {
    store.pool().begin_with("BEGIN IMMEDIATE").await.unwrap()
}

async fn many_readings_are_one_commit(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let config = WriterConfig { rows: 1_000, delay: Duration::from_secs(60), ..WriterConfig::default() };
    let writer = Running::start(store, config);
    for second in 0..700 {
        writer.reading(id, plain_reading(second)).await;
    }
    writer.handle.flush().await.unwrap();
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.commits, stats.queue_len), (700, 1, 0), "{stats:?}");
    assert_eq!(stored(store, id).await, 700);
    // A full group does not wait.
    for second in 0..1_000 {
        writer.reading(id, plain_reading(10_000 + second)).await;
    }
    eventually("the full group is committed", || writer.handle.stats().committed == 1_700).await;
}

async fn nothing_waits_longer_than_the_delay(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, WriterConfig::default());
    let (op, done) = awaited(id, full_reading(0));
    writer.handle.submit(op).await.unwrap();
    assert_eq!(done.await.unwrap(), Committed::Kept);
    assert_eq!(stored(store, id).await, 1);
}

async fn duplicates_are_counted_and_change_nothing(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, quick());
    let first = full_reading(0);
    for reading in [first.clone(), plain_reading(0), plain_reading(1)] {
        writer.reading(id, reading).await;
    }
    writer.handle.flush().await.unwrap();
    let (op, done) = awaited(id, plain_reading(0));
    writer.handle.submit(op).await.unwrap();
    assert_eq!(done.await.unwrap(), Committed::Kept);
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.duplicates, stats.lost), (2, 2, 0), "{stats:?}");
    assert_eq!(store.readings(id, at(0), at(1), 9).await.unwrap(), [first]);
}

async fn what_comes_for_a_deleted_oven_is_dropped(store: &Store) {
    let (gone, other, hidden) = (new_oven(store, "A").await, new_oven(store, "B").await, new_oven(store, "C").await);
    let writer = Running::start(store, quick());
    writer.reading(hidden, plain_reading(0)).await;
    writer.handle.flush().await.unwrap();
    store.delete_equipment(gone).await.unwrap();
    // Behind the back of the writer, which still knows the key.
    sqlx::query("DELETE FROM equipment WHERE name = 'C'").execute(store.pool()).await.unwrap();

    let (op_gone, done_gone) = awaited(gone, plain_reading(1));
    let (op_hidden, done_hidden) = awaited(hidden, plain_reading(1));
    let (op_other, done_other) = awaited(other, plain_reading(1));
    for op in [op_gone, op_hidden, op_other] {
        writer.handle.submit(op).await.unwrap();
    }
    let failed = |equipment| WriteOp::Status { equipment, status: ConnectionStatus::Error, last_connected: None };
    let entry = ConnectionLogEntry {
        event_type: ConnectionEvent::Stopped,
        event_time: at(1),
        connection_status: ConnectionStatus::Unknown,
        error_message: None,
        error_code: None,
        response_time_ms: None,
        data_points_received: None,
    };
    for equipment in [gone, hidden] {
        writer.handle.submit(failed(equipment)).await.unwrap();
        writer.handle.submit(WriteOp::Log { equipment, entry: entry.clone() }).await.unwrap();
    }
    writer.handle.flush().await.unwrap();
    assert_eq!(done_gone.await.unwrap(), Committed::Dropped);
    assert_eq!(done_hidden.await.unwrap(), Committed::Dropped);
    assert_eq!(done_other.await.unwrap(), Committed::Kept);
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.dropped, stats.lost), (2, 6, 0), "{stats:?}");
}

async fn one_bad_row_does_not_cost_the_others(store: &Store) {
    let id = new_oven(store, "Horno").await;
    sqlx::query(
        "CREATE TRIGGER poison BEFORE INSERT ON equipment_sensor_readings WHEN NEW.temperature = 666 \
         BEGIN SELECT RAISE(ABORT, 'poisoned'); END",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let writer = Running::start(store, quick());
    let mut answers = Vec::new();
    for second in 0..150 {
        let mut reading = plain_reading(second);
        if second % 50 == 7 {
            reading.values.temperature = Some(666.0);
        }
        let (op, done) = awaited(id, reading);
        writer.handle.submit(op).await.unwrap();
        answers.push(done);
    }
    for (second, answer) in answers.into_iter().enumerate() {
        let answer = answer.await.unwrap();
        assert_eq!(matches!(&answer, Committed::Lost { reason } if reason.contains("poisoned")), second % 50 == 7);
    }
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.lost, stats.retries, stats.failing), (147, 3, 0, false), "{stats:?}");
    assert_eq!(stored(store, id).await, 147);
    assert!(stats.last_error.unwrap().contains(&id.to_string()));
}

async fn the_last_status_wins(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, quick());
    for (status, last_connected) in [
        (ConnectionStatus::Connecting, None),
        (ConnectionStatus::Connected, Some(at(3))),
        (ConnectionStatus::Disconnected, None),
    ] {
        writer.handle.submit(WriteOp::Status { equipment: id, status, last_connected }).await.unwrap();
    }
    writer.handle.flush().await.unwrap();
    let oven = store.equipment(id).await.unwrap().unwrap();
    assert_eq!((oven.iot_connection_status, oven.iot_last_connected), (ConnectionStatus::Disconnected, Some(at(3))));
}

async fn a_busy_database_delays_but_loses_nothing(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, quick());
    let locked = lock(store).await;
    for second in 0..100 {
        writer.reading(id, plain_reading(second)).await;
    }
    eventually("a failure is reported", || writer.handle.stats().failing).await;
    let stats = writer.handle.stats();
    assert!(stats.last_error.unwrap().contains("in use by another program"));
    assert_eq!(stats.committed, 0);
    locked.rollback().await.unwrap();
    writer.handle.flush().await.unwrap();
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.lost, stats.failing), (100, 0, false), "{stats:?}");
    assert!(stats.retries > 0);
}

async fn a_full_queue_pushes_back_and_counts(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, WriterConfig { queue: 8, rows: 4, ..quick() });
    let locked = lock(store).await;
    let (mut taken, mut refused) = (0, 0);
    let deadline = Instant::now() + Duration::from_secs(10);
    while refused < 3 && Instant::now() < deadline {
        match writer.handle.try_submit(op(id, plain_reading(taken))) {
            Ok(()) => taken += 1,
            Err(error) => {
                assert_eq!(error, NotTaken::Full);
                refused += 1;
                // Gives the task time to take a group out of the queue.
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        }
    }
    assert_eq!(refused, 3);
    let stats = writer.handle.stats();
    assert_eq!((stats.queue_len, stats.queue_capacity, stats.lost), (8, 8, 3), "{stats:?}");

    // Who waits and gives up has lost a reading; who waits on is served.
    let impatient = writer.handle.submit(op(id, plain_reading(1_000)));
    assert!(tokio::time::timeout(Duration::from_millis(20), impatient).await.is_err());
    assert_eq!(writer.handle.stats().lost, 4);
    let patient = tokio::spawn({
        let handle = writer.handle.clone();
        async move { handle.submit(op(id, plain_reading(2_000))).await }
    });
    locked.rollback().await.unwrap();
    patient.await.unwrap().unwrap();
    writer.handle.flush().await.unwrap();
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.lost), (taken as u64 + 1, 4), "{stats:?}");
}

async fn a_stop_drains_the_queue(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let writer = Running::start(store, quick());
    for second in 0..3_500 {
        writer.reading(id, plain_reading(second)).await;
    }
    let handle = writer.stop().await;
    assert_eq!(stored(store, id).await, 3_500);
    assert_eq!(handle.submit(op(id, plain_reading(9_999))).await, Err(NotTaken::Stopped));
    assert_eq!(handle.try_submit(op(id, plain_reading(9_999))), Err(NotTaken::Stopped));
    assert_eq!(handle.flush().await, Err(NotTaken::Stopped));
    let stats = handle.stats();
    assert_eq!((stats.committed, stats.lost), (3_500, 2), "{stats:?}");
}

async fn a_stop_does_not_wait_for_ever(store: &Store) {
    let id = new_oven(store, "Horno").await;
    let config = WriterConfig { grace: Duration::from_millis(100), rows: 10, ..quick() };
    let writer = Running::start(store, config);
    let locked = lock(store).await;
    for second in 0..35 {
        writer.reading(id, plain_reading(second)).await;
    }
    let stats = writer.stop().await.stats();
    assert_eq!((stats.committed, stats.lost), (0, 35), "{stats:?}");
    locked.rollback().await.unwrap();
}

async fn a_hundred_thousand_readings_are_kept(store: &Store) {
    let mut ovens = Vec::new();
    for number in 0..50 {
        ovens.push(new_oven(store, &format!("Horno {number}")).await);
    }
    let writer = Running::start(store, WriterConfig::default());
    for second in 0..2_000 {
        for &oven in &ovens {
            let reading = if second % 10 == 0 { full_reading(second) } else { typical_reading(second) };
            writer.reading(oven, reading).await;
        }
    }
    writer.handle.flush().await.unwrap();
    let stats = writer.handle.stats();
    assert_eq!((stats.committed, stats.lost), (100_000, 0), "{stats:?}");
    assert_eq!(store.latest_readings().await.unwrap().len(), 50);
    assert_eq!(store.readings(ovens[7], at(0), at(5_000), 1_000).await.unwrap().len(), 1_000);
    store.delete_equipment(ovens[0]).await.unwrap();
    assert_eq!(stored(store, ovens[1]).await, 2_000);
}

/// Two zones and a dozen values, of a running oven.
fn typical_reading(second: i64) -> Reading {
    let mut reading = full_reading(second);
    reading.values.additional_sensors.clear();
    reading.values.product_weight_kg = None;
    reading.values.moisture_content = None;
    reading.active_batch_id = Some(Uuid::nil());
    reading.quality = app::model::reading::Quality::Good;
    reading.quality_issues.clear();
    reading
}
