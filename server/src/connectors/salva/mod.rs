//! SALVA: `salva`. No public interface was found: paths and names of the profile are not confirmed.
//!
//! # Layout
//! - `mod.rs` the profile with its address; `profile.toml` the built-in profile
//! - [`manifest`] fields, labels and defaults
//!
//! Recorded cases: see [`replay`].

mod manifest;

use app::model::form::FieldError;

use super::{
    Built, ConnectorError, Driver, Sample, Settings,
    config::Reader,
    rest::{
        plan::{self, Given},
        profile::Profile,
        replay,
        vendor::Vendor,
    },
};
use manifest::MANIFEST;

pub static DRIVER: Driver = Driver { manifest: MANIFEST, build, replay: Some(replay_case) };

const PROFILE: &str = include_str!("profile.toml");

fn build(settings: Settings) -> Built {
    let (profile, given) = profile(&settings)?;
    Ok(Box::new(plan::build(profile, given, &settings)?))
}

fn replay_case(settings: Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
    let planned = profile(&settings).and_then(|(profile, given)| plan::plan(profile, given, &settings));
    let (plan, ..) = planned.map_err(|errors| replay::config_error(&errors))?;
    replay::sample(plan, input)
}

fn profile(settings: &Settings) -> Result<(Profile, Given), Vec<FieldError>> {
    let read = Reader::new(&MANIFEST, &settings.config);
    let device = read.text("equipment_id").unwrap_or_else(|| settings.equipment.to_string());
    let names = vec![("equipment_id", device)];
    // Nobody but the customer knows where the interface is: there is no address to fall back to.
    Vendor { base: None, profile: PROFILE, names }.read(settings, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profile_is_one() {
        assert_eq!(Profile::parse(PROFILE).unwrap().names(), ["data", "status"]);
    }
}
