//! What the values of an oven are held to, and the corrections of its sensors.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    equipment::{EquipmentId, EquipmentKind},
    form::{FieldError, Problem},
    metric::Metric,
    reading::{Field, OperationalStatus, Values},
};

/// Stands for every zone that has no rule of its own.
pub const EVERY_ZONE: &str = "temperature_zones.*";
/// Rules of one oven at most.
const MOST_RULES: usize = 200;
/// Numbers of a rule are at most this, in the unit of their field.
const LARGEST: f64 = 1e12;
/// Units a minute: slower than anything that a sensor tells.
const SMALLEST_RATE: f64 = 1e-6;
/// Longest name of a zone or an additional sensor, in bytes.
const LONGEST_NAME: usize = 100;
/// Longest time after which a value that does not change is taken for stuck: a month.
const LONGEST_STUCK_SECONDS: u32 = 31 * 86_400;
/// An oven that does not say what it does works from this temperature on.
const WORKING_CELSIUS: f64 = 60.0;

/// What the values of one field are held to, in the unit of the field. What is absent is not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub max_rate_per_minute: Option<f64>,
    pub stuck_after_seconds: Option<u32>,
}

impl Limits {
    /// What holds where an oven has no rule of its own for a field.
    ///
    /// The ranges are those of [`Metric::plausible`]. A chamber loses about 100 °C in half a minute when its door is opened
    /// for loading, and none heats faster than that; twice this is left for fast sensors. A sensor in an oven that works
    /// moves by its last digit within four hours; a proofer may hold its temperature to the digit.
    pub fn usual(field: Field<'_>, kind: EquipmentKind) -> Self {
        let metric = match field {
            Field::Metric(metric) => metric,
            Field::Zone(_) => Metric::Temperature,
            Field::Additional(_) => return Self::default(),
        };
        let (min, max) = metric.plausible(kind).unzip();
        let (max_rate_per_minute, stuck_after_seconds) = match metric {
            Metric::Temperature => match kind {
                EquipmentKind::Proofer => (Some(120.0), None),
                EquipmentKind::Deck | EquipmentKind::Rack | EquipmentKind::Tunnel => (Some(400.0), Some(4 * 3_600)),
                EquipmentKind::Combi | EquipmentKind::Other => (Some(600.0), Some(4 * 3_600)),
            },
            // 3 MW, more than any oven takes.
            Metric::EnergyConsumption => (Some(50.0), None),
            _ => (None, None),
        };
        Self { min, max, max_rate_per_minute, stuck_after_seconds }
    }

    /// Says no to what is no number.
    pub fn allow(&self, value: f64) -> bool {
        value >= self.min.unwrap_or(f64::NEG_INFINITY) && value <= self.max.unwrap_or(f64::INFINITY)
    }
}

/// What an oven's values of one field are held to, in the unit of the field, in the place of what usually holds. What is
/// absent is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `temperature`, `temperature_zones.<zone>`, `temperature_zones.*` for every zone without a rule of its own,
    /// `additional_sensors.<name>` …
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 119))]
    pub field: String,
    /// Values below are bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Values above are bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// A value that moved faster than this many units a minute is bad, until others confirm it. Changes within ten seconds
    /// count as if they took ten. Counters are held to it upwards, and may fall to less than half where another value
    /// confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(minimum = 0.000_001))]
    pub max_rate_per_minute: Option<f64>,
    /// A value that has not moved at all for so long while the oven works is bad until it moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 2_678_400))]
    pub stuck_after_seconds: Option<u32>,
}

impl Rule {
    const fn limits(&self) -> Limits {
        let Self { min, max, max_rate_per_minute, stuck_after_seconds, .. } = *self;
        Limits { min, max, max_rate_per_minute, stuck_after_seconds }
    }

    fn check(&self, index: usize) -> Vec<FieldError> {
        let key = |part: &str| format!("rules.{index}.{part}");
        let mut errors = Vec::new();
        let is_field = match Field::parse(&self.field) {
            Some(Field::Zone(name) | Field::Additional(name)) => name.len() <= LONGEST_NAME,
            Some(Field::Metric(_)) => true,
            None => false,
        };
        if !is_field {
            errors.push(FieldError::new(key("field"), Problem::UnknownChoice));
        }
        let mut hold = |part: &str, value: Option<f64>, min: f64| {
            if value.is_some_and(|value| !(min..=LARGEST).contains(&value)) {
                errors.push(FieldError::new(key(part), Problem::OutOfRange { min, max: LARGEST }));
            }
        };
        hold("min", self.min, -LARGEST);
        hold("max", self.max, -LARGEST);
        hold("max_rate_per_minute", self.max_rate_per_minute, SMALLEST_RATE);
        if self.min.zip(self.max).is_some_and(|(min, max)| min >= max) {
            let detail = "max has to be above min".to_owned();
            errors.push(FieldError::new(key("max"), Problem::Other { detail }));
        }
        if self.stuck_after_seconds.is_some_and(|seconds| !(1..=LONGEST_STUCK_SECONDS).contains(&seconds)) {
            let problem = Problem::OutOfRange { min: 1.0, max: f64::from(LONGEST_STUCK_SECONDS) };
            errors.push(FieldError::new(key("stuck_after_seconds"), problem));
        }
        errors
    }
}

/// The rules of one oven, one a field at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[cfg_attr(feature = "ssr", schema(max_items = 200))]
    pub rules: Vec<Rule>,
}

impl Rules {
    pub fn limits(&self, field: Field<'_>, kind: EquipmentKind) -> Limits {
        let of = |field| self.rules.iter().find(|rule| Field::parse(&rule.field) == Some(field));
        let own = of(field);
        let every = || matches!(field, Field::Zone(_)).then(|| of(Field::Zone("*"))).flatten();
        own.or_else(every).map_or_else(|| Limits::usual(field, kind), Rule::limits)
    }

    /// What is wrong with them.
    pub fn check(&self) -> Vec<FieldError> {
        if self.rules.len() > MOST_RULES {
            let detail = format!("at most {MOST_RULES} rules");
            return vec![FieldError::new("rules", Problem::Other { detail })];
        }
        let mut errors = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            errors.extend(rule.check(index));
            if self.rules[..index].iter().any(|other| other.field == rule.field) {
                errors.push(FieldError::new(format!("rules.{index}.field"), Problem::Duplicate));
            }
        }
        errors
    }
}

/// What usually holds for an oven of a kind, for every field that something holds for.
pub fn usual_rules(kind: EquipmentKind) -> Vec<Rule> {
    let metrics = Metric::ALL.iter().map(|metric| (metric.as_str(), Limits::usual(Field::Metric(*metric), kind)));
    let zones = [(EVERY_ZONE, Limits::usual(Field::Zone(""), kind))];
    let rule = |(field, limits): (&str, Limits)| {
        let Limits { min, max, max_rate_per_minute, stuck_after_seconds } = limits;
        let rule = Rule { field: field.to_owned(), min, max, max_rate_per_minute, stuck_after_seconds };
        (limits != Limits::default()).then_some(rule)
    };
    metrics.chain(zones).filter_map(rule).collect()
}

/// Whether an oven works, so that its sensors have to move. `celsius` is of the field, where it is a temperature.
pub fn is_working(status: Option<OperationalStatus>, celsius: Option<f64>) -> bool {
    use OperationalStatus::{Cooling, Error, Paused, Preheating, Running, Unknown};
    match status {
        Some(Preheating | Running | Paused | Cooling) => true,
        None | Some(Unknown | Error) => celsius.is_none_or(|celsius| celsius >= WORKING_CELSIUS),
        Some(_) => false,
    }
}

/// What a temperature sensor is off by, told by a measurement beside it. It holds until the next one of the same field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Calibration {
    pub id: Uuid,
    pub equipment_id: EquipmentId,
    /// `temperature` or `temperature_zones.<zone>`.
    pub field: String,
    /// Added to what the oven sends, in °C.
    pub offset_celsius: f64,
    /// Readings that were measured from then on are corrected. Those that were stored before it was entered stay.
    pub valid_from: Timestamp,
    pub reason: String,
    /// The user who entered it.
    pub created_by: Option<i64>,
    pub created_at: Timestamp,
}

/// A calibration as it is entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CalibrationDraft {
    /// `temperature` or `temperature_zones.<zone>`.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 118))]
    pub field: String,
    /// Added to what the oven sends, in °C.
    #[cfg_attr(feature = "ssr", schema(minimum = -100, maximum = 100))]
    pub offset_celsius: f64,
    /// Now where absent.
    #[serde(default)]
    pub valid_from: Option<Timestamp>,
    /// What it is based on: the reference thermometer, the certificate.
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

impl CalibrationDraft {
    /// What is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let is_sensor = match Field::parse(&self.field) {
            Some(Field::Zone(zone)) => zone != "*" && zone.len() <= LONGEST_NAME,
            field => field == Some(Field::Metric(Metric::Temperature)),
        };
        if !is_sensor {
            errors.push(FieldError::new("field", Problem::UnknownChoice));
        }
        if !(-100.0..=100.0).contains(&self.offset_celsius) {
            errors.push(FieldError::new("offset_celsius", Problem::OutOfRange { min: -100.0, max: 100.0 }));
        }
        if self.reason.trim().is_empty() {
            errors.push(FieldError::new("reason", Problem::Required));
        }
        if self.reason.chars().count() > 500 {
            errors.push(FieldError::new("reason", Problem::TooLong { max: 500 }));
        }
        errors
    }
}

/// All calibrations of an oven.
#[derive(Debug, Default)]
pub struct Calibrations {
    /// Those of a field beside each other, in the order of `valid_from`.
    by_field: Vec<Calibration>,
}

impl Calibrations {
    pub fn new(mut all: Vec<Calibration>) -> Self {
        all.sort_by(|a, b| (&a.field, a.valid_from).cmp(&(&b.field, b.valid_from)));
        Self { by_field: all }
    }

    /// Adds what holds at `time`.
    pub fn correct(&self, values: &mut Values, time: Timestamp) {
        for of_field in self.by_field.chunk_by(|a, b| a.field == b.field) {
            let Some(holds) = of_field.iter().rfind(|calibration| calibration.valid_from <= time) else { continue };
            let value = match Field::parse(&holds.field) {
                Some(Field::Zone(zone)) => values.temperature_zones.get_mut(zone),
                _ => values.temperature.as_mut(),
            };
            if let Some(value) = value {
                // Sums of decimals would end in ..0000001.
                *value = ((*value + holds.offset_celsius) * 1e6).round() / 1e6;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn rule(field: &str) -> Rule {
        Rule { field: field.to_owned(), ..Rule::default() }
    }

    #[test]
    fn a_rule_takes_the_whole_place_of_what_usually_holds() {
        let max = |field, max| Rule { max: Some(max), ..rule(field) };
        let rules = Rules { rules: vec![max(EVERY_ZONE, 300.0), max("temperature_zones.top", 310.0)] };
        let of = |field| rules.limits(field, EquipmentKind::Deck);
        assert_eq!(of(Field::Zone("bottom")), Limits { max: Some(300.0), ..Limits::default() });
        assert_eq!(of(Field::Zone("top")).max, Some(310.0));
        let chamber = of(Field::Metric(Metric::Temperature));
        assert_eq!((chamber.min, chamber.max), (Some(-10.0), Some(450.0)));
        assert!(chamber.max_rate_per_minute.is_some() && chamber.stuck_after_seconds.is_some());
        assert!(!chamber.allow(f64::NAN) && !chamber.allow(450.1) && chamber.allow(450.0));
    }

    #[test]
    fn rules_that_make_no_sense_are_refused() {
        let wrong = [
            (Rule { min: Some(5.0), max: Some(5.0), ..rule("temperature") }, "rules.0.max"),
            (Rule { max_rate_per_minute: Some(0.0), ..rule("humidity") }, "rules.0.max_rate_per_minute"),
            (Rule { stuck_after_seconds: Some(0), ..rule("power_kw") }, "rules.0.stuck_after_seconds"),
            (Rule { max: Some(f64::INFINITY), ..rule("temperature") }, "rules.0.max"),
            (rule("door_status"), "rules.0.field"),
            (rule("temperature_zones."), "rules.0.field"),
            (rule("Temperatur"), "rules.0.field"),
        ];
        for (rule, field) in wrong {
            let rules = Rules { rules: vec![rule] };
            assert_eq!(rules.check().first().map(|error| error.field.as_str()), Some(field), "{rules:?}");
        }
        let names = ["temperature", EVERY_ZONE, "additional_sensors.fan", "energy_consumption_kwh"];
        let rules = Rules { rules: names.map(rule).to_vec() };
        assert!(rules.check().is_empty());
        let twice = Rules { rules: vec![rule("temperature"), rule("temperature")] };
        assert_eq!(twice.check(), [FieldError::new("rules.1.field", Problem::Duplicate)]);
        for kind in EquipmentKind::ALL {
            let usual = Rules { rules: usual_rules(*kind) };
            assert!(usual.check().is_empty() && usual.rules.iter().any(|rule| rule.field == EVERY_ZONE));
        }
    }

    #[test]
    fn the_calibration_of_the_time_of_the_reading_is_added() {
        let calibration = |field: &str, offset_celsius, second| Calibration {
            id: Uuid::nil(),
            equipment_id: EquipmentId(Uuid::nil()),
            field: field.to_owned(),
            offset_celsius,
            valid_from: at(second),
            reason: "reference thermometer".to_owned(),
            created_by: None,
            created_at: at(second),
        };
        let all = Calibrations::new(vec![
            calibration("temperature_zones.top", -1.1, 10),
            calibration("temperature", 2.0, 20),
            calibration("temperature_zones.top", 0.5, 30),
        ]);
        let read = |second| {
            let mut values = Values {
                temperature: Some(200.0),
                temperature_zones: [("top".to_owned(), 210.3)].into(),
                ..Values::default()
            };
            all.correct(&mut values, at(second));
            (values.temperature.unwrap(), values.temperature_zones["top"])
        };
        assert_eq!(read(9), (200.0, 210.3));
        assert_eq!(read(10), (200.0, 209.2));
        assert_eq!(read(25), (202.0, 209.2));
        assert_eq!(read(30), (202.0, 210.8), "the later one takes the place of the earlier");
    }
}
