use super::*;

fn keys(names: &[&str]) -> Vec<Key> {
    names.iter().map(|name| Key { name: (*name).to_owned(), unit: None }).collect()
}

fn mapped(profile: Profile, values: &Value) -> Vec<(String, Value)> {
    let mut flat = values.as_object().unwrap().clone();
    let keys: Vec<Key> = flat.keys().map(|name| Key { name: name.clone(), unit: None }).collect();
    profile.derive(&mut flat);
    let rules = profile.rules(&keys);
    rules.iter().filter_map(|rule| Some((rule.target.to_string(), flat.get(&rule.path)?.clone()))).collect()
}

fn value(found: &[(String, Value)], target: &str) -> Value {
    found.iter().find(|(name, _)| name == target).map_or(Value::Null, |(_, value)| value.clone())
}

#[test]
fn the_chamber_that_bakes_leads() {
    let found = mapped(
        Profile::Chambers,
        &json!({
            "Chamber_1/OperationMode": 3, "Chamber_1/ActualChamberTemperature_1": 95.0, "Chamber_1/IsDoorOpen": true,
            "Chamber_1/TimeRemaining": 0, "Chamber_1/SetProcessTimeProgram": 1200,
            "Chamber_2/OperationMode": 17, "Chamber_2/ActualChamberTemperature_1": 231.0, "Chamber_2/IsDoorOpen": false,
            "Chamber_2/TimeRemaining": 300, "Chamber_2/SetProcessTimeProgram": 1200,
            "Chamber_2/ActualTopTemperature_1": 240.0,
        }),
    );
    assert_eq!(value(&found, "temperature"), 231.0);
    assert_eq!(value(&found, "operational_status"), 17);
    assert_eq!(value(&found, "time_remaining_minutes"), 300);
    assert_eq!(value(&found, "cycle_progress_percentage"), 75.0);
    assert_eq!(value(&found, "door_status"), true, "a door is open");
    assert_eq!(value(&found, "temperature_zones.chamber 1"), 95.0);
    assert_eq!(value(&found, "temperature_zones.chamber 2 top"), 240.0);
    assert_eq!(value(&found, "additional_sensors.leading chamber"), 2);
}

#[test]
fn one_chamber_has_no_numbers() {
    let rules =
        Profile::Chambers.rules(&keys(&["Chamber_0/ActualChamberTemperature", "Chamber_0/ActualTopTemperature_1"]));
    let targets: Vec<_> = rules.iter().map(|rule| rule.target.to_string()).collect();
    assert_eq!(targets, ["temperature", "temperature_zones.top"]);
}

#[test]
fn only_what_a_combi_has_is_mapped_and_seconds_are_seconds() {
    let rules = Profile::CombiSteamer.rules(&keys(&[
        "CombiSteamer/CombiSteamerMode",
        "CombiSteamer/TimeRemainingProgram",
        "CombiSteamer/ActualTemperatureChamber_0",
    ]));
    let targets: Vec<_> = rules.iter().map(|rule| (rule.target.to_string(), rule.unit)).collect();
    assert_eq!(
        targets,
        [
            ("temperature".to_owned(), None),
            ("operational_status".to_owned(), None),
            ("cycle_stage".to_owned(), None),
            ("time_remaining_minutes".to_owned(), Some(Unit::Second)),
        ]
    );
}

#[test]
fn the_innermost_active_state_counts() {
    let at = "OperatingStates/WS_Cur_State";
    let found = mapped(
        Profile::Weihenstephan,
        &json!({
            format!("{at}/CurrentState"): "Cleared", format!("{at}/MachineState/CurrentState"): "Running",
            format!("{at}/MachineState/ExecuteState/CurrentState"): "Held",
            format!("{at}/MachineState/ExecuteState/HeldState/CurrentState"): "EquipmentFailure",
            "OperatingModes/WS_Cur_Mode": 8, "Programs/WS_Cur_Prog": 1,
        }),
    );
    assert_eq!(value(&found, "operational_status"), "error");
    assert_eq!(value(&found, "additional_sensors.mode"), "automatic");
    let plain = mapped(Profile::Weihenstephan, &json!({at: 128, "Programs/WS_Cur_Prog": 8}));
    assert_eq!(value(&plain, "operational_status"), "cleaning");
}

#[test]
fn weihenstephan_alarms_have_a_code_and_a_text() {
    let values = json!({
        "Alarms/WS_Not_Of_Fail_Code/WSAlarmCode": 42, "Alarms/WS_Not_Of_Fail_Code/WSAlarmMessage": "too hot",
        "Alarms/Other/WSAlarmCode": 0, "DeviceHealth": 4,
    });
    let alarms = Profile::Weihenstephan.alarms(values.as_object().unwrap());
    let codes: Vec<_> = alarms.iter().map(|alarm| (alarm.code.as_str(), alarm.message.as_str())).collect();
    assert_eq!(codes, [("DeviceHealth", "Maintenance required"), ("WS_Not_Of_Fail_Code 42", "too hot")]);
}

#[test]
fn every_word_is_one_of_ours() {
    use app::model::reading::{CycleStage, OperationalStatus};
    for (_, word) in [words::COMBI_STATUS, words::CHAMBER_STATUS, words::MICROWAVE_STATUS].concat() {
        assert!(OperationalStatus::parse(word).is_some(), "{word}");
    }
    for (_, word) in [words::COMBI_STAGE, words::CHAMBER_STAGE, words::MICROWAVE_STAGE].concat() {
        assert!(CycleStage::parse(word).is_some(), "{word}");
    }
    for (_, status, stage) in words::WS_STATES {
        assert!(OperationalStatus::parse(status).is_some() && CycleStage::parse(stage).is_some(), "{status} {stage}");
    }
}
