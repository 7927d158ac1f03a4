//! A deck oven's day, over and over: values that move as real ones do, with as many decimals.

use app::model::reading::{CycleStage, DoorStatus, OperationalStatus, Quality, Reading, Values};
use jiff::Timestamp;

/// 1 March 2025, when the history begins.
const BEGINS: i64 = 1_740_787_200;

pub fn time(second: i64) -> Timestamp {
    Timestamp::from_second(BEGINS + second).unwrap_or_default()
}

pub fn reading(second: i64) -> Reading {
    at(time(second), second)
}

pub fn at(time: Timestamp, second: i64) -> Reading {
    let bake = second.rem_euclid(2_700);
    let swing = |period: f64, height: f64| (second as f64 / period).sin() * height;
    let tenths = |value: f64| (value * 10.0).round() / 10.0;
    let is_baking = bake > 300;
    let target = if is_baking { 235.0 } else { 250.0 };
    Reading {
        reading_time: time,
        received_at: time,
        values: Values {
            temperature: Some(tenths(target - 3.0 + swing(47.0, 2.5))),
            target_temperature: Some(target),
            temperature_zones: [
                ("bottom".to_owned(), tenths(target - 8.0 + swing(53.0, 2.0))),
                ("core".to_owned(), tenths(20.0 + 76.0 * (bake as f64 / 2_700.0))),
                ("top".to_owned(), tenths(target + 4.0 + swing(31.0, 3.0))),
            ]
            .into(),
            humidity: Some(tenths(35.0 + swing(600.0, 20.0))),
            energy_consumption_kwh: Some((second as f64 * 0.0042 * 100.0).round() / 100.0),
            power_kw: Some(tenths(15.0 + swing(90.0, 9.0))),
            operational_status: Some(if is_baking {
                OperationalStatus::Running
            } else {
                OperationalStatus::Preheating
            }),
            cycle_stage: Some(if is_baking { CycleStage::Baking } else { CycleStage::Loading }),
            cycle_progress_percentage: Some((bake as f64 / 27.0).round()),
            time_remaining_minutes: Some(((2_700 - bake) as f64 / 60.0).ceil()),
            door_status: Some(if bake < 60 { DoorStatus::Open } else { DoorStatus::Closed }),
            steam_level: Some(if (300..360).contains(&bake) { 80.0 } else { 0.0 }),
            additional_sensors: [("fan_rpm".to_owned(), (1_400 + bake % 20).into())].into(),
            ..Values::default()
        },
        active_batch_id: None,
        quality: Quality::Good,
        quality_issues: Vec::new(),
    }
}
