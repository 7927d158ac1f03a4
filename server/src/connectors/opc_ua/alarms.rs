//! Alarm conditions (OPC 10000-9): events that say that a fault stands, or no longer.

use std::collections::BTreeMap;

use app::model::alert::{AlertSeverity, DeviceAlarm};
use opcua::types::{
    AttributeId, CallMethodRequest, ContentFilter, EventFilter, ExtensionObject, MethodId, MonitoredItemCreateRequest,
    MonitoringMode, MonitoringParameters, NodeId, NumericRange, ObjectId, ObjectTypeId, QualifiedName,
    SimpleAttributeOperand, TimestampsToReturn, Variant,
};

use super::{session::Session, state::Plan, subscription::attribute, timestamp, value::json};
use crate::connectors::{ConnectorError, text};

/// Bit of the attribute EventNotifier (OPC 10000-3, 8.59): events can be subscribed to.
const SUBSCRIBES: u8 = 1;
/// Events that the server may keep between two notifications.
const QUEUE: u32 = 100;
/// Faults of one oven beyond which more are not told apart.
const MAX_STANDING: usize = 200;

/// Whose events are taken.
pub struct Source {
    node: NodeId,
    name: String,
    /// Everything that comes is about the machine, for the machine sends it itself.
    is_machine: bool,
    /// The server was asked for what stands already, and says it with its next notifications. Where it cannot be asked,
    /// nothing is known until the first event.
    pub refreshed: bool,
}

/// Fields of an event, in the order of the select clauses.
const FIELDS: [(&[&str], ObjectTypeId); 9] = [
    (&["SourceNode"], ObjectTypeId::BaseEventType),
    (&["SourceName"], ObjectTypeId::BaseEventType),
    (&["Time"], ObjectTypeId::BaseEventType),
    (&["Message"], ObjectTypeId::BaseEventType),
    (&["Severity"], ObjectTypeId::BaseEventType),
    (&["ConditionName"], ObjectTypeId::ConditionType),
    (&["Retain"], ObjectTypeId::ConditionType),
    (&["ActiveState"], ObjectTypeId::AlarmConditionType),
    (&["ActiveState", "Id"], ObjectTypeId::AlarmConditionType),
];

/// Adds the machine's events to a subscription; nothing where the server sends none.
pub async fn subscribe(
    session: &Session,
    plan: &Plan,
    subscription: u32,
    handle: u32,
) -> Result<Option<Source>, ConnectorError> {
    let Some((node, name)) = plan.alarms.clone() else { return Ok(None) };
    let sends = session.read_attributes(std::slice::from_ref(&node), AttributeId::EventNotifier).await?;
    let is_machine = matches!(sends[0].value, Some(Variant::Byte(bits)) if bits & SUBSCRIBES != 0);
    let emitter = if is_machine { node.clone() } else { ObjectId::Server.into() };
    let request = MonitoredItemCreateRequest {
        item_to_monitor: attribute(&emitter, AttributeId::EventNotifier),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: handle,
            sampling_interval: 0.0,
            filter: ExtensionObject::from_message(filter()),
            queue_size: QUEUE,
            discard_oldest: true,
        },
    };
    let made = session.client.create_monitored_items(subscription, TimestampsToReturn::Neither, vec![request]).await;
    // A server without events is no worse for the values that it has.
    let accepted = session.check(made)?.first().is_some_and(|made| made.result.status_code.is_good());
    if !accepted {
        return Ok(None);
    }
    // Asks for the conditions that stand already (OPC 10000-9, 5.5.7); many servers do not offer it.
    let refresh: CallMethodRequest = (
        NodeId::from(ObjectTypeId::ConditionType),
        NodeId::from(MethodId::ConditionType_ConditionRefresh),
        Some(vec![Variant::from(subscription)]),
    )
        .into();
    let refreshed = session.client.call_one(refresh).await.is_ok_and(|result| result.status_code.is_good());
    Ok(Some(Source { node, name, is_machine, refreshed }))
}

fn filter() -> EventFilter {
    let mut clauses: Vec<SimpleAttributeOperand> = FIELDS
        .iter()
        .map(|(path, of)| SimpleAttributeOperand {
            type_definition_id: (*of).into(),
            browse_path: Some(path.iter().map(|name| QualifiedName::new(0, *name)).collect()),
            attribute_id: AttributeId::Value as u32,
            index_range: NumericRange::None,
        })
        .collect();
    // The condition itself: the same fault has the same one. The path is empty, not absent: some servers fail at that.
    clauses.push(SimpleAttributeOperand {
        type_definition_id: ObjectTypeId::ConditionType.into(),
        browse_path: Some(Vec::new()),
        attribute_id: AttributeId::NodeId as u32,
        index_range: NumericRange::None,
    });
    EventFilter { select_clauses: Some(clauses), where_clause: ContentFilter { elements: None } }
}

impl Source {
    /// Takes an event over; says whether it was about a condition of the machine.
    pub fn apply(&self, fields: &[Variant], standing: &mut BTreeMap<String, DeviceAlarm>) -> bool {
        let text = |index: usize| fields.get(index).and_then(json).and_then(|v| v.as_str().map(str::to_owned));
        let flag = |index: usize| fields.get(index).and_then(json).and_then(|value| value.as_bool());
        let source = text(1).unwrap_or_default();
        let is_ours = self.is_machine
            || source.contains(&self.name)
            || matches!(fields.first(), Some(Variant::NodeId(node)) if **node == self.node);
        let (state, name) = (text(7), text(5).filter(|name| !name.is_empty()));
        // Events that are no conditions stand for nothing.
        if !is_ours || state.is_none() && flag(8).is_none() && name.is_none() {
            return false;
        }
        let message = text(3).unwrap_or_default();
        // Two chambers may have a condition of the same name.
        let code = match name {
            Some(name) if source.is_empty() || source == self.name => name,
            Some(name) => format!("{source} {name}"),
            None => source.clone(),
        };
        let condition = match fields.get(FIELDS.len()) {
            Some(Variant::NodeId(id)) if !id.is_null() => id.to_string(),
            _ => format!("{source}/{code}"),
        };
        let is_active = flag(8)
            .or_else(|| {
                state.map(|state| ["active", "aktiv", "activo", "activa"].contains(&state.to_lowercase().as_str()))
            })
            .or_else(|| flag(6))
            .unwrap_or(false);
        if !is_active {
            standing.remove(&condition);
            return true;
        }
        if standing.len() >= MAX_STANDING && !standing.contains_key(&condition) {
            return true;
        }
        let Some(code) = text::shown(&code) else { return true };
        let alarm = DeviceAlarm {
            message: text::shown(&message).unwrap_or_else(|| code.clone()),
            code,
            severity: severity(fields.get(4).and_then(json).and_then(|value| value.as_u64()).unwrap_or(500)),
            since: match fields.get(2) {
                Some(Variant::DateTime(time)) => timestamp(time),
                _ => None,
            },
        };
        standing.insert(condition, alarm);
        true
    }
}

/// OPC 10000-9, 5.5.2 and annex B: 1 to 333 low, to 666 medium, to 1,000 high.
fn severity(number: u64) -> AlertSeverity {
    match number {
        0..=333 => AlertSeverity::Info,
        334..=666 => AlertSeverity::Warning,
        _ => AlertSeverity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use opcua::types::LocalizedText;

    use super::*;

    fn event(source: &str, state: &str, severity: u16) -> Vec<Variant> {
        let text = |text: &str| Variant::LocalizedText(Box::new(LocalizedText::from(text)));
        vec![
            Variant::Empty,
            Variant::from(source),
            Variant::Empty,
            text("over-temperature"),
            Variant::from(severity),
            Variant::from("E042"),
            Variant::Empty,
            text(state),
            Variant::Empty,
            Variant::Empty,
        ]
    }

    #[test]
    fn a_fault_stands_until_it_is_inactive() {
        let source =
            Source { node: NodeId::null(), name: "CombiSteamer01".to_owned(), is_machine: false, refreshed: false };
        let mut standing = BTreeMap::new();
        assert!(source.apply(&event("CombiSteamer01", "Active", 700), &mut standing));
        let alarm = standing.values().next().unwrap();
        assert_eq!((alarm.code.as_str(), alarm.severity), ("E042", AlertSeverity::Critical));
        assert!(source.apply(&event("CombiSteamer01", "Active", 700), &mut standing) && standing.len() == 1);
        assert!(!source.apply(&event("DeckOven01", "Active", 700), &mut standing), "another machine's");
        assert!(source.apply(&event("CombiSteamer01", "Inactive", 100), &mut standing) && standing.is_empty());
    }

    #[test]
    fn what_a_fault_is_called_is_cut_to_what_can_be_shown() {
        let source = Source { node: NodeId::null(), name: String::new(), is_machine: true, refreshed: false };
        let mut standing = BTreeMap::new();
        let mut fields = event("", "Active", 700);
        fields[3] = Variant::from("too\u{7} hot");
        fields[5] = Variant::from("E".repeat(1_000));
        source.apply(&fields, &mut standing);
        let alarm = standing.values().next().unwrap();
        assert_eq!((alarm.message.as_str(), alarm.code.len()), ("too hot", 300));
    }

    #[test]
    fn events_that_are_no_conditions_are_passed_over() {
        let source = Source { node: NodeId::null(), name: String::new(), is_machine: true, refreshed: false };
        let mut standing = BTreeMap::new();
        assert!(!source.apply(&[], &mut standing));
        assert!(
            !source.apply(&[Variant::Empty, Variant::from("x"), Variant::Empty, Variant::from("hello")], &mut standing)
        );
    }
}
