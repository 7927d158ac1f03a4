//! DataValues and recordings of the driver `opc_ua`.
#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, wire};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::new("opc_ua", &["opc_ua"], wire::opc_ua::WIRE));

fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| TARGET.payload(data));
