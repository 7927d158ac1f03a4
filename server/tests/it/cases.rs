//! Recorded payloads: `tests/cases/<driver>/<case>/`, each replayed through its driver without any I/O.
//!
//! A case is a folder with
//! - `config.json`: `{"endpoint", "port"?, "interval_s"?, "timezone"?, "config": {…, "mapping": […]}, "credentials"?}`;
//!   times without a zone are in UTC unless `timezone` names another
//! - one `input.*`: the payload in the form that the driver's replay documents
//! - `expected.json`: `{"values", "measured_at"?, "issues"?, "alarms"?, "backfilled"?}` with the values that there are
//!   and no others (numbers within a billionth), or `error.txt`: the kind of the failure and a part of its detail

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};
use server::connectors::{self, ConnectorError, Replay, Sample, recorded::Recorded};

/// A driver that replays has at least so many cases.
pub const FEWEST: usize = 6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    values: Value,
    measured_at: Option<String>,
    #[serde(default)]
    issues: Vec<Value>,
    alarms: Option<Value>,
    #[serde(default)]
    backfilled: bool,
}

/// The folders in a folder, by name.
pub fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let paths: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    paths.into_iter().collect()
}

/// Where a driver's cases are; those of all drivers without one.
pub fn home(driver: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(driver)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn recorded_payloads_come_to_what_they_came_to_before() {
    let mut failures = Vec::new();
    for folder in folders(&home("")) {
        let driver = connectors::find(&name(&folder)).filter(|driver| driver.manifest.id == name(&folder));
        let Some(replay) = driver.and_then(|driver| driver.replay) else {
            failures.push(format!("{}: no driver with this id replays", folder.display()));
            continue;
        };
        for case in folders(&folder) {
            if let Err(reason) = run(replay, &case) {
                failures.push(format!("{}/{}\n    {}", name(&folder), name(&case), reason.replace('\n', "\n    ")));
            }
        }
    }
    for driver in connectors::ALL.iter().filter(|driver| driver.replay.is_some()) {
        let id = driver.manifest.id;
        let count = folders(&home(id)).len();
        if count < FEWEST {
            failures.push(format!("{id}: {count} cases; at least {FEWEST} are wanted"));
        }
    }
    assert!(failures.is_empty(), "{} cases fail\n\n{}\n", failures.len(), failures.join("\n\n"));
}

fn run(replay: Replay, case: &Path) -> Result<(), String> {
    let files: BTreeSet<String> = fs::read_dir(case).unwrap().map(|entry| name(&entry.unwrap().path())).collect();
    let text = |file: &str| fs::read_to_string(case.join(file)).map_err(|error| format!("{file}: {error}"));
    let inputs: Vec<_> = files.iter().filter(|file| file.starts_with("input.")).collect();
    let [input] = inputs[..] else { return Err(format!("{} files `input.*`; one is wanted", inputs.len())) };
    if files.len() != 3 {
        return Err(format!("config.json, input.* and expected.json or error.txt are wanted; there are {files:?}"));
    }
    let settings = Recorded::parse(text("config.json")?.as_bytes())?.settings()?;
    let payload = fs::read(case.join(input)).map_err(|error| format!("{input}: {error}"))?;
    let outcome = catch_unwind(AssertUnwindSafe(|| replay(settings, &payload)))
        .map_err(|panic| format!("it panics: {}", panic.downcast_ref::<String>().map_or("…", String::as_str)))?;
    if files.contains("error.txt") {
        refused(&text("error.txt")?, outcome)
    } else {
        compared(&text("expected.json")?, outcome)
    }
}

fn refused(wanted: &str, outcome: Result<Sample, ConnectorError>) -> Result<(), String> {
    let (kind, detail) = wanted.trim().split_once(char::is_whitespace).unwrap_or((wanted.trim(), ""));
    match outcome {
        Ok(sample) => Err(format!("a failure of kind {kind} is expected; it is a reading: {:#}", found(&sample))),
        Err(error) if error.kind.as_str() == kind && error.detail.contains(detail.trim()) => Ok(()),
        Err(error) => Err(format!("- {kind} {}\n+ {} {}", detail.trim(), error.kind, error.detail)),
    }
}

fn compared(wanted: &str, outcome: Result<Sample, ConnectorError>) -> Result<(), String> {
    let wanted: Expected = serde_json::from_str(wanted).map_err(|error| format!("expected.json: {error}"))?;
    let sample = outcome.map_err(|error| format!("a reading is expected; it is {}: {}", error.kind, error.detail))?;
    let mut issues = wanted.issues;
    issues.sort_by_key(Value::to_string);
    let wanted = json!({
        "values": wanted.values, "measured_at": wanted.measured_at, "issues": issues, "alarms": wanted.alarms,
        "backfilled": wanted.backfilled,
    });
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    flatten("", &wanted, &mut left);
    flatten("", &found(&sample), &mut right);
    let paths: BTreeSet<_> = left.keys().chain(right.keys()).collect();
    let mut lines = Vec::new();
    for path in paths {
        let (wanted, found) = (left.get(path), right.get(path));
        if !same(wanted, found) {
            lines.extend(wanted.map(|value| format!("- {path} = {value}")));
            lines.extend(found.map(|value| format!("+ {path} = {value}")));
        }
    }
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

/// A sample in the form of `expected.json`.
fn found(sample: &Sample) -> Value {
    let mut issues: Vec<_> = sample.issues.iter().map(|issue| json!(issue)).collect();
    issues.sort_by_key(Value::to_string);
    json!({
        "values": sample.values, "measured_at": sample.measured_at, "issues": issues, "alarms": sample.alarms,
        "backfilled": sample.backfilled,
    })
}

/// Every value that is neither null nor empty, by its path.
fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    let at = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.iter().for_each(|(name, value)| flatten(&at(name), value, into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| flatten(&at(&index.to_string()), value, into));
        }
        value => {
            into.insert(path.to_owned(), value.clone());
        }
    }
}

fn same(wanted: Option<&Value>, found: Option<&Value>) -> bool {
    match (wanted.and_then(Value::as_f64), found.and_then(Value::as_f64)) {
        (Some(wanted), Some(found)) => (wanted - found).abs() <= 1e-9 * wanted.abs().max(1.0),
        _ => wanted == found,
    }
}

#[test]
fn a_difference_is_told_value_by_value() {
    let sample = || {
        let mut sample = Sample::default();
        sample.values.temperature = Some(0.1 + 0.2);
        sample.values.temperature_zones.insert("top".to_owned(), 200.0);
        Ok(sample)
    };
    let good = r#"{"values": {"temperature": 0.3, "temperature_zones": {"top": 200}}}"#;
    assert_eq!(compared(good, sample()), Ok(()));
    let bad = r#"{"values": {"temperature": 0.4, "humidity": 5}, "measured_at": "2026-01-01T00:00:00Z"}"#;
    let told = compared(bad, sample()).unwrap_err();
    let lines: Vec<_> = told.lines().collect();
    let expected = [
        r#"- measured_at = "2026-01-01T00:00:00Z""#,
        "- values.humidity = 5",
        "- values.temperature = 0.4",
        "+ values.temperature = 0.30000000000000004",
        "+ values.temperature_zones.top = 200.0",
    ];
    assert_eq!(lines, expected);
    let error = || Err(ConnectorError::new(app::model::failure::FailureKind::Mapping, "none of the values"));
    assert_eq!(refused("mapping none of", error()), Ok(()));
    assert!(refused("mapping all of", error()).is_err() && refused("protocol none of", error()).is_err());
    assert!(refused("mapping", sample()).is_err() && compared(good, error()).is_err());
}
