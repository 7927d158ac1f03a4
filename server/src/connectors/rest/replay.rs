//! Recorded answers without I/O.
//!
//! The input of a recorded case is the first endpoint's answer, byte for byte. Where several endpoints answer, it is one
//! JSON object `{"answers": {"<endpoint>": <its answer>, …}}`; an endpoint that is left out did not answer.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{
    plan::{Described, plan},
    request::parse_json,
};
use crate::connectors::{ConnectorError, Sample, Settings};

pub fn replay(described: Described, settings: &Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
    let (mut plan, ..) = plan(described, settings).map_err(|errors| ConnectorError::settings(&errors))?;
    let answer = parse_json(input, "the oven")?;
    let answers = match answer {
        Value::Object(mut object) if object.len() == 1 && object.get("answers").is_some_and(Value::is_object) => {
            match object.remove("answers") {
                Some(Value::Object(answers)) => answers,
                _ => Map::new(),
            }
        }
        answer => Map::from_iter([(plan.endpoints[0].name.clone(), answer)]),
    };
    plan.sample(&answers, Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use app::model::{alert::DeviceAlarm, reading::QualityIssue};
    use serde_json::json;

    use super::*;
    use crate::{
        connectors::{Settings, find},
        secrets::Credentials,
    };

    /// Every recorded case of the drivers that are made of this module.
    #[test]
    fn recorded_answers_become_what_was_expected() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        for protocol in ["rest_api", "rational", "wachtel", "salva", "custom"] {
            let folders: Vec<_> =
                fs::read_dir(root.join(protocol)).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(folders.len() >= 6, "{protocol} has {}", folders.len());
            for folder in folders {
                let read = |name: &str| fs::read(folder.join(name)).ok();
                let case: Value = serde_json::from_slice(&read("config.json").unwrap()).unwrap();
                let credentials = case.get("credentials").cloned().unwrap_or_else(|| json!({}));
                let settings = Settings {
                    credentials: Credentials::from_json(credentials).unwrap(),
                    ..Settings::for_tests(case["endpoint"].as_str().unwrap(), case["config"].clone())
                };
                let input = read("input.json").unwrap();
                let found = (find(protocol).unwrap().replay.unwrap())(settings, &input);
                let at = folder.display();
                if let Some(error) = read("error.txt") {
                    let error = String::from_utf8(error).unwrap();
                    let (kind, says) = error.trim().split_once(' ').unwrap();
                    let found = found.expect_err(&at.to_string());
                    assert_eq!(found.kind.as_str(), kind, "{at}: {found}");
                    assert!(found.detail.contains(says), "{at}: {found}");
                    continue;
                }
                let found = found.unwrap_or_else(|error| panic!("{at}: {error}"));
                let expected: Value = serde_json::from_slice(&read("expected.json").unwrap()).unwrap();
                let values = serde_json::from_value(expected["values"].clone()).unwrap();
                assert_eq!(found.values, values, "{at}");
                let issues: Vec<QualityIssue> = serde_json::from_value(expected["issues"].clone()).unwrap();
                assert_eq!(found.issues, issues, "{at}");
                let alarms: Option<Vec<DeviceAlarm>> =
                    expected.get("alarms").map(|alarms| serde_json::from_value(alarms.clone()).unwrap());
                assert_eq!(found.alarms, alarms, "{at}");
                let measured_at = expected.get("measured_at").map(|at| at.as_str().unwrap().parse().unwrap());
                assert_eq!(found.measured_at, measured_at, "{at}");
            }
        }
    }
}
