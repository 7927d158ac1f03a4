//! RATIONAL ConnectedCooking: `rational`.
//!
//! # Layout
//! - `mod.rs` which of the interfaces: an account over REST, the Base API, or OPC UA
//! - [`manifest`] fields, labels and defaults; `account.toml` and `base_api.toml` the built-in profiles
//! - [`haccp`] records and programs as further values; [`opc_ua`] the other transport
//!
//! Recorded cases: see [`replay`].

mod haccp;
mod manifest;
mod opc_ua;

use app::model::form::Problem;

use super::{
    Built, ConnectorError, Driver, Sample, Settings,
    config::Reader,
    rest::{
        plan::{self, Derive, Described},
        replay,
        settings::text_or_default,
        vendor::Vendor,
    },
};
use haccp::Records;
use manifest::{API_ACCOUNT, API_BASE, MANIFEST, TRANSPORT_OPC_UA, TRANSPORT_REST};

pub static DRIVER: Driver = Driver { manifest: MANIFEST, build, replay: Some(replay_case) };

/// The address in the implementation guide.
const ACCOUNT: &str = "https://www.connectedcooking.com/api/v1";
/// The address that the manufacturer documents for its Base API.
const BASE_API: &str = "https://app.connectedcooking.com/api/public";
const ACCOUNT_PROFILE: &str = include_str!("account.toml");
const BASE_API_PROFILE: &str = include_str!("base_api.toml");

fn build(settings: Settings) -> Built {
    if settings.config.get("transport").is_some_and(|transport| transport == TRANSPORT_OPC_UA) {
        return opc_ua::opc_ua_transport(settings);
    }
    plan::build(profile(&settings), &settings)
}

fn replay_case(settings: Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
    replay::replay(profile(&settings), &settings, input)
}

fn profile(settings: &Settings) -> Described {
    let mut read = Reader::new(&MANIFEST, &settings.config);
    if text_or_default(&read, &MANIFEST, "transport") != TRANSPORT_REST {
        read.complain("transport", Problem::UnknownChoice);
    }
    let (base, profile) = match text_or_default(&read, &MANIFEST, "api").as_str() {
        API_ACCOUNT => (ACCOUNT, ACCOUNT_PROFILE.to_owned()),
        API_BASE => {
            let grant = text_or_default(&read, &MANIFEST, "grant_type");
            if !grant.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '{' | '}')) {
                read.complain("grant_type", Problem::Other { detail: "letters, digits and -_.:/ only".to_owned() });
            }
            (BASE_API, BASE_API_PROFILE.replace("{grant_type}", &grant))
        }
        _ => {
            read.complain("api", Problem::UnknownChoice);
            (ACCOUNT, ACCOUNT_PROFILE.to_owned())
        }
    };
    let unit = read.text("unit_id").unwrap_or_default();
    let own_profile = read.text("profile").is_some();
    if unit.is_empty() && !own_profile && base == ACCOUNT {
        read.complain("unit_id", Problem::Required);
    }
    let group = read.text("group_id");
    // An empty `groupId=` might be taken for a group without a name.
    let profile = if group.is_some() { profile } else { profile.replace("groupId={group_id}&", "") };
    let names = vec![
        ("unit_id", unit.clone()),
        ("group_id", group.unwrap_or_default()),
        ("equipment_id", settings.equipment.to_string()),
    ];
    let (profile, mut given) = Vendor { base: Some(base), profile: &profile, names }.read(settings, read)?;
    let mut records = Records::default();
    given.derive = Some(Derive {
        from: &["haccps", "programs"],
        name: "derived",
        make: Box::new(move |answers| records.derive(answers, &unit)),
    });
    Ok((profile, given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::rest::profile::Profile;

    #[test]
    fn the_built_in_profiles_are_profiles() {
        assert_eq!(Profile::parse(ACCOUNT_PROFILE).unwrap().names(), ["data", "haccps", "programs"]);
        assert_eq!(Profile::parse(BASE_API_PROFILE).unwrap().names(), ["haccps", "programs"]);
    }
}
