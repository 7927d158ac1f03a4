//! Sparkplug B (Eclipse Sparkplug Specification 3.0.0): births, aliases, sequence numbers, deaths.
//!
//! The schema is that of `srad-types`. Its host application is not used: it keeps all nodes of a broker in one state and
//! acknowledges by itself, where here each oven has a connection of its own and acknowledges what is stored.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use app::model::{failure::FailureKind, reading::QualityReason};
use jiff::Timestamp;
use prost::Message as _;
use serde_json::{Value, json};
use srad_types::payload::{self, Metric, Payload, metric};

use super::state::State;
use crate::connectors::{ConnectorError, float};

/// A node that does not answer a request for its birth is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// Metrics of one node beyond which more are passed over.
const MAX_METRICS: usize = 10_000;
/// `bdSeq`, `seq` and the rebirth command by the names of the specification (6.4.6, 6.4.7, 6.4.19).
const BIRTH_DEATH: &str = "bdSeq";
const REBIRTH: &str = "Node Control/Rebirth";
/// Quality codes of the property `Quality` (6.4.15): 0 bad, 192 good, 500 stale.
const GOOD: i64 = 192;

/// Which values are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub group: String,
    pub node: String,
    /// The node itself where absent.
    pub device: Option<String>,
}

impl Address {
    /// Births and deaths of the node concern its devices too.
    pub fn filter(&self) -> String {
        format!("spBv1.0/{}/+/{}/#", self.group, self.node)
    }
}

/// A request to the node to say everything again.
pub struct Rebirth {
    pub topic: String,
    pub payload: Vec<u8>,
}

/// What is known of the edge node.
pub struct Edge {
    address: Address,
    alias: HashMap<u64, String>,
    names: usize,
    born: bool,
    birth_death: Option<u64>,
    seq: Option<u8>,
    wants_rebirth: bool,
    asked: Option<Instant>,
}

/// A topic of the namespace: `spBv1.0/group/TYPE/node[/device]` (4.1).
struct Topic<'a> {
    kind: &'a str,
    device: Option<&'a str>,
}

impl Edge {
    pub fn new(address: Address) -> Self {
        Self {
            address,
            alias: HashMap::new(),
            names: 0,
            born: false,
            birth_death: None,
            seq: None,
            wants_rebirth: false,
            asked: None,
        }
    }

    /// After a new connection nothing is known until the next birth.
    pub fn forget(&mut self) {
        *self = Self::new(self.address.clone());
        // Births are not retained (5.4): who comes late asks.
        self.wants_rebirth = true;
    }

    /// Takes a message over; says whether any value changed.
    pub fn take(&mut self, topic: &str, payload: &[u8], state: &mut State) -> Result<bool, ConnectorError> {
        let Some(topic) = self.parse(topic).map(|topic| (topic.kind.to_owned(), topic.device.map(str::to_owned)))
        else {
            return Ok(false);
        };
        let (kind, device) = topic;
        let payload = Payload::decode(payload).map_err(|error| ConnectorError {
            connection_stands: true,
            ..ConnectorError::new(FailureKind::Protocol, format!("{kind}: not a Sparkplug B payload: {error}"))
        })?;
        let is_ours = device == self.address.device;
        match kind.as_str() {
            "NBIRTH" => {
                self.birth(&payload);
                Ok(is_ours && self.values(&payload, true, state))
            }
            "NDEATH" => self.node_death(&payload),
            "DBIRTH" => {
                self.follow(&payload);
                Ok(is_ours && self.values(&payload, true, state))
            }
            "DDEATH" => {
                self.follow(&payload);
                if is_ours {
                    return Err(ConnectorError::oven_away(format!(
                        "the node {} reports the device as gone",
                        self.address.node
                    )));
                }
                Ok(false)
            }
            "NDATA" | "DDATA" => {
                if !self.born {
                    self.wants_rebirth = true;
                    return Ok(false);
                }
                self.follow(&payload);
                Ok(is_ours && self.values(&payload, false, state))
            }
            _ => Ok(false),
        }
    }

    /// The request that is due, at most one in ten seconds.
    pub fn rebirth(&mut self) -> Option<Rebirth> {
        if !self.wants_rebirth || self.asked.is_some_and(|asked| asked.elapsed() < ASK_AGAIN) {
            return None;
        }
        self.asked = Some(Instant::now());
        let metric = Metric {
            name: Some(REBIRTH.to_owned()),
            datatype: Some(payload::DataType::Boolean as u32),
            timestamp: Some(Timestamp::now().as_millisecond() as u64),
            value: Some(metric::Value::BooleanValue(true)),
            ..Metric::default()
        };
        let payload = Payload {
            timestamp: Some(Timestamp::now().as_millisecond() as u64),
            metrics: vec![metric],
            ..Payload::default()
        };
        let topic = format!("spBv1.0/{}/NCMD/{}", self.address.group, self.address.node);
        Some(Rebirth { topic, payload: payload.encode_to_vec() })
    }

    fn parse<'a>(&self, topic: &'a str) -> Option<Topic<'a>> {
        let mut levels = topic.split('/');
        let is_it = levels.next()? == "spBv1.0" && levels.next()? == self.address.group;
        let kind = levels.next()?;
        let is_it = is_it && levels.next()? == self.address.node;
        let device = levels.next();
        (is_it && levels.next().is_none()).then_some(Topic { kind, device })
    }

    /// A birth of the node names everything anew (6.4.16).
    fn birth(&mut self, payload: &Payload) {
        self.alias.clear();
        self.names = 0;
        self.born = true;
        self.wants_rebirth = false;
        self.seq = payload.seq.map(|seq| seq as u8);
        self.birth_death = birth_death(payload);
    }

    fn node_death(&mut self, payload: &Payload) -> Result<bool, ConnectorError> {
        // The will of a session that was followed by another one (6.4.20).
        if let (Some(death), Some(birth)) = (birth_death(payload), self.birth_death)
            && death != birth
        {
            return Ok(false);
        }
        self.born = false;
        Err(ConnectorError::oven_away(format!("the node {} is gone", self.address.node)))
    }

    /// Checks the sequence (6.4.7): a gap means that a message was lost, and only a birth tells what it said.
    fn follow(&mut self, payload: &Payload) {
        let Some(seq) = payload.seq.map(|seq| seq as u8) else { return };
        if self.seq.is_some_and(|before| before.wrapping_add(1) != seq) {
            self.wants_rebirth = true;
        }
        self.seq = Some(seq);
    }

    fn values(&mut self, payload: &Payload, is_birth: bool, state: &mut State) -> bool {
        let mut changed = false;
        for metric in &payload.metrics {
            let name = match (&metric.name, metric.alias) {
                (Some(name), alias) => {
                    if is_birth
                        && let Some(alias) = alias
                        && self.names < MAX_METRICS
                    {
                        self.names += 1;
                        self.alias.insert(alias, name.clone());
                    }
                    name.clone()
                }
                (None, Some(alias)) => {
                    let Some(name) = self.alias.get(&alias) else {
                        self.wants_rebirth = true;
                        continue;
                    };
                    name.clone()
                }
                (None, None) => continue,
            };
            if metric.is_historical == Some(true) {
                continue;
            }
            let at = metric.timestamp.or(payload.timestamp).and_then(|ms| Timestamp::from_millisecond(ms as i64).ok());
            changed |= state.set(&name, value(metric), flaw(metric), at);
        }
        changed
    }
}

fn birth_death(payload: &Payload) -> Option<u64> {
    let metric = payload.metrics.iter().find(|metric| metric.name.as_deref() == Some(BIRTH_DEATH))?;
    match metric.value {
        Some(metric::Value::LongValue(number)) => Some(number),
        Some(metric::Value::IntValue(number)) => Some(u64::from(number)),
        _ => None,
    }
}

/// A metric's value; signed whole numbers travel as the two's complement of unsigned ones (6.4.16).
fn value(metric: &Metric) -> Option<Value> {
    use payload::DataType as T;
    if metric.is_null == Some(true) {
        return None;
    }
    let datatype = metric.datatype.and_then(|number| T::try_from(number as i32).ok());
    Some(match metric.value.as_ref()? {
        metric::Value::IntValue(number) => match datatype {
            Some(T::Int8) => json!(*number as i8),
            Some(T::Int16) => json!(*number as i16),
            Some(T::Int32) => json!(*number as i32),
            _ => json!(number),
        },
        metric::Value::LongValue(number) => match datatype {
            Some(T::Int64) => json!(*number as i64),
            _ => json!(number),
        },
        metric::Value::FloatValue(number) => float::json(float::shortest(*number)),
        metric::Value::DoubleValue(number) => float::json(*number),
        metric::Value::BooleanValue(flag) => json!(flag),
        metric::Value::StringValue(text) => json!(text),
        _ => return None,
    })
}

fn flaw(metric: &Metric) -> Option<QualityReason> {
    let set = metric.properties.as_ref()?;
    let index = set.keys.iter().position(|key| key == "Quality")?;
    let code = match set.values.get(index)?.value.as_ref()? {
        payload::property_value::Value::IntValue(code) => i64::from(*code),
        payload::property_value::Value::LongValue(code) => *code as i64,
        _ => return None,
    };
    match code {
        GOOD => None,
        0 => Some(QualityReason::DeviceFault),
        _ => Some(QualityReason::DeviceUncertain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::connectors::{Settings, mqtt::options::Options};

    const NODE: &str = "spBv1.0/bakery/NBIRTH/oven1";

    fn options() -> Options {
        let config = json!({
            "payload": "sparkplug_b", "group_id": "bakery", "edge_node_id": "oven1",
            "mapping": [
                {"target": "temperature", "path": "Chamber/Temp"},
                {"target": "humidity", "path": "Chamber/Humidity"},
            ],
        });
        Options::parse(&Settings::for_tests("broker", config)).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn edge() -> (Edge, State) {
        let options = options();
        let super::super::Payload::Sparkplug(address) = &options.payload else { panic!("Sparkplug") };
        (Edge::new(address.clone()), State::new(&options).unwrap_or_else(|errors| panic!("{errors:?}")))
    }

    fn number(name: Option<&str>, alias: Option<u64>, value: f64) -> Metric {
        Metric {
            name: name.map(str::to_owned),
            alias,
            value: Some(metric::Value::DoubleValue(value)),
            datatype: Some(payload::DataType::Double as u32),
            ..Metric::default()
        }
    }

    fn message(seq: u64, metrics: Vec<Metric>) -> Vec<u8> {
        Payload { timestamp: Some(1_772_000_000_000), seq: Some(seq), metrics, ..Payload::default() }.encode_to_vec()
    }

    fn bd_seq(number: u64) -> Metric {
        Metric {
            name: Some(BIRTH_DEATH.to_owned()),
            value: Some(metric::Value::LongValue(number)),
            ..Metric::default()
        }
    }

    fn birth() -> Vec<u8> {
        message(
            0,
            vec![
                bd_seq(7),
                number(Some("Chamber/Temp"), Some(1), 200.0),
                number(Some("Chamber/Humidity"), Some(2), 40.0),
            ],
        )
    }

    #[test]
    fn data_by_alias_after_a_birth() {
        let (mut edge, mut state) = edge();
        assert!(edge.take(NODE, &birth(), &mut state).unwrap());
        assert!(
            edge.take("spBv1.0/bakery/NDATA/oven1", &message(1, vec![number(None, Some(1), 231.5)]), &mut state)
                .unwrap()
        );
        let sample = state.sample().unwrap();
        assert_eq!((sample.values.temperature, sample.values.humidity), (Some(231.5), Some(40.0)));
        assert_eq!(sample.measured_at.unwrap().as_millisecond(), 1_772_000_000_000);
        assert!(edge.rebirth().is_none());
    }

    #[test]
    fn a_gap_in_the_sequence_asks_for_a_birth_once() {
        let (mut edge, mut state) = edge();
        edge.take(NODE, &birth(), &mut state).unwrap();
        edge.take("spBv1.0/bakery/NDATA/oven1", &message(3, vec![number(None, Some(1), 1.0)]), &mut state).unwrap();
        let asked = edge.rebirth().expect("a message was lost");
        assert_eq!(asked.topic, "spBv1.0/bakery/NCMD/oven1");
        assert!(edge.rebirth().is_none(), "not again at once");
        edge.take(NODE, &birth(), &mut state).unwrap();
        assert!(!edge.wants_rebirth);
    }

    #[test]
    fn data_without_a_birth_is_not_guessed() {
        let (mut edge, mut state) = edge();
        let took = edge.take("spBv1.0/bakery/NDATA/oven1", &message(9, vec![number(None, Some(1), 1.0)]), &mut state);
        assert!(!took.unwrap() && edge.rebirth().is_some() && state.is_empty());
    }

    #[test]
    fn only_the_death_of_this_session_counts() {
        let (mut edge, mut state) = edge();
        edge.take(NODE, &birth(), &mut state).unwrap();
        let death = |number| message(0, vec![bd_seq(number)]);
        assert!(!edge.take("spBv1.0/bakery/NDEATH/oven1", &death(6), &mut state).unwrap());
        let away = edge.take("spBv1.0/bakery/NDEATH/oven1", &death(7), &mut state).unwrap_err();
        assert!(away.connection_stands && away.kind == FailureKind::Unreachable);
    }

    #[test]
    fn devices_and_other_nodes_are_told_apart() {
        let (mut edge, mut state) = edge();
        for topic in
            ["spBv1.0/bakery/NBIRTH/oven2", "spBv1.0/other/NBIRTH/oven1", "spBv1.0/bakery/DBIRTH/oven1/deck", "x"]
        {
            assert!(!edge.take(topic, &birth(), &mut state).unwrap(), "{topic}");
        }
    }

    #[test]
    fn null_quality_and_negative_numbers() {
        let (mut edge, mut state) = edge();
        let negative = Metric {
            value: Some(metric::Value::IntValue((-5_i32) as u32)),
            datatype: Some(payload::DataType::Int32 as u32),
            ..number(Some("Chamber/Temp"), None, 0.0)
        };
        let null = Metric { is_null: Some(true), value: None, ..number(Some("Chamber/Humidity"), None, 0.0) };
        edge.take(NODE, &message(0, vec![negative, null]), &mut state).unwrap();
        let sample = state.sample().unwrap();
        assert_eq!((sample.values.temperature, sample.values.humidity), (Some(-5.0), None));
    }

    proptest! {
        #[test]
        fn no_payload_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (mut edge, mut state) = edge();
            let _ = edge.take(NODE, &bytes, &mut state);
        }
    }
}
