//! How long history is kept.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{
    form::{FieldError, Problem},
    history::Resolution,
};

/// Longest time, in days: a century.
pub const MAX_DAYS: u32 = 36_500;

/// Days that each resolution is kept; none keeps it for good. The finer one never outlives the coarser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Single readings.
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 36_500))]
    pub readings_days: Option<u32>,
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 36_500))]
    pub minutes_days: Option<u32>,
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 36_500))]
    pub hours_days: Option<u32>,
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 36_500))]
    pub days_days: Option<u32>,
}

impl Default for Retention {
    /// A deck oven that is read every 5 s then takes about 0.3 GB for its readings and 0.1 GB a year for its minutes.
    fn default() -> Self {
        Self { readings_days: Some(90), minutes_days: Some(2 * 366), hours_days: Some(10 * 366), days_days: None }
    }
}

impl Retention {
    pub const fn days(&self, resolution: Resolution) -> Option<u32> {
        match resolution {
            Resolution::Raw => self.readings_days,
            Resolution::Minute => self.minutes_days,
            Resolution::Hour => self.hours_days,
            Resolution::Day => self.days_days,
        }
    }

    /// What is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let all = [
            ("readings_days", self.readings_days),
            ("minutes_days", self.minutes_days),
            ("hours_days", self.hours_days),
            ("days_days", self.days_days),
        ];
        let range = Problem::OutOfRange { min: 1.0, max: f64::from(MAX_DAYS) };
        let outside = all.iter().filter(|(_, days)| days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)));
        let mut errors: Vec<_> = outside.map(|(field, _)| FieldError::new(*field, range.clone())).collect();
        for pair in all.windows(2) {
            let [(finer, kept), (coarser, longest)] = pair else { continue };
            if longest.is_some_and(|longest| kept.is_none_or(|kept| kept > longest)) {
                let detail = format!("{finer} has to be at most {coarser}: what is coarser is made from what is finer");
                errors.push(FieldError::new(*finer, Problem::Other { detail }));
            }
        }
        errors
    }
}

/// `GET` and `PUT /api/v1/history/retention`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HistoryPolicy {
    pub retention: Retention,
    /// What the database may take, in MB (10⁶ bytes); none leaves it to the disk. Beyond it the oldest readings of all
    /// ovens go before their time.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(minimum = 50, maximum = 1_000_000_000))]
    pub budget_mb: Option<u64>,
}

/// Budgets that make sense, in MB: up to a petabyte.
pub const BUDGET_MB: RangeInclusive<u64> = 50..=1_000_000_000;

impl HistoryPolicy {
    pub fn check(&self) -> Vec<FieldError> {
        let named = |error: FieldError| FieldError { field: format!("retention.{}", error.field), ..error };
        let mut errors: Vec<_> = self.retention.check().into_iter().map(named).collect();
        if self.budget_mb.is_some_and(|budget| !BUDGET_MB.contains(&budget)) {
            let problem = Problem::OutOfRange { min: *BUDGET_MB.start() as f64, max: *BUDGET_MB.end() as f64 };
            errors.push(FieldError::new("budget_mb", problem));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finer_history_never_outlives_coarser() {
        assert!(Retention::default().check().is_empty());
        let with =
            |readings, minutes| Retention { readings_days: readings, minutes_days: minutes, ..Retention::default() };
        assert!(with(Some(30), Some(30)).check().is_empty());
        for wrong in [with(Some(31), Some(30)), with(None, Some(30)), with(Some(0), Some(30))] {
            assert_eq!(wrong.check().len(), 1, "{wrong:?}");
        }
        for absurd in [1, u64::MAX] {
            let policy = HistoryPolicy { budget_mb: Some(absurd), ..HistoryPolicy::default() };
            assert_eq!(policy.check()[0].field, "budget_mb");
        }
    }
}
