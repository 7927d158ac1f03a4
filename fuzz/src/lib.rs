//! What the fuzz targets share.
//!
//! # Layout
//! - [`cases`] the recorded cases of the drivers, whose settings the targets use and whose payloads they start from
//! - [`wire`] bytes to a recording: what a device sends, in the form that a driver's replay reads
//! - [`holds`] what must be so of every reading and every failure, whatever came
//!
//! # Input
//! The first byte picks a recorded case: its lower seven bits, modulo the number of cases. The rest is what the device
//! sends, in the target's own binary form ([`wire`]); where the highest bit is set, it is a recording as it is in the
//! file. A new case moves the others, so an old corpus is then worth less; the seeds are written anew at each start.

pub mod cases;
pub mod holds;
pub mod wire;

use std::{fs, path::Path};

use cases::Case;
use server::connectors::{ConnectorError, Sample};
use wire::Wire;

/// In the first byte: the rest is a recording.
const RECORDING: u8 = 0x80;

/// A target: the cases of some drivers, and how bytes become their payload.
pub struct Target {
    name: &'static str,
    cases: Vec<Case>,
    wire: Wire,
}

impl Target {
    /// Of the drivers with these ids. Writes a seed for every case and form into the target's corpus.
    pub fn new(name: &'static str, drivers: &[&str], wire: Wire) -> Self {
        let cases = cases::of(drivers);
        assert!((1..=usize::from(!RECORDING)).contains(&cases.len()), "{name}: {} cases", cases.len());
        let target = Self { name, cases, wire };
        target.write_seeds();
        target
    }

    /// What a device sends, through the driver.
    pub fn payload(&self, data: &[u8]) {
        let Some((case, first, rest)) = self.pick(data) else { return };
        let input = if first & RECORDING == 0 { (self.wire.recording)(case, rest) } else { Some(rest.to_vec()) };
        let Some(input) = input else { return };
        let outcome = case.replay(case.settings(), &input);
        holds::of_any(&outcome);
        if let Err(error) = outcome {
            holds::of_failure(&error, case.fits);
        }
    }

    /// What an admin enters: the settings with the mapping as JSON. The payload is the recorded one.
    pub fn settings(&self, data: &[u8]) {
        let Some((case, _, rest)) = self.pick(data) else { return };
        let Ok(config) = serde_json::from_slice(rest) else { return };
        let settings = || case.settings_with(&config);
        let accepted = (case.driver.build)(settings()).is_ok();
        let outcome: Result<Sample, ConnectorError> = case.replay(settings(), &case.input);
        holds::of_any(&outcome);
        holds::of_settings(accepted, &outcome);
    }

    fn pick<'a>(&self, data: &'a [u8]) -> Option<(&Case, u8, &'a [u8])> {
        let (first, rest) = data.split_first()?;
        Some((&self.cases[usize::from(first & !RECORDING) % self.cases.len()], *first, rest))
    }

    fn write_seeds(&self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(self.name);
        fs::create_dir_all(&folder).expect("the corpus can be written");
        for (case, index) in self.cases.iter().zip(0_u8..) {
            let write = |form: &str, first: u8, rest: &[u8]| {
                let name = format!("seed-{}-{}-{form}", case.driver.manifest.id, case.name);
                fs::write(folder.join(name), [&[first], rest].concat()).expect("the corpus can be written");
            };
            if let Some(bytes) = (self.wire.seed)(case) {
                self.check_seed(case, &bytes);
                write("wire", index, &bytes);
            }
            if self.wire.takes_recordings {
                write("recording", index | RECORDING, &case.input);
            }
        }
    }

    /// A seed that did not come to what was recorded would begin at the wrong place.
    fn check_seed(&self, case: &Case, bytes: &[u8]) {
        let Some(input) = (self.wire.recording)(case, bytes) else { return };
        let found = |input: &[u8]| case.replay(case.settings(), input).map(|sample| sample.values).map_err(|e| e.kind);
        assert_eq!(found(&input), found(&case.input), "{}/{}", case.driver.manifest.id, case.name);
    }
}
