//! What happens to every sample: validate, flag, publish, persist.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use app::model::{
    equipment::{EquipmentId, EquipmentKind},
    metric::Metric,
    reading::{Committed, Quality, QualityIssue, QualityReason, Reading, Values},
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use crate::{
    alerts::device::DeviceAlarms,
    baking::Baking,
    connectors::Sample,
    live::LiveHub,
    plausibility::{Held, Plausibility},
    store::writer::{Erased, Erasure, NotTaken, Reflag, WriteOp, WriterHandle, WriterStats},
};

/// A source clock may be this far ahead; beyond it the arrival counts, or history would be written into the future.
const FUTURE_TOLERANCE: SignedDuration = SignedDuration::from_secs(5);
/// A source clock this far behind is off: after a power cut some controllers begin again in 1970. The arrival counts
/// then, or what is measured now would be written where nobody looks for it.
pub const SKEW_TOLERANCE: SignedDuration = SignedDuration::from_secs(120);

pub struct Ingest {
    live: Arc<LiveHub>,
    writer: WriterHandle,
    newest: Mutex<HashMap<EquipmentId, Newest>>,
    pub counters: Counters,
    pub device_alarms: DeviceAlarms,
    pub baking: Baking,
    pub plausibility: Plausibility,
}

/// Since the server started.
#[derive(Default)]
pub struct Counters {
    pub accepted: AtomicU64,
    /// Readings whose source time had been seen before.
    pub repeated: AtomicU64,
    pub with_bad_values: AtomicU64,
    pub lost: AtomicU64,
}

/// What became of a sample.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Stored; `bad` names the fields whose values were rejected.
    Accepted { bad: Vec<QualityIssue> },
    /// The oven sent what it had sent before: its values age on.
    Repeated,
    /// The database no longer takes readings.
    Lost,
}

impl Ingest {
    pub fn new(live: Arc<LiveHub>, writer: WriterHandle) -> Self {
        Self {
            live,
            writer,
            newest: Mutex::default(),
            counters: Counters::default(),
            device_alarms: DeviceAlarms::default(),
            baking: Baking::default(),
            plausibility: Plausibility::default(),
        }
    }

    /// Takes one sample. Waits where the database cannot keep up, so that the poller slows down.
    pub async fn accept(&self, id: EquipmentId, kind: EquipmentKind, interval_s: u32, mut sample: Sample) -> Outcome {
        let now = Timestamp::now();
        let (done, is_live) = (sample.receipt.take(), !sample.backfilled);
        if let Some(alarms) = sample.alarms.take()
            && self.live.set_alarms(id, &alarms)
        {
            self.device_alarms.report(id, alarms);
        }
        let held = self.plausibility.held(id);
        held.calibrations.correct(&mut sample.values, sample.measured_at.unwrap_or(now));
        if is_live && let Some(measured_at) = sample.measured_at {
            let Some(settled) = self.place(id, measured_at, &sample.values) else {
                self.counters.repeated.fetch_add(1, Ordering::Relaxed);
                if let Some(done) = done {
                    self.settle_again(id, done).await;
                }
                return Outcome::Repeated;
            };
            sample.measured_at = Some(settled);
        }
        let mut reading = validate(sample, &held, kind, now, interval_s);
        let outliers = self.plausibility.judge(id, kind, &mut reading, is_live);
        reading.active_batch_id = self.baking.observe(id, &reading, is_live);
        let reading = Arc::new(reading);
        let bad: Vec<_> =
            reading.quality_issues.iter().filter(|issue| issue.reason.quality() == Quality::Bad).cloned().collect();
        if !bad.is_empty() {
            self.counters.with_bad_values.fetch_add(1, Ordering::Relaxed);
        }
        if is_live {
            self.live.publish(id, Arc::clone(&reading));
        }
        let written = self.writer.submit(WriteOp::Reading { equipment: id, reading, done }).await;
        if written.is_err() {
            self.counters.lost.fetch_add(1, Ordering::Relaxed);
            return Outcome::Lost;
        }
        for outlier in outliers {
            // Without its readings nobody needs it.
            let _ = self.writer.submit(WriteOp::Outlier { equipment: id, outlier }).await;
        }
        self.counters.accepted.fetch_add(1, Ordering::Relaxed);
        Outcome::Accepted { bad }
    }

    /// A message that came again, after the connection broke for example, is settled no sooner than its first copy,
    /// which may still wait for the database: the same row goes into the queue behind it. Where the first is in, the
    /// second changes nothing; where it was lost, this is another try.
    async fn settle_again(&self, id: EquipmentId, done: oneshot::Sender<Committed>) {
        // Whoever drops the promise says that nothing is stored.
        let Some(reading) = self.live.last_reading(id) else { return };
        let _ = self.writer.submit(WriteOp::Reading { equipment: id, reading, done: Some(done) }).await;
    }

    /// For entries that belong to no sample.
    pub async fn write(&self, op: WriteOp) -> Result<(), NotTaken> {
        self.writer.submit(op).await
    }

    /// Returns once everything that was taken is in the database, or lost.
    pub async fn flush(&self) -> Result<(), NotTaken> {
        self.writer.flush().await
    }

    /// Deletes a piece of an oven's history.
    pub async fn erase(&self, id: EquipmentId, what: Erasure, limit: u32) -> Result<Erased, NotTaken> {
        self.writer.erase(id, what, limit).await
    }

    /// Changes flaws of an oven's stored readings.
    pub async fn reflag(&self, id: EquipmentId, what: Reflag) -> Result<u64, NotTaken> {
        self.writer.reflag(id, what).await
    }

    pub fn writer_stats(&self) -> WriterStats {
        self.writer.stats()
    }

    pub fn forget(&self, id: EquipmentId) {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// The time under which a reading is kept; nothing when the oven sent it before. Several values of one source time
    /// that come one after the other are kept a microsecond apart, for history has one reading a time.
    fn place(&self, id: EquipmentId, measured_at: Timestamp, values: &Values) -> Option<Timestamp> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Newest { at, repeats }) = newest.get_mut(&id).filter(|newest| newest.at == measured_at) else {
            newest.insert(id, Newest { at: measured_at, repeats: 0 });
            return Some(measured_at);
        };
        if self.live.last_reading(id).is_some_and(|last| last.values == *values) {
            return None;
        }
        *repeats += 1;
        Some(at.checked_add(SignedDuration::from_micros(*repeats)).unwrap_or(*at))
    }
}

/// The source time of an oven's newest reading, and how many other readings had the same.
struct Newest {
    at: Timestamp,
    repeats: i64,
}

/// A sample with its time settled and every value compared with its limits.
pub fn validate(sample: Sample, held: &Held, kind: EquipmentKind, now: Timestamp, interval_s: u32) -> Reading {
    let mut issues = sample.issues;
    let reading_time = match sample.measured_at {
        // The past is what is asked for; its clock was checked when it was the present.
        Some(measured_at) if sample.backfilled => measured_at.min(now),
        measured_at => settle_time(measured_at, now, interval_s, &mut issues),
    };
    for (field, value) in sample.values.each_number() {
        if !held.rules.limits(field, kind).allow(value) {
            issues.push(QualityIssue { field: field.to_string(), reason: QualityReason::OutOfRange });
        }
    }
    let quality = issues.iter().map(|issue| issue.reason.quality()).max().unwrap_or(Quality::Good);
    Reading {
        reading_time,
        received_at: now,
        values: sample.values,
        active_batch_id: None,
        quality,
        quality_issues: issues,
    }
}

fn settle_time(
    measured_at: Option<Timestamp>,
    now: Timestamp,
    interval_s: u32,
    issues: &mut Vec<QualityIssue>,
) -> Timestamp {
    let Some(measured_at) = measured_at else { return now };
    let mut flag = |reason| issues.push(QualityIssue { field: Metric::ReadingTime.to_string(), reason });
    let late = now.duration_since(measured_at);
    if late < -FUTURE_TOLERANCE {
        flag(QualityReason::FutureTime);
        return now;
    }
    if late > SKEW_TOLERANCE.max(SignedDuration::from_secs(3 * i64::from(interval_s))) {
        flag(QualityReason::ClockSkew);
        return now;
    }
    measured_at
}

#[cfg(test)]
mod tests {
    use app::model::metric::plausible_celsius;
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T06:00:00Z".parse().unwrap()
    }

    fn sample(values: Values, measured_at: Option<&str>) -> Sample {
        Sample { measured_at: measured_at.map(|at| at.parse().unwrap()), values, ..Sample::default() }
    }

    fn temperature(celsius: f64) -> Values {
        Values { temperature: Some(celsius), ..Values::default() }
    }

    #[test]
    fn implausible_values_are_bad_and_plausible_ones_good() {
        let values = Values {
            temperature_zones: [("core".to_owned(), 9_999.0), ("top".to_owned(), 240.0)].into(),
            humidity: Some(101.0),
            ..temperature(240.0)
        };
        let reading = validate(sample(values, None), &Held::default(), EquipmentKind::Deck, now(), 5);
        let fields: Vec<_> = reading.quality_issues.iter().map(|issue| issue.field.as_str()).collect();
        assert_eq!(fields, ["humidity", "temperature_zones.core"]);
        assert_eq!(reading.quality, Quality::Bad);
        assert_eq!(reading.good().temperature, Some(240.0));
        assert_eq!(reading.reading_time, now());
    }

    #[test]
    fn a_clock_in_the_future_is_not_believed() {
        let reading = validate(
            sample(temperature(200.0), Some("2031-01-01T00:00:00Z")),
            &Held::default(),
            EquipmentKind::Deck,
            now(),
            5,
        );
        assert_eq!((reading.reading_time, reading.quality), (now(), Quality::Uncertain));
    }

    #[test]
    fn a_clock_behind_is_not_believed_either() {
        let reading = validate(
            sample(temperature(200.0), Some("2026-03-01T05:00:00Z")),
            &Held::default(),
            EquipmentKind::Deck,
            now(),
            5,
        );
        assert_eq!((reading.reading_time, reading.quality_issues[0].reason), (now(), QualityReason::ClockSkew));
        let slow = validate(
            sample(temperature(200.0), Some("2026-03-01T05:58:30Z")),
            &Held::default(),
            EquipmentKind::Deck,
            now(),
            60,
        );
        assert_eq!(slow.quality, Quality::Good);
    }

    proptest! {
        #[test]
        fn no_value_outside_the_range_is_good(celsius in any::<f64>()) {
            let reading = validate(sample(temperature(celsius), None), &Held::default(), EquipmentKind::Rack, now(), 5);
            let shown = reading.good().temperature;
            let (low, high) = plausible_celsius(EquipmentKind::Rack);
            prop_assert_eq!(shown.is_some(), (low..=high).contains(&celsius));
        }
    }
}
