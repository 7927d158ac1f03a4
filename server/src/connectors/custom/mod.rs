//! A REST oven that an admin describes in a profile of text: `custom`.
//!
//! # Layout
//! - `mod.rs` the profile with address and credentials filled in
//! - [`manifest`] fields, labels and defaults; `example.toml` a profile with every part
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
    Vendor { base: None, profile: "", names }.read(settings, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_profile() {
        let profile = Profile::parse(include_str!("example.toml")).unwrap();
        assert_eq!(profile.names(), ["data", "status", "faults"]);
        assert!(profile.login.is_some() && profile.alarms.is_some() && !profile.mapping.is_empty());
    }
}
