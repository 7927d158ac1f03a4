//! Registers and recordings of the driver `modbus`.
#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, wire};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::new("modbus", &["modbus"], wire::modbus::WIRE));

fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| TARGET.payload(data));
