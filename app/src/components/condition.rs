//! What a screen says of an oven: word, shape and tone together, and how much it asks for attention.

use super::icon::Icon;
use crate::{
    i18n::Lang,
    model::{
        alert::AlertSeverity,
        equipment::{ConnectionStatus, EquipmentKind},
        live::{Freshness, LiveOven, LiveValues},
        reading::{OperationalStatus, Quality, QualityReason},
    },
};

/// The colour family of a state. Colour never stands alone: a word and an icon say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Heat,
    Warm,
    Ready,
    Cool,
    Notice,
    Alarm,
    Off,
}

impl Tone {
    /// The value of `data-tone` in the style sheet.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heat => "heat",
            Self::Warm => "warm",
            Self::Ready => "ready",
            Self::Cool => "cool",
            Self::Notice => "notice",
            Self::Alarm => "alarm",
            Self::Off => "off",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub tone: Tone,
    pub icon: Icon,
    pub word: &'static str,
}

/// How an oven's state is shown. What it was doing is not repeated once its values are old.
pub fn look(oven: &LiveOven, freshness: Freshness, lang: Lang) -> Look {
    let (tone, icon) = match freshness {
        Freshness::Disabled => (Tone::Off, Icon::Power),
        Freshness::Offline => (Tone::Alarm, Icon::Offline),
        Freshness::Stale => (Tone::Notice, Icon::Clock),
        Freshness::Waiting => (Tone::Off, Icon::Plug),
        Freshness::Live => {
            let Some(operation) = oven.values.as_ref().and_then(|values| values.operation) else {
                return Look { tone: Tone::Ready, icon: Icon::Check, word: ConnectionStatus::Connected.label(lang) };
            };
            let (tone, icon) = operation_look(operation);
            return Look { tone, icon, word: operation.label(lang) };
        }
    };
    Look { tone, icon, word: freshness.label(lang) }
}

const fn operation_look(operation: OperationalStatus) -> (Tone, Icon) {
    match operation {
        OperationalStatus::Running => (Tone::Heat, Icon::Flame),
        OperationalStatus::Preheating => (Tone::Warm, Icon::Thermometer),
        OperationalStatus::Idle => (Tone::Ready, Icon::Check),
        OperationalStatus::Standby => (Tone::Off, Icon::Moon),
        OperationalStatus::Paused => (Tone::Notice, Icon::Pause),
        OperationalStatus::Cooling => (Tone::Cool, Icon::Snow),
        OperationalStatus::Cleaning => (Tone::Cool, Icon::Sparkle),
        OperationalStatus::Maintenance => (Tone::Notice, Icon::Wrench),
        OperationalStatus::Error => (Tone::Alarm, Icon::Warning),
        OperationalStatus::Offline => (Tone::Off, Icon::Power),
        OperationalStatus::Unknown => (Tone::Off, Icon::Question),
    }
}

/// How much an oven asks for attention; the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// The oven says that it is faulty, or nobody knows what it does.
    Problem,
    /// Old or unreliable values.
    Notice,
    None,
    Disabled,
}

pub fn urgency(oven: &LiveOven, now_ms: i64) -> Urgency {
    match oven.freshness(now_ms) {
        Freshness::Disabled => Urgency::Disabled,
        Freshness::Offline => Urgency::Problem,
        Freshness::Stale => Urgency::Notice,
        Freshness::Live if is_faulty(oven) => Urgency::Problem,
        Freshness::Live if has_bad_values(oven) || !oven.alarms.is_empty() => Urgency::Notice,
        Freshness::Live | Freshness::Waiting => Urgency::None,
    }
}

fn is_faulty(oven: &LiveOven) -> bool {
    oven.values.as_ref().and_then(|values| values.operation) == Some(OperationalStatus::Error)
        || oven.alarms.iter().any(|alarm| alarm.severity == AlertSeverity::Critical)
}

fn has_bad_values(oven: &LiveOven) -> bool {
    oven.values.as_ref().is_some_and(|values| values.quality == Quality::Bad)
}

/// The numbers at the top of the board.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    pub ovens: usize,
    pub running: usize,
    pub alerts: usize,
    pub silent: usize,
    /// Of the ovens that are live and say it.
    pub power_kw: Option<f64>,
}

impl Summary {
    pub fn add(&mut self, oven: &LiveOven, now_ms: i64) {
        self.ovens += 1;
        self.running += usize::from(is_running(oven, now_ms));
        self.alerts += usize::from(needs_attention(oven, now_ms));
        self.silent += usize::from(is_silent(oven, now_ms));
        if oven.freshness(now_ms) != Freshness::Live {
            return;
        }
        if let Some(power) = oven.values.as_ref().and_then(|values| values.power_kw) {
            *self.power_kw.get_or_insert(0.0) += power;
        }
    }
}

/// Heating or baking, as far as is known right now.
pub fn is_running(oven: &LiveOven, now_ms: i64) -> bool {
    oven.freshness(now_ms) == Freshness::Live
        && matches!(
            oven.values.as_ref().and_then(|values| values.operation),
            Some(OperationalStatus::Running | OperationalStatus::Preheating)
        )
}

/// Live, but faulty or with values that cannot be trusted.
pub fn needs_attention(oven: &LiveOven, now_ms: i64) -> bool {
    oven.freshness(now_ms) == Freshness::Live && (is_faulty(oven) || has_bad_values(oven))
}

pub fn is_silent(oven: &LiveOven, now_ms: i64) -> bool {
    matches!(oven.freshness(now_ms), Freshness::Offline | Freshness::Stale)
}

/// Why a field is not good, if it is not.
pub fn flaw(values: &LiveValues, field: &str) -> Option<QualityReason> {
    values.issues.iter().find(|issue| issue.field == field).map(|issue| issue.reason)
}

/// The zones of an oven, with those whose value was rejected.
pub fn zone_names(values: &LiveValues) -> Vec<String> {
    let mut names: Vec<String> = values.zones.keys().cloned().collect();
    names.extend(values.issues.iter().filter_map(|i| i.field.strip_prefix("temperature_zones.")).map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

/// When the shown values were true, in ms.
pub fn measured_ms(oven: &LiveOven, now_ms: i64) -> Option<i64> {
    oven.age_ms(now_ms).map(|age| now_ms - age)
}

/// The end of the scale of bars and gauges, in °C: a little over the working range of the kind.
pub const fn scale_celsius(kind: EquipmentKind) -> f64 {
    match kind {
        EquipmentKind::Proofer => 60.0,
        EquipmentKind::Deck | EquipmentKind::Rack | EquipmentKind::Combi | EquipmentKind::Other => 300.0,
        EquipmentKind::Tunnel => 350.0,
    }
}

/// Which side of the setpoint a temperature is on; a degree either way counts as reached.
pub fn side(temperature: f64, target: f64) -> &'static str {
    match temperature - target {
        difference if difference > 1.0 => "above",
        difference if difference < -1.0 => "below",
        _ => "at",
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::pages::gallery::samples::sample_oven;

    #[test]
    fn an_offline_oven_never_shows_what_it_was_doing() {
        let mut oven = sample_oven(1, 0);
        oven.status = ConnectionStatus::Disconnected;
        let freshness = oven.freshness(0);
        assert_eq!(look(&oven, freshness, Lang::Es).word, "Sin contacto");
        assert!(!is_running(&oven, 0));
        assert_eq!(urgency(&oven, 0), Urgency::Problem);
    }

    #[test]
    fn old_values_leave_the_sums() {
        let oven = sample_oven(1, 0);
        let mut live = Summary::default();
        live.add(&oven, 1_000);
        assert_eq!((live.running, live.silent, live.power_kw.is_some()), (1, 0, true));
        let mut old = Summary::default();
        old.add(&oven, 60_000);
        assert_eq!((old.running, old.silent, old.power_kw), (0, 1, None));
    }

    #[test]
    fn rejected_zones_are_still_listed() {
        let mut values = sample_oven(1, 0).values.unwrap();
        values.issues.push(crate::model::reading::QualityIssue {
            field: "temperature_zones.core".to_owned(),
            reason: QualityReason::OutOfRange,
        });
        assert!(zone_names(&values).contains(&"core".to_owned()));
        assert_eq!(flaw(&values, "temperature_zones.core"), Some(QualityReason::OutOfRange));
    }

    #[test]
    fn a_degree_from_the_setpoint_counts_as_reached() {
        assert_eq!(side(234.2, 235.0), "at");
        assert_eq!(side(231.4, 235.0), "below");
        assert_eq!(side(240.0, 235.0), "above");
    }
}
