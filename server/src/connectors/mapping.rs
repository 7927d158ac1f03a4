//! Finds values in JSON by mapping rules and brings them to stored units.

mod time;
mod value;

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use app::model::{
    form::{FieldError, Problem},
    mapping::{MappingRule, Source, Target},
    metric::{Metric, ValueKind},
    reading::{QualityIssue, QualityReason, Values},
    unit::Dimension,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::{ConnectorError, Sample, text};
use app::model::failure::FailureKind;
use value::Raw;

/// Rules whose paths were parsed.
pub struct Mapping {
    rules: Vec<(MappingRule, Path)>,
    timezone: TimeZone,
    /// Rules that an admin wrote promise their values; the built-in ones only offer them.
    flag_missing: bool,
}

/// Values that one path may find: more than any oven has zones.
const MAX_NODES: usize = 64;

/// Where a value is in an answer.
pub enum Path {
    Key(String),
    /// In a list of the values that were asked for.
    Place(usize),
    Pointer(String),
    Query(JsonPath),
    /// A path within one of several named answers.
    In(String, Box<Path>),
}

/// What the rules found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub values: Values,
    pub measured_at: Option<Timestamp>,
    pub issues: Vec<QualityIssue>,
}

impl Mapping {
    /// Checks rules; errors name the field `mapping.<row>.<part>`.
    pub fn compile(rules: Vec<MappingRule>, timezone: TimeZone) -> Result<Self, Vec<FieldError>> {
        Self::compile_by(rules, timezone, Path::parse)
    }

    /// Like [`compile`](Self::compile) for answers that are flat: the path is the whole name of a value.
    pub fn compile_keys(rules: Vec<MappingRule>, timezone: TimeZone) -> Result<Self, Vec<FieldError>> {
        Self::compile_by(rules, timezone, |text| Ok(Path::Key(text.to_owned())))
    }

    /// For answers that are a list, in which each path has a place; null where nothing was read.
    pub fn compile_places(
        rules: Vec<MappingRule>,
        timezone: TimeZone,
        place: impl Fn(&str) -> Option<usize>,
    ) -> Result<Self, Vec<FieldError>> {
        Self::compile_by(rules, timezone, |text| place(text).map(Path::Place).ok_or(Problem::Required))
    }

    /// Like [`compile`](Self::compile) for several answers: `<name> <path>`, the first name where a path has none.
    /// The answers come as one object, each under its name. What is not `promised` is not missed where it is absent.
    pub fn compile_named(
        rules: Vec<MappingRule>,
        timezone: TimeZone,
        names: &[String],
        promised: bool,
    ) -> Result<Self, Vec<FieldError>> {
        let rules = rules.into_iter().map(by_answer_name).collect();
        let mapping = Self::compile_by(rules, timezone, |text| Path::parse_named(text, names))?;
        Ok(Self { flag_missing: promised, ..mapping })
    }

    fn compile_by(
        rules: Vec<MappingRule>,
        timezone: TimeZone,
        parse: impl Fn(&str) -> Result<Path, Problem>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut seen = HashSet::new();
        let mut compiled = Vec::with_capacity(rules.len());
        for (row, rule) in rules.into_iter().enumerate() {
            let mut complain =
                |part: &str, problem| errors.push(FieldError::new(format!("mapping.{row}.{part}"), problem));
            if !seen.insert(rule.target.clone()) {
                complain("target", Problem::Duplicate);
            }
            check_rule(&rule, &mut complain);
            match parse(&rule.path) {
                Ok(path) => compiled.push((rule, path)),
                Err(problem) => complain("path", problem),
            }
        }
        if errors.is_empty() { Ok(Self { rules: compiled, timezone, flag_missing: true }) } else { Err(errors) }
    }

    /// The rules used where an admin enters none: every field under its own name at the top level.
    pub fn rules_by_name() -> Vec<MappingRule> {
        let rule = |metric: &Metric| MappingRule::new(Target::Metric(*metric), &format!("/{metric}"));
        Metric::ALL.iter().map(rule).collect()
    }

    /// Whether any rule reads the answer of this name.
    pub fn reads(&self, name: &str) -> bool {
        self.rules.iter().any(|(_, path)| matches!(path, Path::In(answer, _) if answer == name))
    }

    /// Applies the rules. Fails when a required value is missing, or when nothing at all was found.
    pub fn apply(&self, answers: &BTreeMap<Source, Value>) -> Result<Found, ConnectorError> {
        let mut found = Found::default();
        let mut matched = false;
        for (rule, path) in &self.rules {
            let nodes = answers.get(&rule.source).map(|answer| path.find(answer)).unwrap_or_default();
            // A time alone tells nothing of the oven.
            matched |= rule.target != Target::Metric(Metric::ReadingTime) && !nodes.is_empty();
            if nodes.len() > MAX_NODES {
                return Err(ConnectorError::new(
                    FailureKind::Mapping,
                    format!("{} finds {} values in the answer; {MAX_NODES} are allowed", rule.path, nodes.len()),
                ));
            }
            if rule.required && !self.has_value(rule, &nodes) {
                return Err(ConnectorError::new(
                    FailureKind::Mapping,
                    format!("{} has no value at {} in the answer", rule.target, rule.path),
                ));
            }
            if nodes.is_empty() {
                if self.flag_missing {
                    found.flag(&rule.target.to_string(), QualityReason::Missing);
                }
                continue;
            }
            self.take(rule, &nodes, &mut found);
        }
        if !matched {
            return Err(ConnectorError::new(
                FailureKind::Mapping,
                "the answer is JSON, but none of the mapped values is in it",
            ));
        }
        Ok(found)
    }

    /// Whether the first node is a value of the kind that the target takes.
    fn has_value(&self, rule: &MappingRule, nodes: &[&Value]) -> bool {
        let Some(node) = nodes.first() else { return false };
        let raw = Raw::read(node, &rule.null_values);
        match rule.target.value_kind() {
            ValueKind::Number(Dimension::None) | ValueKind::Word => raw.text().is_some(),
            ValueKind::Number(_) => raw.number().is_some(),
            ValueKind::Time => matches!(time::parse(&raw, rule, &self.timezone), Ok(Some(_))),
        }
    }

    fn take(&self, rule: &MappingRule, nodes: &[&Value], found: &mut Found) {
        match &rule.target {
            Target::Zone(name) if name.contains('*') => {
                // A list that was found as one value is as good as its parts.
                let listed = match nodes {
                    [Value::Array(list)] => list.iter().take(MAX_NODES).collect(),
                    _ => nodes.to_vec(),
                };
                for (index, node) in listed.iter().enumerate() {
                    let zone = name.replace('*', &(index + 1).to_string());
                    found.set_number(&Target::Zone(zone), rule, &Raw::read(node, &rule.null_values));
                }
            }
            target @ (Target::Zone(_) | Target::Additional(_)) => {
                found.set_number(target, rule, &Raw::read(nodes[0], &rule.null_values));
            }
            target @ Target::Metric(metric) => {
                let raw = Raw::read(nodes[0], &rule.null_values);
                match metric.value_kind() {
                    ValueKind::Number(_) => found.set_number(target, rule, &raw),
                    ValueKind::Word => found.set_word(*metric, rule, &raw),
                    ValueKind::Time => match time::parse(&raw, rule, &self.timezone) {
                        Ok(at) => found.measured_at = at,
                        Err(reason) => found.flag("reading_time", reason),
                    },
                }
            }
        }
    }
}

/// A point in time as an answer writes it, in any of the recognised ways.
pub fn time_of(value: &Value, timezone: &TimeZone) -> Option<Timestamp> {
    let rule = MappingRule::new(Target::Metric(Metric::ReadingTime), "");
    time::parse(&Raw::read(value, &[]), &rule, timezone).ok().flatten()
}

/// A source is a name before the path.
fn by_answer_name(mut rule: MappingRule) -> MappingRule {
    if rule.source == Source::Status && rule.path.starts_with(['/', '$']) {
        rule.path = format!("{} {}", Source::Status, rule.path);
    }
    rule.source = Source::Data;
    rule
}

fn check_rule(rule: &MappingRule, complain: &mut impl FnMut(&str, Problem)) {
    for (part, value) in [("scale", rule.scale), ("offset", rule.offset)] {
        if !value.is_finite() {
            complain(part, Problem::NotANumber);
        }
    }
    if let Some(unit) = rule.unit {
        match rule.target.value_kind() {
            ValueKind::Number(Dimension::None) => {}
            ValueKind::Number(dimension) if dimension == unit.dimension() => {}
            _ => complain("unit", Problem::WrongUnit),
        }
    }
    let allowed = rule.target.words();
    if !allowed.is_empty() && rule.words.values().any(|word| !allowed.contains(&word.as_str())) {
        complain("words", Problem::NotPairs { allowed: allowed.into_iter().map(str::to_owned).collect() });
    }
}

impl Path {
    /// A JSON Pointer or a JSONPath.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::Required);
        }
        if text.starts_with('$') {
            return JsonPath::parse(text)
                .map(Self::Query)
                .map_err(|error| Problem::NotAPath { detail: error.to_string() });
        }
        if text.starts_with('/') {
            return Ok(Self::Pointer(text.to_owned()));
        }
        Err(Problem::NotAPath { detail: "a path begins with / (JSON Pointer) or $ (JSONPath)".to_owned() })
    }

    fn parse_named(text: &str, names: &[String]) -> Result<Self, Problem> {
        let text = text.trim();
        let (name, path) = if text.starts_with(['/', '$']) || text.is_empty() {
            (names.first().map_or("", String::as_str), text)
        } else {
            text.split_once(char::is_whitespace).unwrap_or((text, ""))
        };
        // The guide's rules say `source: status` for an answer that may not be configured.
        if name != Source::Status.as_str() && !names.iter().any(|known| known == name) {
            let detail = format!("no answer is called `{name}`; there are {}", names.join(", "));
            return Err(Problem::NotAPath { detail });
        }
        Ok(Self::In(name.to_owned(), Box::new(Self::parse(path.trim_start())?)))
    }

    pub fn find<'a>(&self, answer: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::In(name, path) => answer.get(name).map(|answer| path.find(answer)).unwrap_or_default(),
            Self::Key(key) => answer.get(key).into_iter().collect(),
            Self::Place(place) => answer.get(place).filter(|value| !value.is_null()).into_iter().collect(),
            Self::Pointer(pointer) => answer.pointer(pointer).into_iter().collect(),
            Self::Query(query) => query.query(answer).all(),
        }
    }
}

impl Found {
    pub fn into_sample(self, response_time: Duration) -> Sample {
        let Self { values, measured_at, issues } = self;
        Sample { measured_at, values, issues, response_time, ..Sample::default() }
    }

    fn flag(&mut self, field: &str, reason: QualityReason) {
        self.issues.push(QualityIssue { field: field.to_owned(), reason });
    }

    fn set_number(&mut self, target: &Target, rule: &MappingRule, raw: &Raw) {
        if let (Target::Additional(name), Raw::Text(text)) = (target, raw)
            && raw.number().is_none()
        {
            if let Some(text) = text::shown(text) {
                self.values.additional_sensors.insert(name.clone(), Value::String(text));
            }
            return;
        }
        if matches!(raw, Raw::None) {
            return;
        }
        // `true` is no temperature.
        let is_flag = matches!(raw, Raw::Flag(_)) && !matches!(target, Target::Additional(_));
        let Some(number) = raw.number().filter(|_| !is_flag) else {
            return self.flag(&target.to_string(), QualityReason::NotANumber);
        };
        let scaled = number * rule.scale + rule.offset;
        let value = rule.unit.map_or(scaled, |unit| unit.to_stored(scaled));
        if !value.is_finite() {
            return self.flag(&target.to_string(), QualityReason::NotFinite);
        }
        let v = &mut self.values;
        match target {
            Target::Zone(zone) => {
                v.temperature_zones.insert(zone.clone(), value);
            }
            Target::Additional(name) => {
                v.additional_sensors.insert(name.clone(), value.into());
            }
            Target::Metric(metric) => {
                let slot = match metric {
                    Metric::Temperature => &mut v.temperature,
                    Metric::TargetTemperature => &mut v.target_temperature,
                    Metric::Humidity => &mut v.humidity,
                    Metric::TargetHumidity => &mut v.target_humidity,
                    Metric::EnergyConsumption => &mut v.energy_consumption_kwh,
                    Metric::Power => &mut v.power_kw,
                    Metric::CycleProgress => &mut v.cycle_progress_percentage,
                    Metric::TimeRemaining => &mut v.time_remaining_minutes,
                    Metric::MotorSpeed => &mut v.motor_speed_rpm,
                    Metric::SteamLevel => &mut v.steam_level,
                    Metric::ProductWeight => &mut v.product_weight_kg,
                    Metric::MoistureContent => &mut v.moisture_content,
                    Metric::OperationalStatus | Metric::CycleStage | Metric::DoorStatus | Metric::ReadingTime => return,
                };
                *slot = Some(value);
            }
        }
    }

    fn set_word(&mut self, metric: Metric, rule: &MappingRule, raw: &Raw) {
        use app::model::reading::{CycleStage, DoorStatus, OperationalStatus};
        let Some(text) = raw.text() else { return };
        let word = rule
            .words
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(&text))
            .map_or_else(|| text.to_lowercase(), |(_, word)| word.clone());
        let known = match metric {
            Metric::OperationalStatus => {
                self.values.operational_status = OperationalStatus::parse(&word).or(Some(OperationalStatus::Unknown));
                OperationalStatus::parse(&word).is_some()
            }
            Metric::CycleStage => {
                self.values.cycle_stage = CycleStage::parse(&word).or(Some(CycleStage::Other));
                CycleStage::parse(&word).is_some()
            }
            Metric::DoorStatus => {
                let door = match word.as_str() {
                    "true" | "1" => Some(DoorStatus::Open),
                    "false" | "0" => Some(DoorStatus::Closed),
                    word => DoorStatus::parse(word),
                };
                self.values.door_status = door.or(Some(DoorStatus::Unknown));
                door.is_some()
            }
            _ => true,
        };
        if !known {
            self.flag(metric.as_str(), QualityReason::UnknownWord);
        }
    }
}

#[cfg(test)]
mod tests;
