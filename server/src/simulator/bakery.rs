//! The ovens of the demo and the fleet of the benchmark.

use super::program::Program;
use super::spec::{Credentials, OvenKind, OvenSpec, Vendor};

/// Seven ovens of a small bakery, two of each HTTP vendor and one that speaks Modbus, six times as fast as real ones.
///
/// Ids, credentials and seeds are fixed, so that a demo that is started again finds the same ovens.
pub fn demo_ovens() -> Vec<OvenSpec> {
    let deck = || vec![Program::hogaza(), Program::baguettes()];
    let rack = || vec![Program::pan_de_molde(), Program::croissants()];
    let combi = || vec![Program::empanadas(), Program::magdalenas(), Program::croissants()];
    [
        ("Horno de pisos 1", "Obrador", OvenKind::Deck, Vendor::Decks, "Simulado Pisos 2", deck()),
        ("Horno rotativo 2", "Obrador", OvenKind::Rack, Vendor::Generic, "Simulado Rotativo 18", rack()),
        ("Combi 3", "Pastelería", OvenKind::Combi, Vendor::Combi, "Simulado Combi 10", combi()),
        ("Horno de pisos 4", "Obrador", OvenKind::Deck, Vendor::Decks, "Simulado Pisos 2", deck()),
        ("Horno rotativo 5", "Expedición", OvenKind::Rack, Vendor::Generic, "Simulado Rotativo 18", rack()),
        ("Combi 6", "Tienda", OvenKind::Combi, Vendor::Combi, "Simulado Combi 6", combi()),
        ("Horno de pisos 7", "Obrador", OvenKind::Deck, Vendor::Registers, "Simulado Regulador", deck()),
    ]
    .into_iter()
    .zip(1..)
    .map(|((name, area, kind, vendor, model, programs), seed)| {
        let id = name.to_lowercase().replace(' ', "-");
        OvenSpec {
            credentials: credentials(vendor, &id),
            id,
            name: name.to_owned(),
            area: area.to_owned(),
            kind,
            vendor,
            manufacturer: "Simulado".to_owned(),
            model: model.to_owned(),
            seed,
            programs,
            time_scale: 6.0,
            port: 0,
        }
    })
    .collect()
}

/// Those of the demo that speak HTTP, as its tests need them.
#[cfg(test)]
pub fn http_ovens() -> Vec<OvenSpec> {
    demo_ovens().into_iter().filter(|oven| oven.vendor != Vendor::Registers).collect()
}

/// `count` ovens in real time for the benchmark, vendor shapes in turn.
pub fn fleet(count: usize) -> Vec<OvenSpec> {
    let shapes = [
        (OvenKind::Rack, Vendor::Generic, vec![Program::pan_de_molde(), Program::croissants()]),
        (OvenKind::Deck, Vendor::Decks, vec![Program::hogaza(), Program::baguettes()]),
        (OvenKind::Combi, Vendor::Combi, vec![Program::empanadas(), Program::magdalenas()]),
    ];
    (1..=count)
        .zip(shapes.into_iter().cycle())
        .map(|(number, (kind, vendor, programs))| {
            let id = format!("oven-{number:04}");
            OvenSpec {
                credentials: credentials(vendor, &id),
                id,
                name: format!("Horno {number:04}"),
                area: format!("Línea {}", (number - 1) / 20 + 1),
                kind,
                vendor,
                manufacturer: "Simulado".to_owned(),
                model: "Simulado de serie".to_owned(),
                seed: number as u64,
                programs,
                time_scale: 1.0,
                port: 0,
            }
        })
        .collect()
}

/// The sort of credentials each vendor shape usually wants. They guard nothing.
fn credentials(vendor: Vendor, id: &str) -> Credentials {
    match vendor {
        Vendor::Generic => Credentials::Token(format!("token-{id}")),
        Vendor::Decks => Credentials::Basic { username: "panadero".to_owned(), password: format!("masa-{id}") },
        Vendor::Combi => Credentials::ApiKey(format!("clave-{id}")),
        Vendor::Registers => Credentials::Open,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_oven_makes_sense_and_has_its_own_id() {
        for ovens in [demo_ovens(), fleet(250)] {
            let ids: HashSet<&str> = ovens.iter().map(|oven| oven.id.as_str()).collect();
            assert_eq!(ids.len(), ovens.len());
            for oven in &ovens {
                oven.check().expect("the spec makes sense");
            }
        }
    }

    #[test]
    fn the_demo_has_two_ovens_of_each_vendor() {
        for vendor in Vendor::HTTP {
            assert_eq!(demo_ovens().iter().filter(|oven| oven.vendor == vendor).count(), 2);
        }
    }
}
