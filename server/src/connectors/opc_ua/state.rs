//! The latest value of every point, and the sample that they make.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use app::model::{
    alert::DeviceAlarm,
    mapping::{MappingRule, Source},
    reading::{QualityIssue, QualityReason},
    unit::Unit,
};
use jiff::{Timestamp, tz::TimeZone};
use opcua::types::{DataValue, NodeId};
use serde_json::{Map, Value};

use super::{
    profile::{Key, Profile},
    timestamp,
    value::{Grade, grade, json},
};
use crate::connectors::{ConnectorError, Sample, mapping::Mapping};
use app::model::failure::FailureKind;

/// A node that is read.
#[derive(Clone, Debug)]
pub struct Point {
    /// How rules name it.
    pub key: String,
    pub node: NodeId,
    pub unit: Option<Unit>,
    /// The server keeps its past values.
    pub has_history: bool,
    /// A number that is measured, to which a deadband applies.
    pub is_measured: bool,
}

/// What to read on a server.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub profile: Option<Profile>,
    pub points: Vec<Point>,
    /// Where the machine's alarms come from, and its name in them.
    pub alarms: Option<(NodeId, String)>,
    /// Paths of the mapping that are not there, and why.
    pub missing: Vec<(String, String)>,
}

pub struct State {
    pub plan: Plan,
    nodes: Vec<NodeId>,
    slots: Vec<Slot>,
    rules: Vec<MappingRule>,
    /// What each rule fills, and the slots that its value comes from.
    sources: Vec<(String, Vec<usize>)>,
    mapping: Mapping,
    timezone: TimeZone,
    /// Faults that came as events, by their condition.
    pub events: BTreeMap<String, DeviceAlarm>,
    /// What stands is known, and not only what came since the connection began.
    pub events_known: bool,
    /// Events are subscribed to.
    pub listens: bool,
    newest: Option<Timestamp>,
    /// The time of the last sample.
    last: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    value: Option<Value>,
    /// Nothing came for it yet.
    grade: Option<Grade>,
}

impl State {
    pub fn new(plan: Plan, rules: Vec<MappingRule>, timezone: TimeZone) -> Result<Self, ConnectorError> {
        let rules = match plan.profile {
            Some(profile) if rules.is_empty() => profile.rules(
                &plan.points.iter().map(|point| Key { name: point.key.clone(), unit: point.unit }).collect::<Vec<_>>(),
            ),
            _ => rules,
        };
        let mapping = Mapping::compile_keys(rules.clone(), timezone.clone()).map_err(|errors| {
            let named: Vec<_> = errors.into_iter().map(|error| error.field).collect();
            ConnectorError::new(FailureKind::Config, format!("these rules cannot be used: {}", named.join(", ")))
        })?;
        if rules.is_empty() {
            let detail = "the machine has none of the values that its profile knows; map its nodes instead";
            return Err(ConnectorError::new(FailureKind::Mapping, detail));
        }
        let sources = rules.iter().map(|rule| (rule.target.to_string(), sources(&plan.points, &rule.path))).collect();
        Ok(Self {
            nodes: plan.points.iter().map(|point| point.node.clone()).collect(),
            slots: vec![Slot::default(); plan.points.len()],
            plan,
            rules,
            sources,
            mapping,
            timezone,
            events: BTreeMap::new(),
            events_known: false,
            listens: false,
            newest: None,
            last: None,
        })
    }

    /// The nodes, in the order in which [`take`](Self::take) counts them.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    pub fn rules(&self) -> &[MappingRule] {
        &self.rules
    }

    pub fn timezone(&self) -> TimeZone {
        self.timezone.clone()
    }

    /// Every value by its key, for an admin.
    pub fn readable(&self) -> String {
        let lines = self.plan.points.iter().zip(&self.slots).map(|(point, slot)| match (&slot.value, slot.grade) {
            (Some(value), _) => format!("{} = {value}", point.key),
            (None, grade) => format!("{} : {grade:?}", point.key),
        });
        lines
            .chain(self.plan.missing.iter().map(|(path, why)| format!("{path} : {why}")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// A value of the point with this index.
    pub fn take(&mut self, index: usize, value: DataValue) {
        let at = value.source_timestamp.as_ref().or(value.server_timestamp.as_ref()).and_then(timestamp);
        let grade = grade(&value);
        self.set(index, value.value.as_ref().and_then(json), grade, at);
    }

    pub fn set(&mut self, index: usize, value: Option<Value>, grade: Grade, at: Option<Timestamp>) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let usable = matches!(grade, Grade::Good | Grade::Uncertain);
        *slot = Slot { value: value.filter(|_| usable), grade: Some(grade) };
        self.newest = self.newest.max(at);
    }

    /// Whether every point has been heard of.
    pub fn is_complete(&self) -> bool {
        self.slots.iter().all(|slot| slot.grade.is_some())
    }

    /// What is known now, measured when the newest of the values since the last sample was.
    pub fn sample(&mut self, response_time: Duration) -> Result<Sample, ConnectorError> {
        let measured_at = self.newest.take();
        let mut sample = self.made(response_time)?;
        sample.measured_at = sample.measured_at.or(measured_at);
        Ok(sample)
    }

    /// Whether this is later than the sample before, and remembers it.
    pub fn is_newer(&mut self, at: Option<Timestamp>) -> bool {
        let is_newer = at > self.last;
        self.last = self.last.max(at);
        is_newer
    }

    /// The same values again: the server says that nothing changed, so they hold now.
    pub fn confirmed(&mut self) -> Result<Sample, ConnectorError> {
        self.newest = None;
        let mut sample = self.made(Duration::ZERO)?;
        sample.measured_at = None;
        Ok(sample)
    }

    fn made(&self, response_time: Duration) -> Result<Sample, ConnectorError> {
        let mut values: Map<String, Value> = self
            .plan
            .points
            .iter()
            .zip(&self.slots)
            .filter_map(|(point, slot)| Some((point.key.clone(), slot.value.clone()?)))
            .collect();
        let mut alarms: Vec<DeviceAlarm> = self.events.values().cloned().collect();
        let mut tells = self.events_known;
        if let Some(profile) = self.plan.profile {
            // Faults among the values are something to tell also where there are no events.
            tells |= !self.listens && Profile::tells_alarms(&values);
            alarms.extend(profile.alarms(&values));
            profile.derive(&mut values);
        }
        // What has one code is one fault, whatever stands behind it: as an alert it would be raised twice.
        let mut codes = HashSet::new();
        alarms.retain(|alarm| codes.insert(alarm.code.clone()));
        if self.slots.iter().all(|slot| slot.value.is_none()) {
            return Err(self.nothing());
        }
        let found = self.mapping.apply(&BTreeMap::from([(Source::Data, Value::Object(values))]))?;
        let mut sample = found.into_sample(response_time);
        self.judge(&mut sample.issues);
        sample.alarms = tells.then_some(alarms);
        Ok(sample)
    }

    /// Flaws that the server tells of its values take the place of "did not arrive".
    fn judge(&self, issues: &mut Vec<QualityIssue>) {
        for (field, sources) in &self.sources {
            let reason = match sources.iter().filter_map(|slot| self.slots[*slot].grade).max_by_key(rank) {
                Some(Grade::Bad) => QualityReason::DeviceFault,
                Some(Grade::Uncertain) => QualityReason::DeviceUncertain,
                // Not active, which is no flaw.
                Some(Grade::Absent) => {
                    issues.retain(|issue| issue.field != *field || issue.reason != QualityReason::Missing);
                    continue;
                }
                Some(Grade::Good) | None => continue,
            };
            issues.retain(|issue| issue.field != *field);
            issues.push(QualityIssue { field: field.clone(), reason });
        }
    }

    fn nothing(&self) -> ConnectorError {
        if let Some((path, why)) = self.plan.missing.first() {
            return ConnectorError::new(FailureKind::Mapping, format!("no value can be read; {path}: {why}"));
        }
        ConnectorError::new(FailureKind::Mapping, "the server has no good value for any of the nodes")
    }
}

/// The worst grade of several counts.
const fn rank(grade: &Grade) -> u8 {
    match grade {
        Grade::Good => 0,
        Grade::Absent => 1,
        Grade::Uncertain => 2,
        Grade::Bad => 3,
    }
}

/// The points that the value at a path comes from.
fn sources(points: &[Point], path: &str) -> Vec<usize> {
    let sources = Profile::sources(path);
    let is_source = |point: &Point| {
        let name = point.key.rsplit('/').next().unwrap_or_default();
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
        point.key == path || sources.contains(&name)
    };
    (0..points.len()).filter(|index| is_source(&points[*index])).collect()
}
