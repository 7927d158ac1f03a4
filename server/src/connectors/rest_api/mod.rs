//! HTTP and JSON: `rest_api`.
//!
//! # Layout
//! - `mod.rs` makes a connection of [`rest`](super::rest) with one or two endpoints, `data` and `status`
//! - [`manifest`] fields, labels and defaults
//! - [`options`] settings to typed options, with an error a field
//!
//! Recorded cases: see [`replay`].

mod manifest;
mod options;

use super::{
    Built, ConnectorError, Driver, Sample, Settings,
    mapping::Mapping,
    rest::{
        plan::{self, Described, Given},
        profile::{Endpoint, Method, Profile},
        replay,
    },
};
use options::Options;

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: Some(replay_case) };

fn build(settings: Settings) -> Built {
    plan::build(profile(&settings), &settings)
}

fn replay_case(settings: Settings, input: &[u8]) -> Result<Sample, ConnectorError> {
    replay::replay(profile(&settings), &settings, input)
}

fn profile(settings: &Settings) -> Described {
    let Options { base, names, data, status, auth, timeout, trust, mapping } = Options::parse(settings)?;
    let endpoint =
        |name: &str, path| Endpoint { name: name.to_owned(), path, method: Method::Get, body: None, every: 1 };
    let mut endpoints = vec![endpoint("data", data)];
    endpoints.extend(status.map(|path| endpoint("status", path)));
    let profile = Profile { endpoints, login: None, alarms: None, mapping: Mapping::rules_by_name() };
    Ok((profile, Given { base, names, auth, trust, timeout, mapping, derive: None, field: "data_endpoint" }))
}
