//! A REST oven that an admin describes in a profile of text: `custom`.
//!
//! # Layout
//! - `mod.rs` the profile with address and credentials filled in
//! - [`manifest`] fields, labels and defaults; `example.toml` a profile with every part
//!
//! Recorded cases: see [`replay`].

mod manifest;

use super::{
    Built, ConnectorError, Driver, Sample, Settings,
    config::Reader,
    rest::{
        plan::{self, Described},
        replay,
        vendor::Vendor,
    },
};
use manifest::MANIFEST;

pub static DRIVER: Driver = Driver { manifest: MANIFEST, build, replay: Some(replay_case) };

fn build(settings: Settings) -> Built {
    plan::build(profile(&settings), &settings)
}

fn replay_case(settings: Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
    replay::replay(profile(&settings), &settings, input)
}

fn profile(settings: &Settings) -> Described {
    let read = Reader::new(&MANIFEST, &settings.config);
    let device = read.text("equipment_id").unwrap_or_else(|| settings.equipment.to_string());
    let names = vec![("equipment_id", device)];
    Vendor { base: None, profile: "", names }.read(settings, read)
}

#[cfg(test)]
mod tests {
    use crate::connectors::rest::profile::Profile;

    #[test]
    fn the_example_is_a_profile() {
        let profile = Profile::parse(include_str!("example.toml")).unwrap();
        assert_eq!(profile.names(), ["data", "status", "faults"]);
        assert!(profile.login.is_some() && profile.alarms.is_some() && !profile.mapping.is_empty());
    }
}
