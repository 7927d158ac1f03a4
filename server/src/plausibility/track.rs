//! What is known of the values of one field, and whether the next one can be true beside it.

use app::model::{
    energy::is_reset,
    metric::Metric,
    plausibility::Limits,
    reading::{Field, FieldName, QualityReason},
};
use jiff::{SignedDuration, Timestamp};

/// Steps of less time count as if they took so long: sensors have noise, and values come in bursts.
const SHORTEST_STEP_SECONDS: f64 = 10.0;
/// So many values in a row that agree with each other are believed, however far they are from those before.
const CONFIRMED: u32 = 3;
/// The same of a counter that fell: it begins anew now and then.
const CONFIRMED_RESET: u32 = 2;
/// After a silence this long nobody knows whether a value stood still.
const SILENCE: SignedDuration = SignedDuration::from_mins(15);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub at: Timestamp,
    pub value: f64,
}

/// What is known of one field.
pub(super) struct Track {
    pub name: FieldName,
    limits: Limits,
    /// The last value that was believed.
    pub good: Option<Point>,
    /// The last of those that moved too fast, and how many agree.
    doubted: Option<(Point, u32)>,
    /// The first of those that did not move, and when the last of them came.
    still: Option<(Point, Timestamp)>,
}

impl Track {
    pub fn new(field: Field<'_>, limits: Limits) -> Self {
        Self { name: FieldName::of(field), limits, good: None, doubted: None, still: None }
    }

    pub fn observe(&mut self, now: Point, works: bool) -> Option<QualityReason> {
        if self.is_stuck(now, works) {
            return Some(QualityReason::Stuck);
        }
        if self.good.is_some_and(|good| !self.can_reach(good, now)) {
            let agreeing = match self.doubted {
                Some((last, agreeing)) if self.can_reach(last, now) => agreeing + 1,
                _ => 1,
            };
            let enough = if self.falls(now.value) { CONFIRMED_RESET } else { CONFIRMED };
            if agreeing < enough {
                self.doubted = Some((now, agreeing));
                return Some(QualityReason::RateOfChange);
            }
        }
        self.doubted = None;
        self.good = Some(now);
        None
    }

    /// Whether it is a counter whose last value that was believed was higher.
    pub fn falls(&self, now: f64) -> bool {
        self.is_counter() && self.good.is_some_and(|good| now < good.value)
    }

    fn is_counter(&self) -> bool {
        self.name == FieldName::Metric(Metric::EnergyConsumption)
    }

    fn can_reach(&self, from: Point, to: Point) -> bool {
        let Some(rate) = self.limits.max_rate_per_minute else { return true };
        let change = to.value - from.value;
        // A counter may be corrected a little. One that fell begins anew, or an answer without it was taken for zero: after
        // that, all that it ever counted would be counted again.
        let change = if self.is_counter() {
            if is_reset(from.value, to.value) { f64::INFINITY } else { change }
        } else {
            change.abs()
        };
        let seconds = to.at.duration_since(from.at).as_secs_f64().abs().max(SHORTEST_STEP_SECONDS);
        change <= rate / 60.0 * seconds
    }

    fn is_stuck(&mut self, now: Point, works: bool) -> bool {
        let Some(after) = self.limits.stuck_after_seconds else { return false };
        let first = match self.still {
            Some((first, last))
                if works
                    && first.value.to_bits() == now.value.to_bits()
                    && (SignedDuration::ZERO..=SILENCE).contains(&now.at.duration_since(last)) =>
            {
                first
            }
            _ => now,
        };
        self.still = Some((first, now.at));
        now.at.duration_since(first.at) >= SignedDuration::from_secs(i64::from(after))
    }
}
