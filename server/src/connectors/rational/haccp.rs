//! HACCP records and cooking programs of ConnectedCooking, as further values of an oven.
//!
//! The manufacturer documents that records are revised after the batch (so they are kept by id and replaced), that their
//! unit is C or F and their duration in seconds. The names within a record are not documented: several are tried.

use std::collections::BTreeMap;

use app::model::unit::Unit;
use serde_json::{Map, Value, json};

/// A month of an oven has fewer; the oldest go first.
const MAX_RECORDS: usize = 500;

/// The records that came so far, by id.
#[derive(Default)]
pub struct Records {
    by_id: BTreeMap<String, Map<String, Value>>,
}

impl Records {
    /// Takes over what came, and says what the newest unfinished record and the oven's own state mean.
    pub fn derive(&mut self, answers: &Map<String, Value>, unit_id: &str) -> Value {
        if let Some(answer) = answers.get("haccps") {
            self.upsert(answer, unit_id);
        }
        let programs = answers.get("programs").map(list).unwrap_or_default();
        // A record that the manufacturer no longer lists may have ended unseen: it says nothing of now.
        let listed: Vec<String> = answers
            .get("haccps")
            .map(list)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|record| text(record, &["id", "uuid", "batchId"]))
            .collect();
        let current = self.by_id.iter().filter(|(id, record)| listed.contains(id) && !finished(record));
        let newest = current.map(|(_, record)| record).max_by_key(|record| started(record));
        let mut derived = newest.map(|record| describe(record, &programs)).unwrap_or_default();
        if let Some(status) = status(answers.get("data"), newest) {
            derived.insert("status".to_owned(), status);
        }
        Value::Object(derived)
    }

    fn upsert(&mut self, answer: &Value, unit_id: &str) {
        for record in list(answer) {
            let unit = text(record, &["unitId", "unit_id", "deviceId", "applianceId"]);
            let Some(id) = text(record, &["id", "uuid", "batchId"]) else { continue };
            if unit.is_none_or(|unit| unit_id.is_empty() || unit == unit_id) {
                self.by_id.insert(id, record.clone());
            }
        }
        while self.by_id.len() > MAX_RECORDS {
            let oldest = self.by_id.iter().min_by_key(|(_, record)| started(record)).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { return };
            self.by_id.remove(&oldest);
        }
    }
}

/// The entries of a list, also where it is wrapped in a page.
fn list(answer: &Value) -> Vec<&Map<String, Value>> {
    let wrapped = ["content", "items", "data", "haccps"].iter().find_map(|name| answer.get(name)?.as_array());
    answer.as_array().or(wrapped).into_iter().flatten().filter_map(Value::as_object).collect()
}

fn first<'a>(record: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| record.get(*name).filter(|value| !value.is_null()))
}

fn text(record: &Map<String, Value>, names: &[&str]) -> Option<String> {
    match first(record, names)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(record: &Map<String, Value>, names: &[&str]) -> Option<f64> {
    match first(record, names)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().replacen(',', ".", 1).parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

fn finished(record: &Map<String, Value>) -> bool {
    let flag = first(record, &["finished"]).and_then(Value::as_bool);
    flag.unwrap_or_else(|| first(record, &["end", "endTime", "finishedAt"]).is_some())
}

/// Numbers are milliseconds; RFC 3339 texts of one server sort as they are.
fn started(record: &Map<String, Value>) -> (i64, String) {
    let at = first(record, &["start", "startTime", "startedAt", "created"]);
    let text = at.and_then(Value::as_str).unwrap_or_default().to_owned();
    (at.and_then(Value::as_i64).unwrap_or_default(), text)
}

fn describe(record: &Map<String, Value>, programs: &[&Map<String, Value>]) -> Map<String, Value> {
    let mut found = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            found.insert(name.to_owned(), value);
        }
    };
    let fahrenheit = text(record, &["unit", "temperatureUnit"]).is_some_and(|unit| unit.to_uppercase().ends_with('F'));
    let celsius = |names: &[&str]| {
        let value = number(record, names)?;
        Some(json!(if fahrenheit { Unit::Fahrenheit.to_stored(value) } else { value }))
    };
    set("id", text(record, &["id", "uuid", "batchId"]).map(Value::from));
    set("program", program(record, programs).map(Value::from));
    set("progress", number(record, &["progress", "progressPercentage"]).map(Value::from));
    set("duration", number(record, &["duration"]).map(Value::from));
    set("cabinet_celsius", celsius(&["cabinetTemperature", "cabinet", "chamberTemperature"]));
    set("core_celsius", celsius(&["coreTemperature", "core"]));
    set("energy_kwh", number(record, &["energy", "energyConsumption"]).map(Value::from));
    found
}

/// The record's own name of its program, or that of the program which it refers to.
fn program(record: &Map<String, Value>, programs: &[&Map<String, Value>]) -> Option<String> {
    let own = text(record, &["programName", "cookingProgramName", "program", "name"]);
    own.or_else(|| {
        let wanted = text(record, &["programId", "programUuid", "cookingProgramId"])?;
        let is_wanted = |program: &&&Map<String, Value>| {
            ["id", "uuid"].iter().any(|key| text(program, &[key]).as_deref() == Some(wanted.as_str()))
        };
        programs.iter().find(is_wanted).and_then(|program| text(program, &["name"]))
    })
}

/// The oven's own word; `cleaning` where it cleans itself, whatever it says beside that.
fn status(data: Option<&Value>, record: Option<&Map<String, Value>>) -> Option<Value> {
    let cleans = |value: &Value| match value {
        Value::Bool(cleans) => *cleans,
        Value::String(word) => ["active", "running", "in_progress", "true"].contains(&word.to_lowercase().as_str()),
        Value::Object(state) => {
            let said = first(state, &["active", "running", "in_progress", "status"]);
            said.is_some_and(|said| said == &Value::Bool(true) || said == "active" || said == "running")
        }
        _ => false,
    };
    if let Some(data) = data.and_then(Value::as_object) {
        if first(data, &["cleaning", "cleaning_status", "cleaningStatus"]).is_some_and(cleans) {
            return Some("cleaning".into());
        }
        return first(data, &["operational_status", "status", "mode"]).cloned();
    }
    let kind = record.map(|record| text(record, &["filter", "type", "category"]).unwrap_or_default().to_lowercase());
    kind.map(|kind| if kind == "care" || kind == "cleaning" { "cleaning".into() } else { "running".into() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answers(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_revised_record_replaces_itself() {
        let mut records = Records::default();
        let first = answers(json!({"haccps": [
            {"id": 1, "start": "2026-01-01T05:00:00Z", "finished": false, "programId": "p", "coreTemperature": 161.6, "unit": "F"},
            {"id": 2, "start": "2026-01-01T04:00:00Z", "finished": false, "programName": "older"},
        ], "programs": {"content": [{"uuid": "p", "name": "Croissant"}]}}));
        let derived = records.derive(&first, "");
        assert_eq!(
            (&derived["id"], &derived["program"], &derived["status"]),
            (&json!("1"), &json!("Croissant"), &json!("running"))
        );
        assert!((derived["core_celsius"].as_f64().unwrap() - 72.0).abs() < 1e-9);
        let ended = json!({"id": 1, "start": "2026-01-01T05:00:00Z", "finished": true});
        let older = json!({"id": 2, "start": "2026-01-01T04:00:00Z", "finished": false, "programName": "older"});
        let second = answers(json!({"haccps": [ended, older]}));
        assert_eq!(records.derive(&second, "")["program"], "older", "the newer one has ended");
        let third = answers(json!({"haccps": [ended]}));
        assert_eq!(records.derive(&third, "")["program"], Value::Null, "what is not listed says nothing of now");
    }

    #[test]
    fn cleaning_counts_before_the_oven_s_own_word() {
        let mut records = Records::default();
        for (cleaning, status) in [
            (json!({"active": true}), "cleaning"),
            (json!(true), "cleaning"),
            (json!("done"), "on"),
            (json!(null), "on"),
        ] {
            let derived = records.derive(&answers(json!({"data": {"status": "on", "cleaning": cleaning}})), "7");
            assert_eq!(derived["status"], status);
        }
        let other = json!({"haccps": [{"id": 1, "unitId": "8", "programName": "of another oven"}]});
        assert_eq!(records.derive(&answers(other), "7").get("program"), None);
    }

    proptest! {
        #[test]
        fn no_answer_panics(text in "[\\[\\]{}\",:a-z0-9 ]{0,120}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                Records::default().derive(&answers(json!({"haccps": value, "data": value, "programs": value})), "1");
            }
        }
    }
}
