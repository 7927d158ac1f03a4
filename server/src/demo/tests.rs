use std::net::SocketAddr;

use super::*;
use crate::connectors::ALL;

#[test]
fn every_driver_has_an_oven_in_the_demo() {
    let bakery = bakery();
    for driver in ALL {
        let shown = bakery.iter().any(|oven| ovens::protocol(oven.vendor) == driver.manifest.id);
        assert!(shown, "no demo oven speaks {}", driver.manifest.id);
    }
}

#[test]
fn every_draft_is_what_its_driver_takes() {
    for spec in bakery() {
        let (draft, secrets) = ovens::connection(&spec, SocketAddr::from(([127, 0, 0, 1], 4000)), 2);
        let driver = connectors::find(draft.iot_protocol.as_deref().unwrap()).unwrap();
        for key in draft.iot_config.keys().filter(|key| *key != "mapping") {
            assert!(driver.manifest.settings().any(|field| field.key == key), "{}: {key}", spec.id);
        }
        for key in secrets.keys() {
            assert!(driver.manifest.fields.iter().any(|field| field.secret && field.key == key), "{}: {key}", spec.id);
        }
    }
}
