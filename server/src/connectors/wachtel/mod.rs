//! Wachtel REMOTE: `wachtel`. No public interface was found: paths and names of the profile are not confirmed.
//!
//! # Layout
//! - `mod.rs` the profile for so many decks; `profile.toml` the built-in profile
//! - [`manifest`] fields, labels and defaults
//!
//! Recorded cases: see [`replay`].

mod manifest;

use app::model::form::Problem;

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

/// The address in the implementation guide.
const BASE: &str = "https://remote.wachtel.de/api";
const PROFILE: &str = include_str!("profile.toml");

fn build(settings: Settings) -> Built {
    plan::build(profile(&settings), &settings)
}

fn replay_case(settings: Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
    replay::replay(profile(&settings), &settings, input)
}

fn profile(settings: &Settings) -> Described {
    let mut read = Reader::new(&MANIFEST, &settings.config);
    let oven = read.text("oven_id");
    if oven.is_none() {
        read.complain("oven_id", Problem::Required);
    }
    let decks = read.number("deck_count").unwrap_or(1.0);
    if decks.fract() != 0.0 {
        read.complain("deck_count", Problem::NotANumber);
    }
    let profile = PROFILE.replace("{deck_count}", &format!("{decks:.0}"));
    let names = vec![
        ("oven_id", oven.unwrap_or_default()),
        ("equipment_id", settings.equipment.to_string()),
        ("deck_count", format!("{decks:.0}")),
    ];
    Vendor { base: Some(BASE), profile: &profile, names }.read(settings, read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::rest::profile::Profile;

    #[test]
    fn the_built_in_profile_is_one() {
        assert_eq!(Profile::parse(&PROFILE.replace("{deck_count}", "3")).unwrap().names(), ["data", "maintenance"]);
    }
}
