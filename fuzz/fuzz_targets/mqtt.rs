//! Messages to the driver `mqtt`: JSON, plain values, Sparkplug B.
#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, wire};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::new("mqtt", &["mqtt"], wire::mqtt::WIRE));

fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| TARGET.payload(data));
