//! Settings as an admin may enter them, mapping rules and profiles included, for every driver.
#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, wire};
use libfuzzer_sys::fuzz_target;

const DRIVERS: [&str; 8] = ["modbus", "mqtt", "opc_ua", "rest_api", "rational", "wachtel", "salva", "custom"];

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::new("settings", &DRIVERS, wire::SETTINGS));

fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| TARGET.settings(data));
