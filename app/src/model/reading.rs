//! One set of values of one oven at one time, with the quality of each.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    metric::{Metric, ValueKind},
    wire_enum,
};

wire_enum! {
    OperationalStatus {
        Idle = "idle",
        Preheating = "preheating",
        Running = "running",
        Paused = "paused",
        Cooling = "cooling",
        Cleaning = "cleaning",
        Standby = "standby",
        Maintenance = "maintenance",
        Error = "error",
        Offline = "offline",
        Unknown = "unknown",
    }
}

wire_enum! {
    CycleStage {
        Loading = "loading",
        Preheating = "preheating",
        Steaming = "steaming",
        Baking = "baking",
        Proofing = "proofing",
        Drying = "drying",
        Cooling = "cooling",
        Unloading = "unloading",
        Cleaning = "cleaning",
        Idle = "idle",
        Other = "other",
    }
}

wire_enum! {
    DoorStatus {
        Open = "open",
        Closed = "closed",
        Unknown = "unknown",
    }
}

wire_enum! {
    /// How far a value can be trusted; ordered from best to worst.
    Quality {
        Good = "good",
        /// Usable with care: the oven's clock is off, or a part was missing.
        Uncertain = "uncertain",
        /// Kept for review, never shown as a value.
        Bad = "bad",
    }
}

wire_enum! {
    /// Why a value is not good.
    QualityReason {
        OutOfRange = "out_of_range",
        NotFinite = "not_finite",
        Missing = "missing",
        NotANumber = "not_a_number",
        UnknownWord = "unknown_word",
        /// The oven said so itself.
        DeviceFault = "device_fault",
        /// The oven itself calls its value uncertain.
        DeviceUncertain = "device_uncertain",
        /// The last value that came, which the oven has not confirmed for a while.
        Unconfirmed = "unconfirmed",
        ClockSkew = "clock_skew",
        FutureTime = "future_time",
        /// It has not moved for longer than it can stand still.
        Stuck = "stuck",
        /// It moved faster than it can.
        RateOfChange = "rate_of_change",
        /// It was not believed first; a person said that it was real.
        Accepted = "accepted",
        /// Read later, from the oven's own memory.
        Backfilled = "backfilled",
    }
}

impl QualityReason {
    pub const fn quality(self) -> Quality {
        match self {
            Self::Backfilled | Self::Accepted => Quality::Good,
            Self::Missing
            | Self::UnknownWord
            | Self::ClockSkew
            | Self::FutureTime
            | Self::DeviceUncertain
            | Self::Unconfirmed => Quality::Uncertain,
            Self::OutOfRange
            | Self::NotFinite
            | Self::NotANumber
            | Self::DeviceFault
            | Self::Stuck
            | Self::RateOfChange => Quality::Bad,
        }
    }
}

/// What became of a reading on its way to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is in the database: since now, or since before when it is a duplicate.
    Kept,
    /// Its oven was deleted.
    Dropped,
    Lost {
        reason: String,
    },
}

/// A flaw in one field of a reading. `field` is a metric's name, `temperature_zones.<zone>` or
/// `additional_sensors.<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct QualityIssue {
    pub field: String,
    pub reason: QualityReason,
}

/// What a driver read, in stored units, before it was validated.
///
/// Temperatures in °C, humidity and other shares in %, energy in kWh as the oven's own cumulative counter,
/// power in kW, times in minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Values {
    pub temperature: Option<f64>,
    pub target_temperature: Option<f64>,
    pub temperature_zones: BTreeMap<String, f64>,
    pub humidity: Option<f64>,
    pub target_humidity: Option<f64>,
    pub energy_consumption_kwh: Option<f64>,
    pub power_kw: Option<f64>,
    pub operational_status: Option<OperationalStatus>,
    pub cycle_stage: Option<CycleStage>,
    pub cycle_progress_percentage: Option<f64>,
    pub time_remaining_minutes: Option<f64>,
    pub motor_speed_rpm: Option<f64>,
    pub door_status: Option<DoorStatus>,
    pub steam_level: Option<f64>,
    pub product_weight_kg: Option<f64>,
    pub moisture_content: Option<f64>,
    pub additional_sensors: BTreeMap<String, Value>,
}

/// A validated reading. Values that are `bad` are still present, so that an admin can review them; use
/// [`Reading::good`] for anything that is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reading {
    /// When the oven measured it; the time of arrival where the oven gives none.
    pub reading_time: Timestamp,
    pub received_at: Timestamp,
    #[serde(flatten)]
    pub values: Values,
    pub active_batch_id: Option<Uuid>,
    /// The worst quality of any field.
    pub quality: Quality,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quality_issues: Vec<QualityIssue>,
}

impl Reading {
    /// Notes a flaw in a field.
    pub fn flag(&mut self, field: String, reason: QualityReason) {
        self.quality = self.quality.max(reason.quality());
        self.quality_issues.push(QualityIssue { field, reason });
    }

    /// Whether the field with this name has no flaw that makes it `bad`.
    pub fn is_usable(&self, field: &str) -> bool {
        !self.quality_issues.iter().any(|issue| issue.field == field && issue.reason.quality() == Quality::Bad)
    }

    /// The values without those that are `bad`.
    pub fn good(&self) -> Cow<'_, Values> {
        let mut values = Cow::Borrowed(&self.values);
        for issue in self.quality_issues.iter().filter(|issue| issue.reason.quality() == Quality::Bad) {
            values.to_mut().clear(&issue.field);
        }
        values
    }
}

/// A field of a reading that holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    Metric(Metric),
    Zone(&'a str),
    Additional(&'a str),
}

/// A [`Field`] that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldName {
    Metric(Metric),
    Zone(Box<str>),
    Additional(Box<str>),
}

impl FieldName {
    pub fn of(field: Field<'_>) -> Self {
        match field {
            Field::Metric(metric) => Self::Metric(metric),
            Field::Zone(name) => Self::Zone(name.into()),
            Field::Additional(name) => Self::Additional(name.into()),
        }
    }

    pub fn field(&self) -> Field<'_> {
        match self {
            Self::Metric(metric) => Field::Metric(*metric),
            Self::Zone(name) => Field::Zone(name),
            Self::Additional(name) => Field::Additional(name),
        }
    }
}

impl<'a> Field<'a> {
    /// The field with this name; nothing where it is the name of none, or of one that holds no number.
    pub fn parse(name: &'a str) -> Option<Self> {
        if let Some(zone) = name.strip_prefix("temperature_zones.") {
            return (!zone.is_empty()).then_some(Self::Zone(zone));
        }
        if let Some(extra) = name.strip_prefix("additional_sensors.") {
            return (!extra.is_empty()).then_some(Self::Additional(extra));
        }
        let metric = Metric::parse(name)?;
        matches!(metric.value_kind(), ValueKind::Number(_)).then_some(Self::Metric(metric))
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric(metric) => f.write_str(metric.as_str()),
            Self::Zone(zone) => write!(f, "temperature_zones.{zone}"),
            Self::Additional(name) => write!(f, "additional_sensors.{name}"),
        }
    }
}

impl Values {
    /// Every number with its field, zones and numeric extras included.
    pub fn each_number(&self) -> impl Iterator<Item = (Field<'_>, f64)> {
        let single = [
            (Metric::Temperature, self.temperature),
            (Metric::TargetTemperature, self.target_temperature),
            (Metric::Humidity, self.humidity),
            (Metric::TargetHumidity, self.target_humidity),
            (Metric::EnergyConsumption, self.energy_consumption_kwh),
            (Metric::Power, self.power_kw),
            (Metric::CycleProgress, self.cycle_progress_percentage),
            (Metric::TimeRemaining, self.time_remaining_minutes),
            (Metric::MotorSpeed, self.motor_speed_rpm),
            (Metric::SteamLevel, self.steam_level),
            (Metric::ProductWeight, self.product_weight_kg),
            (Metric::MoistureContent, self.moisture_content),
        ];
        let single = single.into_iter().filter_map(|(metric, value)| Some((Field::Metric(metric), value?)));
        let zones = self.temperature_zones.iter().map(|(zone, celsius)| (Field::Zone(zone), *celsius));
        let extras = self.additional_sensors.iter();
        single.chain(zones).chain(extras.filter_map(|(name, value)| Some((Field::Additional(name), value.as_f64()?))))
    }

    /// [`each_number`](Self::each_number) with the names of the fields.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        self.each_number().map(|(field, value)| (field.to_string(), value)).collect()
    }

    /// Whether nothing at all was read.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn clear(&mut self, field: &str) {
        if let Some(zone) = field.strip_prefix("temperature_zones.") {
            self.temperature_zones.remove(zone);
            return;
        }
        if let Some(name) = field.strip_prefix("additional_sensors.") {
            self.additional_sensors.remove(name);
            return;
        }
        let slot = match field {
            "temperature" => &mut self.temperature,
            "target_temperature" => &mut self.target_temperature,
            "humidity" => &mut self.humidity,
            "target_humidity" => &mut self.target_humidity,
            "energy_consumption_kwh" => &mut self.energy_consumption_kwh,
            "power_kw" => &mut self.power_kw,
            "cycle_progress_percentage" => &mut self.cycle_progress_percentage,
            "time_remaining_minutes" => &mut self.time_remaining_minutes,
            "motor_speed_rpm" => &mut self.motor_speed_rpm,
            "steam_level" => &mut self.steam_level,
            "product_weight_kg" => &mut self.product_weight_kg,
            "moisture_content" => &mut self.moisture_content,
            _ => return,
        };
        *slot = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_field() {
        let numbers = Metric::ALL.iter().filter(|metric| matches!(metric.value_kind(), ValueKind::Number(_)));
        let numbers = numbers.map(|metric| Field::Metric(*metric));
        for field in numbers.chain([Field::Zone("core"), Field::Zone("a.b"), Field::Additional("*")]) {
            assert_eq!(Field::parse(&field.to_string()), Some(field));
        }
        for none in ["", "operational_status", "temperature_zones.", "additional_sensors.", "fan", "temperature."] {
            assert_eq!(Field::parse(none), None, "{none}");
        }
    }

    #[test]
    fn bad_values_are_hidden_and_uncertain_ones_kept() {
        let issue = |field: &str, reason| QualityIssue { field: field.to_owned(), reason };
        let reading = Reading {
            reading_time: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
            values: Values {
                temperature: Some(9_999.0),
                humidity: Some(40.0),
                temperature_zones: [("top".to_owned(), -3_000.0), ("bottom".to_owned(), 210.0)].into(),
                ..Values::default()
            },
            active_batch_id: None,
            quality: Quality::Bad,
            quality_issues: vec![
                issue("temperature", QualityReason::OutOfRange),
                issue("temperature_zones.top", QualityReason::OutOfRange),
                issue("humidity", QualityReason::ClockSkew),
            ],
        };
        let good = reading.good();
        assert_eq!(good.temperature, None);
        assert_eq!(good.humidity, Some(40.0));
        assert_eq!(good.temperature_zones.keys().collect::<Vec<_>>(), ["bottom"]);
        assert!(!reading.is_usable("temperature") && reading.is_usable("humidity"));
    }

    #[test]
    fn every_number_can_be_cleared_by_the_name_it_is_listed_under() {
        let mut values = Values {
            temperature: Some(1.0),
            target_temperature: Some(1.0),
            humidity: Some(1.0),
            target_humidity: Some(1.0),
            energy_consumption_kwh: Some(1.0),
            power_kw: Some(1.0),
            cycle_progress_percentage: Some(1.0),
            time_remaining_minutes: Some(1.0),
            motor_speed_rpm: Some(1.0),
            steam_level: Some(1.0),
            product_weight_kg: Some(1.0),
            moisture_content: Some(1.0),
            temperature_zones: [("a".to_owned(), 1.0)].into(),
            additional_sensors: [("b".to_owned(), 1.into())].into(),
            ..Values::default()
        };
        assert_eq!(values.numbers().len(), 14);
        for (field, _) in values.clone().numbers() {
            values.clear(&field);
        }
        assert!(values.is_empty());
    }
}
