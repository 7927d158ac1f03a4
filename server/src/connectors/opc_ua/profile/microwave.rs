//! OPC 30200, MicrowaveCombiOvenDeviceType.

use app::model::unit::Unit;
use serde_json::{Map, Value};

use super::{
    Rules, progress,
    words::{MICROWAVE_STAGE, MICROWAVE_STATUS},
};

const AT: &str = "MicrowaveCombiOven/";

pub fn rules(rules: &mut Rules) {
    let key = |name: &str| format!("{AT}{name}");
    if let Some((_, first)) = rules.numbered(&key("ActualTemperatureChamber")).first() {
        rules.add("temperature", first);
    }
    rules
        .add("target_temperature", &key("SetTemperature"))
        .words("operational_status", &key("OperatingMode"), MICROWAVE_STATUS)
        .words("cycle_stage", &key("OperatingMode"), MICROWAVE_STAGE)
        .words("door_status", &key("IsDoorOpen"), &[])
        .add_in("time_remaining_minutes", &key("RemainingProcessTime"), Some(Unit::Second))
        .add("additional_sensors.fan speed", &key("FanSpeed"))
        .add("additional_sensors.microwave energy", &key("MicrowaveEnergy"))
        .add("additional_sensors.cooking step", &key("CookingStep"))
        .add("additional_sensors.program", &key("ProgramName"))
        .add("additional_sensors.batch", "BatchInformation/BatchId");
    if rules.has(&key("SetProcessTime")) && rules.has(&key("RemainingProcessTime")) {
        rules.made("cycle_progress_percentage", "=progress", None);
    }
}

pub fn derive(values: &mut Map<String, Value>) {
    let done = progress(values, &format!("{AT}SetProcessTime"), &format!("{AT}RemainingProcessTime"));
    values.insert("=progress".to_owned(), done.unwrap_or(Value::Null));
}
