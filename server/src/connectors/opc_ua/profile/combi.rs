//! OPC 30200, CombiSteamerDeviceType: one chamber, two kinds of core probes, steam.

use app::model::unit::Unit;
use serde_json::{Map, Value};

use super::{
    Rules, progress,
    words::{COMBI_STAGE, COMBI_STATUS},
};

const AT: &str = "CombiSteamer/";

pub fn rules(rules: &mut Rules) {
    let key = |name: &str| format!("{AT}{name}");
    let chambers = rules.numbered(&key("ActualTemperatureChamber"));
    if let Some((_, first)) = chambers.first() {
        rules.add("temperature", first);
    }
    if chambers.len() > 1 {
        for (number, name) in &chambers {
            rules.add(&format!("temperature_zones.chamber {number}"), name);
        }
    }
    for (stem, zone) in [("ActualInternalCoreTemperature", "core"), ("ActualExternalCoreTemperature", "external core")]
    {
        let probes = rules.numbered(&key(stem));
        for (number, name) in &probes {
            let zone = if probes.len() > 1 { format!("{zone} {number}") } else { zone.to_owned() };
            rules.add(&format!("temperature_zones.{zone}"), name);
        }
    }
    rules
        .add("target_temperature", &key("SetTemperature"))
        .add("humidity", &key("ActualHumidity"))
        .add("target_humidity", &key("SetHumidity"))
        .words("operational_status", &key("CombiSteamerMode"), COMBI_STATUS)
        .words("cycle_stage", &key("CombiSteamerMode"), COMBI_STAGE)
        .words("door_status", &key("IsDoorOpen"), &[])
        .add_in("time_remaining_minutes", &key("TimeRemainingProgram"), Some(Unit::Second))
        .add("additional_sensors.core target", &key("SetInternalCoreTemperature"))
        .add("additional_sensors.program", &key("ProgramName"))
        .add("additional_sensors.batch", "BatchInformation/BatchId")
        .add("additional_sensors.energy saving", &key("IsEnergySavingActive"))
        .add("additional_sensors.steam exhaust", &key("IsSteamExhaustSystemActive"))
        .add("additional_sensors.cooking mode", &key("SpecialCookingMode"));
    if rules.has(&key("SetProcessTimeProgram")) && rules.has(&key("TimeRemainingProgram")) {
        rules.made("cycle_progress_percentage", "=progress", None);
    }
}

pub fn derive(values: &mut Map<String, Value>) {
    let done = progress(values, &format!("{AT}SetProcessTimeProgram"), &format!("{AT}TimeRemainingProgram"));
    values.insert("=progress".to_owned(), done.unwrap_or(Value::Null));
}
