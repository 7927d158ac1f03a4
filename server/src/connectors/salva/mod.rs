//! SALVA: `salva`. No public interface was found: paths and names of the profile are not confirmed.
//!
//! # Layout
//! - `mod.rs` the profile with its address; `profile.toml` the built-in profile
//! - [`manifest`] fields, labels and defaults
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

const PROFILE: &str = include_str!("profile.toml");

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
    // Nobody but the customer knows where the interface is: there is no address to fall back to.
    Vendor { base: None, profile: PROFILE, names }.read(settings, read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::rest::profile::Profile;

    #[test]
    fn the_built_in_profile_is_one() {
        assert_eq!(Profile::parse(PROFILE).unwrap().names(), ["data", "status"]);
    }
}
