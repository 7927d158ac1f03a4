//! Faults that an oven lists in one of its answers.

use app::model::alert::{AlertSeverity, DeviceAlarm};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::profile::Alarms;
use crate::connectors::{mapping, text};

/// More than an oven has faults; a longer list is a log.
const MAX_ALARMS: usize = 100;

/// Every fault that stands; nothing where the answer has no such list.
pub fn read(rules: &Alarms, answer: &Value, timezone: &TimeZone) -> Option<Vec<DeviceAlarm>> {
    let list = answer.pointer(&rules.list)?.as_array()?;
    let mut alarms: Vec<DeviceAlarm> = Vec::new();
    for entry in list {
        let at = |pointer: &Option<String>| pointer.as_ref().and_then(|pointer| entry.pointer(pointer));
        let over = at(&rules.active).is_some_and(|active| matches!(plain(active).as_deref(), Some("false" | "0")));
        let Some(code) = entry.pointer(&rules.code).and_then(plain).filter(|_| !over) else { continue };
        if alarms.len() == MAX_ALARMS || alarms.iter().any(|alarm| alarm.code == code) {
            continue;
        }
        let word = at(&rules.severity).and_then(plain);
        let severity = word.and_then(|word| {
            let listed = rules.severities.iter().find(|(key, _)| key.eq_ignore_ascii_case(&word));
            listed.map(|(_, severity)| *severity).or_else(|| AlertSeverity::parse(&word.to_lowercase()))
        });
        alarms.push(DeviceAlarm {
            message: at(&rules.message).and_then(plain).unwrap_or_else(|| code.clone()),
            code,
            severity: severity.unwrap_or(AlertSeverity::Warning),
            since: at(&rules.since).and_then(|since| mapping::time_of(since, timezone)),
        });
    }
    Some(alarms)
}

/// A text, number or flag as text, without what a page could not show.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    text::shown(&text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_that_stand_are_listed_once() {
        let rules = Alarms {
            endpoint: "data".to_owned(),
            list: "/alerts".to_owned(),
            code: "/id".to_owned(),
            message: Some("/text".to_owned()),
            severity: Some("/level".to_owned()),
            since: Some("/since".to_owned()),
            active: Some("/active".to_owned()),
            severities: [("hoch".to_owned(), AlertSeverity::Critical)].into(),
        };
        let answer = json!({"alerts": [
            {"id": 12, "text": "Heizung\u{7} defekt", "level": "HOCH", "since": 1_700_000_000_000_i64, "active": true},
            {"id": "12", "text": "twice"}, {"id": 13, "active": false}, {"text": "no code"}, 7, {"id": "S1", "level": "?"},
        ]});
        let found = read(&rules, &answer, &TimeZone::UTC).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].message.as_str(), found[0].severity), ("Heizung defekt", AlertSeverity::Critical));
        assert_eq!(found[0].since.unwrap().as_second(), 1_700_000_000);
        assert_eq!((found[1].message.as_str(), found[1].severity), ("S1", AlertSeverity::Warning));
        assert_eq!(read(&rules, &json!({"alerts": null}), &TimeZone::UTC), None);
    }
}
