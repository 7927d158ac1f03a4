//! The latest value of every rule with its age, and the sample that they make.
//!
//! Topics send one by one what an oven measures together, so a reading carries over what came a moment before. What is
//! older than the lifetime is left out: a sensor that fell silent is not shown as if it had just spoken.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use app::model::{
    failure::FailureKind,
    form::FieldError,
    mapping::{MappingRule, Source, Target},
    metric::Metric,
    reading::{QualityIssue, QualityReason},
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    client::Message,
    options::{Options, Payload},
    payload,
    topics::{Reference, matches},
};
use crate::connectors::{ConnectorError, Sample, mapping::Mapping};

pub struct State {
    rules: Vec<MappingRule>,
    /// Where each distinct path looks; the key is the rule's path.
    references: Vec<(String, Reference)>,
    /// References without wildcards by their topic, and those with some.
    exact: HashMap<String, Vec<usize>>,
    wild: Vec<usize>,
    slots: BTreeMap<String, Slot>,
    mapping: Mapping,
    lifetime: Duration,
    /// Of a payload that carries its own times.
    measured_at: Option<Timestamp>,
}

struct Slot {
    value: Value,
    since: Instant,
    flaw: Option<QualityReason>,
}

impl State {
    /// Errors name the rule.
    pub fn new(options: &Options) -> Result<Self, Vec<FieldError>> {
        let mapping = Mapping::compile_keys(options.rules.clone(), options.timezone.clone())?;
        let mut references = Vec::new();
        let (mut exact, mut wild) = (HashMap::<String, Vec<usize>>::new(), Vec::new());
        // Sparkplug names its values itself.
        if matches!(options.payload, Payload::Plain) {
            for rule in &options.rules {
                if references.iter().any(|(path, _)| *path == rule.path) {
                    continue;
                }
                let Ok(reference) = Reference::parse(&rule.path) else { continue };
                if reference.filter.contains(['+', '#']) {
                    wild.push(references.len());
                } else {
                    exact.entry(reference.filter.clone()).or_default().push(references.len());
                }
                references.push((rule.path.clone(), reference));
            }
        }
        Ok(Self {
            rules: options.rules.clone(),
            references,
            exact,
            wild,
            slots: BTreeMap::new(),
            mapping,
            lifetime: options.lifetime,
            measured_at: None,
        })
    }

    /// Forgets everything: after a new connection the broker says what still holds.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.measured_at = None;
    }

    /// Takes a message over; says whether any rule looks at it.
    pub fn take(&mut self, message: &Message) -> bool {
        let exact = self.exact.get(&message.topic).into_iter().flatten().copied();
        let wild = self.wild.iter().copied().filter(|index| matches(&self.references[*index].1.filter, &message.topic));
        let looking: Vec<usize> = exact.chain(wild).collect();
        if looking.is_empty() {
            return false;
        }
        let value = payload::value(&message.payload);
        // A message that was kept says what was so at some time before.
        let flaw = message.retained.then_some(QualityReason::Unconfirmed);
        for index in looking {
            let (path, reference) = &self.references[index];
            let found = match (&reference.path, &value) {
                (_, None) => Some((Value::Null, Some(QualityReason::NotANumber))),
                (None, Some(value)) => Some((value.clone(), flaw)),
                // Many devices send only what changed: what is not in this message still holds for its lifetime.
                (Some(path), Some(value)) => pick(path.find(value)).map(|value| (value, flaw)),
            };
            if let Some((value, flaw)) = found {
                self.slots.insert(path.clone(), Slot { value, since: Instant::now(), flaw });
            }
        }
        true
    }

    /// Takes one value of a payload that names its values (Sparkplug).
    pub fn set(
        &mut self,
        name: &str,
        value: Option<Value>,
        flaw: Option<QualityReason>,
        at: Option<Timestamp>,
    ) -> bool {
        if !self.rules.iter().any(|rule| rule.path == name) {
            return false;
        }
        self.measured_at = self.measured_at.max(at);
        let value = value.unwrap_or(Value::Null);
        self.slots.insert(name.to_owned(), Slot { value, since: Instant::now(), flaw });
        true
    }

    /// What is known now. A mapping that does not fit what came so far is no reason to connect anew.
    pub fn sample(&mut self) -> Result<Sample, ConnectorError> {
        let now = Instant::now();
        let mut values = Map::new();
        let mut flaws: Vec<(String, QualityReason)> = Vec::new();
        for (path, slot) in &self.slots {
            if now.duration_since(slot.since) > self.lifetime {
                flaws.push((path.clone(), QualityReason::Unconfirmed));
                continue;
            }
            values.insert(path.clone(), slot.value.clone());
            flaws.extend(slot.flaw.map(|flaw| (path.clone(), flaw)));
        }
        let answers = BTreeMap::from([(Source::Data, Value::Object(values))]);
        let found =
            self.mapping.apply(&answers).map_err(|error| ConnectorError { connection_stands: true, ..error })?;
        let mut sample = found.into_sample(Duration::ZERO);
        for rule in &self.rules {
            let field = rule.target.to_string();
            for (_, reason) in flaws.iter().filter(|(path, _)| *path == rule.path) {
                sample.issues.retain(|issue| issue.field != field);
                sample.issues.push(QualityIssue { field: field.clone(), reason: *reason });
            }
        }
        self.forget_time(&mut sample);
        sample.measured_at = sample.measured_at.or(self.measured_at.take());
        Ok(sample)
    }

    /// A source time belongs to the message that it came with, not to the next one of another topic.
    fn forget_time(&mut self, sample: &mut Sample) {
        let time = Target::Metric(Metric::ReadingTime);
        if let Some(rule) = self.rules.iter().find(|rule| rule.target == time) {
            self.slots.remove(&rule.path);
            let field = time.to_string();
            sample.issues.retain(|issue| issue.field != field || issue.reason != QualityReason::Missing);
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The values by their paths, for an admin.
    pub fn readable(&self) -> String {
        self.slots.iter().map(|(path, slot)| format!("{path} = {}", slot.value)).collect::<Vec<_>>().join("\n")
    }

    /// Nothing came within the time that a test waits.
    pub fn nothing(seen: &[String]) -> ConnectorError {
        let detail = if seen.is_empty() {
            "logged in, but no message came on the mapped topics".to_owned()
        } else {
            format!("logged in, but none of the mapped values came; these topics were seen: {}", seen.join(", "))
        };
        ConnectorError::new(FailureKind::Mapping, detail)
    }
}

/// One value, or the list of several.
fn pick(found: Vec<&Value>) -> Option<Value> {
    match found[..] {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(Value::Array(found.into_iter().cloned().collect())),
    }
}
