//! What holds whatever a device sends and an admin enters.

use std::collections::HashSet;

use app::model::{
    equipment::EquipmentKind,
    failure::FailureKind,
    mapping::{MAX_NAME, Target},
    reading::Reading,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use server::{
    connectors::{ConnectorError, Sample},
    ingest::validate,
};

/// Characters that one text of a reading may have: what fits on an oven's page.
const LONGEST_TEXT: usize = 300;
/// Bytes of a sentence in the connection log. It may quote a path, a topic or the beginning of an answer.
const LONGEST_DETAIL: usize = 4_096;
/// Ingestion takes a source time for the future beyond this.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);

pub fn of_any(outcome: &Result<Sample, ConnectorError>) {
    if let Ok(sample) = outcome {
        of_sample(sample);
    }
}

fn of_sample(sample: &Sample) {
    let values = &sample.values;
    for (field, number) in values.numbers() {
        assert!(number.is_finite(), "{field} is {number}");
    }
    for name in values.temperature_zones.keys().chain(values.additional_sensors.keys()) {
        assert!(is_shown(name, MAX_NAME), "a name that no form accepts: {name:?}");
    }
    for (name, value) in &values.additional_sensors {
        match value {
            Value::Number(_) => {}
            Value::String(text) => assert!(is_shown(text, LONGEST_TEXT), "{name} is {text:?}"),
            other => panic!("{name} is {other}"),
        }
    }
    for issue in &sample.issues {
        assert!(Target::parse(&issue.field).is_some(), "an issue of no field: {:?}", issue.field);
    }
    let mut codes = HashSet::new();
    for alarm in sample.alarms.iter().flatten() {
        assert!(codes.insert(&alarm.code), "two alarms are called {:?}", alarm.code);
        assert!(is_shown(&alarm.code, LONGEST_TEXT), "an alarm is called {:?}", alarm.code);
        assert!(is_shown(&alarm.message, LONGEST_TEXT), "an alarm says {:?}", alarm.message);
    }
    of_reading(sample);
}

/// Validated, as it is shown and stored.
fn of_reading(sample: &Sample) {
    let (now, sample) = (Timestamp::now(), copy(sample));
    let reading = validate(sample, EquipmentKind::Deck, now, 5);
    assert!(reading.reading_time.duration_since(now) <= AHEAD, "measured at {}", reading.reading_time);
    for (field, number) in reading.good().numbers() {
        assert!(reading.is_usable(&field), "{field} = {number} is bad and shown");
    }
    let text = serde_json::to_string(&reading).expect("a reading is JSON");
    let back: Reading = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(back.values.numbers().len(), reading.values.numbers().len(), "numbers are lost: {text}");
}

/// Of a failure to make a reading of a payload.
pub fn of_failure(error: &ConnectorError, settings_fit: bool) {
    assert!(!error.detail.is_empty() && error.detail.len() <= LONGEST_DETAIL, "it says {:?}", error.detail);
    // An admin is not told to mend settings because of what a device sends.
    assert!(!settings_fit || error.kind != FailureKind::Config, "settings are blamed: {}", error.detail);
}

/// What the form accepts is never refused later, and the other way round.
pub fn of_settings(accepted: bool, outcome: &Result<Sample, ConnectorError>) {
    let refused = outcome.as_ref().err().filter(|error| error.kind == FailureKind::Config);
    match refused {
        Some(error) => assert!(!accepted, "accepted, and refused later: {}", error.detail),
        None => assert!(accepted, "refused, and read nevertheless"),
    }
}

fn is_shown(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// A sample has a receipt, which cannot be copied.
fn copy(sample: &Sample) -> Sample {
    Sample {
        measured_at: sample.measured_at,
        values: sample.values.clone(),
        issues: sample.issues.clone(),
        alarms: sample.alarms.clone(),
        ..Sample::default()
    }
}
