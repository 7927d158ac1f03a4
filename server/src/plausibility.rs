//! Whether what an oven sends can be true: each value is compared with its limits and with those before it.
//!
//! What cannot be true is kept and flagged. Values that are flagged one after the other for one reason make an outlier,
//! which people judge.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::model::{
    equipment::{EquipmentId, EquipmentKind},
    metric::Metric,
    outlier::{Outlier, OutlierStatus},
    plausibility::{Calibrations, Rules, is_working},
    reading::{Field, QualityIssue, QualityReason, Reading, Values},
};
use jiff::SignedDuration;
use uuid::Uuid;

mod track;

use track::{Point, Track};

/// Flaws that are further apart make two outliers.
const APART: SignedDuration = SignedDuration::from_mins(5);
/// Outliers of one oven that may still go on.
const MOST_OPEN: usize = 200;

/// What an oven's values are held to, and what is added to them.
#[derive(Debug, Default)]
pub struct Held {
    pub rules: Rules,
    pub calibrations: Calibrations,
}

#[derive(Default)]
pub struct Plausibility {
    ovens: Mutex<HashMap<EquipmentId, Oven>>,
}

#[derive(Default)]
struct Oven {
    held: Arc<Held>,
    kind: Option<EquipmentKind>,
    tracks: Vec<Track>,
    /// Outliers that may go on.
    open: Vec<Outlier>,
}

impl Plausibility {
    fn lock(&self) -> MutexGuard<'_, HashMap<EquipmentId, Oven>> {
        self.ovens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn held(&self, id: EquipmentId) -> Arc<Held> {
        self.lock().get(&id).map(|oven| Arc::clone(&oven.held)).unwrap_or_default()
    }

    /// Takes over what holds from now on.
    pub fn hold(&self, id: EquipmentId, held: Held) {
        let mut ovens = self.lock();
        let oven = ovens.entry(id).or_default();
        oven.held = Arc::new(held);
        // A value that was corrected is far from one that was not.
        oven.tracks.clear();
    }

    pub fn forget(&self, id: EquipmentId) {
        self.lock().remove(&id);
    }

    /// An outlier that was judged does not go on.
    pub fn close(&self, outlier: Uuid) {
        for oven in self.lock().values_mut() {
            oven.open.retain(|open| open.id != outlier);
        }
    }

    /// Flags what cannot be true beside what came before, if the reading is the oven's present one. Returns the outliers
    /// that it begins or continues.
    pub fn judge(&self, id: EquipmentId, kind: EquipmentKind, reading: &mut Reading, is_live: bool) -> Vec<Outlier> {
        let mut ovens = self.lock();
        let oven = ovens.entry(id).or_default();
        if oven.kind.replace(kind) != Some(kind) {
            oven.tracks.clear();
        }
        if is_live {
            for (field, reason) in oven.follow(kind, reading) {
                reading.flag(field, reason);
            }
        }
        let flaws = reading.quality_issues.iter().filter(|issue| is_judged(issue.reason));
        // Nobody needs to be asked about these.
        let flaws: Vec<_> = flaws.filter(|issue| !oven.may_begin_anew(issue, &reading.values)).collect();
        let changed = flaws.into_iter().map(|issue| oven.open(id, &issue.field, issue.reason, reading)).collect();
        if oven.open.len() > MOST_OPEN {
            oven.open.drain(..MOST_OPEN / 2);
        }
        changed
    }
}

/// Other flaws are the oven's own word, or have no value that could be judged.
const fn is_judged(reason: QualityReason) -> bool {
    matches!(reason, QualityReason::OutOfRange | QualityReason::RateOfChange | QualityReason::Stuck)
}

impl Oven {
    /// What the values of the present reading make beside those before.
    fn follow(&mut self, kind: EquipmentKind, reading: &Reading) -> Vec<(String, QualityReason)> {
        let (mut flaws, mut hint) = (Vec::new(), 0);
        let status = reading.values.operational_status;
        for (field, value) in reading.values.each_number() {
            let place = self.place(hint, field, kind);
            hint = place + 1;
            // Nobody counts with what is bad for another reason.
            if !reading.quality_issues.is_empty() && !reading.is_usable(&field.to_string()) {
                continue;
            }
            let celsius = is_celsius(field).then_some(value);
            let track = &mut self.tracks[place];
            if let Some(reason) = track.observe(Point { at: reading.reading_time, value }, is_working(status, celsius))
            {
                flaws.push((field.to_string(), reason));
            }
        }
        flaws
    }

    fn place(&mut self, hint: usize, field: Field<'_>, kind: EquipmentKind) -> usize {
        if self.tracks.get(hint).is_some_and(|track| track.name.field() == field) {
            return hint;
        }
        self.tracks.iter().position(|track| track.name.field() == field).unwrap_or_else(|| {
            self.tracks.push(Track::new(field, self.held.rules.limits(field, kind)));
            self.tracks.len() - 1
        })
    }

    /// Whether it is a counter that fell, as it does when it begins anew.
    fn may_begin_anew(&self, issue: &QualityIssue, values: &Values) -> bool {
        issue.reason == QualityReason::RateOfChange
            && issue.field == Metric::EnergyConsumption.as_str()
            && values.energy_consumption_kwh.is_some_and(|now| self.tracks.iter().any(|track| track.falls(now)))
    }

    /// The outlier that a flaw belongs to, with it.
    fn open(&mut self, id: EquipmentId, field: &str, reason: QualityReason, reading: &Reading) -> Outlier {
        let at = reading.reading_time;
        let value = number(&reading.values, field).filter(|value| value.is_finite());
        let found = self.open.iter().position(|open| open.field == field && open.reason == reason);
        let place = match found {
            Some(place) if at >= self.open[place].started_at - APART && at <= self.open[place].ended_at + APART => {
                place
            }
            found => {
                let track = self.tracks.iter().find(|track| track.name.field().to_string() == field);
                let outlier = Outlier {
                    id: Uuid::new_v4(),
                    equipment_id: id,
                    field: field.to_owned(),
                    reason,
                    started_at: at,
                    ended_at: at,
                    readings: 0,
                    lowest: value,
                    highest: value,
                    good_before: track.and_then(|track| track.good).map(|good| good.value),
                    status: OutlierStatus::Pending,
                    reviewed_at: None,
                    reviewed_by: None,
                    note: None,
                };
                match found {
                    Some(place) => self.open[place] = outlier,
                    None => self.open.push(outlier),
                }
                found.unwrap_or(self.open.len() - 1)
            }
        };
        let open = &mut self.open[place];
        open.readings += 1;
        open.started_at = open.started_at.min(at);
        open.ended_at = open.ended_at.max(at);
        open.lowest = open.lowest.into_iter().chain(value).reduce(f64::min);
        open.highest = open.highest.into_iter().chain(value).reduce(f64::max);
        open.clone()
    }
}

fn number(values: &Values, name: &str) -> Option<f64> {
    values.each_number().find(|(field, _)| field.to_string() == name).map(|(_, value)| value)
}

const fn is_celsius(field: Field<'_>) -> bool {
    matches!(field, Field::Zone(_) | Field::Metric(Metric::Temperature | Metric::TargetTemperature))
}

#[cfg(test)]
mod tests {
    use app::model::{
        plausibility::Rule,
        reading::{OperationalStatus, Quality},
    };
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const OVEN: EquipmentId = EquipmentId(Uuid::nil());

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn reading(second: i64, values: Values) -> Reading {
        Reading {
            reading_time: at(second),
            received_at: at(second),
            values,
            active_batch_id: None,
            quality: Quality::Good,
            quality_issues: Vec::new(),
        }
    }

    fn celsius(value: f64) -> Values {
        Values { temperature: Some(value), ..Values::default() }
    }

    /// The reasons for which the temperatures, one every `step` seconds, were not believed.
    fn judged(plausibility: &Plausibility, step: i64, temperatures: &[f64]) -> Vec<Option<QualityReason>> {
        let each = temperatures.iter().enumerate().map(|(index, value)| {
            let mut reading = reading(index as i64 * step, celsius(*value));
            plausibility.judge(OVEN, EquipmentKind::Deck, &mut reading, true);
            reading.quality_issues.first().map(|issue| issue.reason)
        });
        each.collect()
    }

    fn with(rule: Rule) -> Plausibility {
        let plausibility = Plausibility::default();
        let rule = Rule { field: "temperature".to_owned(), ..rule };
        plausibility.hold(OVEN, Held { rules: Rules { rules: vec![rule] }, ..Held::default() });
        plausibility
    }

    #[test]
    fn a_spike_is_not_believed_and_a_new_level_is_once_it_is_confirmed() {
        let doubt = Some(QualityReason::RateOfChange);
        let spike = judged(&Plausibility::default(), 5, &[230.0, 231.0, 0.0, 231.0, 400.0, 0.0, 232.0]);
        assert_eq!(spike, [None, None, doubt, None, doubt, doubt, None]);
        let level = judged(&Plausibility::default(), 5, &[230.0, 20.0, 21.0, 22.0, 20.0, 230.0]);
        assert_eq!(level, [None, doubt, doubt, None, None, doubt]);
        let after_silence = judged(&Plausibility::default(), 60, &[230.0, 20.0]);
        assert_eq!(after_silence, [None, None], "there was time for it");
    }

    #[test]
    fn a_counter_may_begin_anew_but_neither_leap_nor_be_away() {
        let plausibility = Plausibility::default();
        let judge = |second, kwh| {
            let values = Values { energy_consumption_kwh: Some(kwh), ..Values::default() };
            let mut reading = reading(second, values);
            let outliers = plausibility.judge(OVEN, EquipmentKind::Deck, &mut reading, true);
            assert_eq!(outliers.len(), usize::from(kwh > 9_999.0), "people judge leaps alone");
            reading.quality
        };
        let (good, bad) = (Quality::Good, Quality::Bad);
        for (second, (kwh, expected)) in (0..).step_by(5).zip([
            (5_000.0, good),
            (5_000.1, good),
            (99_999.0, bad),
            (5_000.2, good),
            // Once is an answer without it, twice is a counter that begins anew.
            (0.0, bad),
            (5_000.2, good),
            (4_999.0, good),
            (0.0, bad),
            (0.1, good),
            (0.2, good),
        ]) {
            assert_eq!(judge(second, kwh), expected, "{kwh} after {second} s");
        }
    }

    #[test]
    fn a_value_that_stands_still_while_the_oven_works_is_stuck_until_it_moves() {
        let plausibility = with(Rule { stuck_after_seconds: Some(60), ..Rule::default() });
        let stuck = Some(QualityReason::Stuck);
        let temperatures = [200.0, 200.0, 200.0, 200.0, 200.1, 200.1];
        assert_eq!(judged(&plausibility, 25, &temperatures), [None, None, None, stuck, None, None]);
        assert_eq!(judged(&with(Rule::default()), 3_600, &[200.0; 6]), [None; 6], "nobody looks");
    }

    #[test]
    fn an_oven_that_rests_may_hold_its_value() {
        let judge = |plausibility: &Plausibility, second, status, celsius| {
            let values = Values { temperature: Some(celsius), operational_status: status, ..Values::default() };
            let mut reading = reading(second, values);
            plausibility.judge(OVEN, EquipmentKind::Deck, &mut reading, true);
            reading.quality
        };
        let rule = Rule { stuck_after_seconds: Some(60), ..Rule::default() };
        for (status, celsius, expected) in [
            (Some(OperationalStatus::Standby), 200.0, Quality::Good),
            (Some(OperationalStatus::Running), 20.0, Quality::Bad),
            (None, 20.0, Quality::Good),
            (None, 200.0, Quality::Bad),
        ] {
            let plausibility = with(rule.clone());
            judge(&plausibility, 0, status, celsius);
            assert_eq!(judge(&plausibility, 60, status, celsius), expected, "{status:?} {celsius}");
        }
        let plausibility = with(rule);
        judge(&plausibility, 0, None, 200.0);
        assert_eq!(judge(&plausibility, 1_000, None, 200.0), Quality::Good, "nobody knows what was meanwhile");
        assert_eq!(judge(&plausibility, 30, None, 200.0), Quality::Good, "the clock went back");
    }

    #[test]
    fn flaws_of_one_reason_make_one_outlier_until_it_is_judged() {
        let plausibility = Plausibility::default();
        let judge = |second, value, is_live| {
            let mut reading = reading(second, celsius(value));
            if value > 450.0 {
                reading.flag("temperature".to_owned(), QualityReason::OutOfRange);
            }
            plausibility.judge(OVEN, EquipmentKind::Deck, &mut reading, is_live)
        };
        assert!(judge(0, 230.0, true).is_empty());
        let first = judge(5, 999.0, true).remove(0);
        assert_eq!((first.good_before, first.readings, first.highest), (Some(230.0), 1, Some(999.0)));
        let second = judge(10, 9_999.0, true).remove(0);
        assert_eq!((second.id, second.readings), (first.id, 2));
        assert_eq!((second.lowest, second.highest, second.ended_at), (Some(999.0), Some(9_999.0), at(10)));
        assert!(judge(15, 230.0, true).is_empty());
        assert_eq!(judge(300, 999.0, true)[0].id, first.id, "soon after");
        assert_ne!(judge(700, 999.0, true)[0].id, first.id, "much later");
        let last = judge(705, 999.0, true).remove(0);
        plausibility.close(last.id);
        assert_ne!(judge(710, 999.0, true)[0].id, last.id);
        let filled = judge(-7_200, 999.0, false).remove(0);
        assert_eq!((filled.started_at, filled.readings), (at(-7_200), 1), "from the oven's memory");
    }

    proptest! {
        /// Whatever comes: no panic, the order of an outlier's numbers holds, and what no rule concerns stays good.
        #[test]
        fn anything_can_be_judged(values in proptest::collection::vec((-100_000..100_000_i64, any::<f64>()), 0..60)) {
            let plausibility = with(Rule {
                max_rate_per_minute: Some(10.0),
                stuck_after_seconds: Some(5),
                ..Rule::default()
            });
            for (second, value) in values {
                let values = Values { humidity: Some(value), ..celsius(value) };
                let mut reading = reading(second, values);
                for outlier in plausibility.judge(OVEN, EquipmentKind::Other, &mut reading, true) {
                    prop_assert!(outlier.started_at <= outlier.ended_at && outlier.readings > 0);
                    prop_assert!(outlier.lowest.zip(outlier.highest).is_none_or(|(low, high)| low <= high));
                }
                prop_assert!(reading.is_usable("humidity"));
            }
        }
    }
}
