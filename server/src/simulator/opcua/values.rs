//! What the variables of OPC 30200's CombiSteamer show of an oven, with the name, the type and the value of each.

use jiff::Timestamp;
use opcua::types::{DataTypeId, DataValue, DateTime, StatusCode, UAString, Variant};

use crate::simulator::fault::Fault;
use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

/// Ticks of 100 ns between the epochs of OPC UA (1601) and of Unix.
const EPOCH_TICKS: i64 = 116_444_736_000_000_000;

/// A variable: its browse name, its data type, and how it reads an oven.
pub struct Variable {
    pub name: String,
    pub data_type: DataTypeId,
    read: Read,
    /// Comes from a sensor that can break.
    sensor: bool,
}

type Of = fn(&Snapshot) -> Variant;

enum Read {
    Of(Of),
    /// One of many points in the chamber: a little away from the others, and never still.
    Point(u16),
}

/// Every variable of this oven, always in the same order.
pub fn variables(spec: &OvenSpec) -> Vec<Variable> {
    use DataTypeId::{Boolean, Float, Int32, String};
    let fixed: [(&str, DataTypeId, bool, Of); 17] = [
        ("CombiSteamerMode", Int32, false, |now| Variant::from(mode(now))),
        ("SetTemperature", Float, false, |now| celsius(now.setpoint_celsius)),
        ("ActualTemperatureChamber_0", Float, true, |now| celsius(now.temperature_celsius)),
        ("ActualTemperatureChamber_1", Float, true, |now| {
            celsius(now.zones_celsius.get("outlet").copied().unwrap_or(now.temperature_celsius))
        }),
        ("SetProcessTimeProgram", Int32, false, |now| seconds(length_s(now))),
        ("TimeRemainingProgram", Int32, false, |now| seconds(now.remaining_s)),
        ("SetProcessTimeStep", Int32, false, |now| seconds(length_s(now))),
        ("TimeRemainingStep", Int32, false, |now| seconds(now.remaining_s)),
        ("SetInternalCoreTemperature", Float, false, |now| celsius(now.core_target_celsius)),
        ("ActualInternalCoreTemperature", Float, true, |now| celsius(now.core_celsius.unwrap_or_default())),
        ("SetHumidity", Int32, false, |now| percent(now.humidity_target_percent.unwrap_or_default())),
        ("ActualHumidity", Int32, true, |now| percent(now.humidity_percent)),
        ("IsDoorOpen", Boolean, false, |now| Variant::from(now.door_open)),
        ("IsEnergySavingActive", Boolean, false, |now| Variant::from(now.stage == Stage::Idle)),
        ("IsSteamExhaustSystemActive", Boolean, false, |now| Variant::from(now.stage == Stage::Cooling)),
        ("ProgramId", String, false, |now| Variant::from(UAString::from(program_id(&now.program)))),
        ("ProgramName", String, false, |now| Variant::from(UAString::from(now.program.as_str()))),
    ];
    let fixed = fixed.map(|(name, data_type, sensor, read)| {
        let name = name.to_owned();
        Variable { name, data_type, read: Read::Of(read), sensor }
    });
    let points = (2..2 + spec.extra_points).map(|number| {
        let name = format!("ActualTemperatureChamber_{number}");
        Variable { name, data_type: Float, read: Read::Point(number), sensor: true }
    });
    fixed.into_iter().chain(points).collect()
}

/// The values of [`variables`], in their order.
pub fn all(spec: &OvenSpec, now: &Snapshot, fault: Fault) -> Vec<DataValue> {
    let at = moment(now.time);
    let show = |variable: &Variable| {
        let (mut value, mut status) = (variable.read(now), StatusCode::Good);
        match fault {
            // A probe that is in no product measures nothing, which is no fault of it.
            _ if variable.name == "ActualInternalCoreTemperature" && now.core_celsius.is_none() => {
                (value, status) = (Variant::Empty, StatusCode::BadStateNotActive);
            }
            Fault::OutOfRange if variable.sensor => status = StatusCode::BadSensorFailure,
            Fault::ServerError => status = StatusCode::BadDeviceFailure,
            Fault::WrongShape => value = Variant::from(UAString::from("-")),
            _ => {}
        }
        DataValue::new_at_status(value, at, status)
    };
    variables(spec).iter().map(show).collect()
}

impl Variable {
    fn read(&self, now: &Snapshot) -> Variant {
        match self.read {
            Read::Of(read) => read(now),
            Read::Point(number) => {
                let second = now.time.as_second() + i64::from(number) * 7;
                celsius(now.temperature_celsius - 1.0 + 0.25 * (second.rem_euclid(9)) as f64)
            }
        }
    }
}

/// CombiSteamerMode of OPC 30200, with 11 Loading of its version 1.1. It has no cooling between bakes.
fn mode(now: &Snapshot) -> i32 {
    match now.stage {
        Stage::Preheating => 2,
        Stage::Idle | Stage::Cooling => 3,
        Stage::Steaming => 4,
        Stage::Baking | Stage::Proofing if now.humidity_target_percent.is_some() => 5,
        Stage::Baking | Stage::Proofing => 6,
        Stage::Loading => 11,
    }
}

/// Of the whole bake, s, while there is one.
fn length_s(now: &Snapshot) -> Option<f64> {
    let left = 1.0 - now.progress_percent? / 100.0;
    (left > 0.01).then(|| now.remaining_s.unwrap_or_default() / left)
}

fn celsius(value: f64) -> Variant {
    Variant::from((value * 10.0).round() as f32 / 10.0)
}

fn percent(value: f64) -> Variant {
    Variant::from(value.round() as i32)
}

fn seconds(value: Option<f64>) -> Variant {
    Variant::from(value.unwrap_or_default().ceil() as i32)
}

fn program_id(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn moment(time: Timestamp) -> DateTime {
    DateTime::from(time.as_microsecond() * 10 + EPOCH_TICKS)
}
