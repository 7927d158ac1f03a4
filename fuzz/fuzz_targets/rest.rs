//! HTTP answers to the REST drivers.
#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, wire};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> =
    LazyLock::new(|| Target::new("rest", &["rest_api", "rational", "wachtel", "salva", "custom"], wire::ANSWER));

fuzz_target!(init: { LazyLock::force(&TARGET); }, |data: &[u8]| TARGET.payload(data));
