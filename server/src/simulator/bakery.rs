//! The ovens of the demo and the fleet of the benchmark.

use super::program::Program;
use super::spec::{Credentials, OvenKind, OvenSpec, Vendor};

/// The ovens of a small bakery: some of every kind that the simulator speaks, six times as fast as real ones.
///
/// Ids, credentials and seeds are fixed, so that a demo that is started again finds the same ovens.
pub fn demo_ovens() -> Vec<OvenSpec> {
    let deck = || vec![Program::hogaza(), Program::baguettes()];
    let rack = || vec![Program::pan_de_molde(), Program::croissants()];
    let combi = || vec![Program::empanadas(), Program::magdalenas(), Program::croissants()];
    let small = || vec![Program::magdalenas(), Program::empanadas()];
    let tunnel = || vec![Program::pan_de_molde()];
    [
        ("Horno de pisos 1", "Obrador", OvenKind::Deck, Vendor::Decks, "Simulado Pisos 2", deck()),
        ("Horno rotativo 2", "Obrador", OvenKind::Rack, Vendor::Generic, "Simulado Rotativo 18", rack()),
        ("Combi 3", "Pastelería", OvenKind::Combi, Vendor::Combi, "Simulado Combi 10", combi()),
        ("Horno de pisos 4", "Obrador", OvenKind::Deck, Vendor::Decks, "Simulado Pisos 2", deck()),
        ("Horno rotativo 5", "Expedición", OvenKind::Rack, Vendor::Generic, "Simulado Rotativo 18", rack()),
        ("Combi 6", "Tienda", OvenKind::Combi, Vendor::Combi, "Simulado Combi 6", combi()),
        ("Horno de pisos 7", "Obrador", OvenKind::Deck, Vendor::Registers, "Simulado Regulador", deck()),
        ("Combi 8", "Pastelería", OvenKind::Combi, Vendor::OpcUa, "Simulado OPC UA", small()),
        ("Horno rotativo 9", "Expedición", OvenKind::Rack, Vendor::Mqtt, "Simulado MQTT", rack()),
        ("Combi 10", "Tienda", OvenKind::Combi, Vendor::Rational, "Simulado Nube", combi()),
        ("Horno de pisos 11", "Obrador", OvenKind::Deck, Vendor::Wachtel, "Simulado Remoto", deck()),
        ("Horno rotativo 12", "Obrador", OvenKind::Rack, Vendor::Salva, "Simulado Panel", rack()),
        ("Horno de túnel 13", "Expedición", OvenKind::Tunnel, Vendor::Custom, "Simulado Taller", tunnel()),
    ]
    .into_iter()
    .zip(1..)
    .map(|((name, area, kind, vendor, model, programs), seed)| {
        let id = name.to_lowercase().replace(' ', "-").replace('ú', "u");
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
            extra_points: 0,
            port: 0,
        }
    })
    .collect()
}

/// Those of the demo that speak HTTP, as its tests need them.
#[cfg(test)]
pub fn http_ovens() -> Vec<OvenSpec> {
    demo_ovens().into_iter().filter(|oven| Vendor::HTTP.contains(&oven.vendor)).collect()
}

/// What the ovens of a fleet speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetKind {
    /// The three imaginary vendors' JSON in turn.
    Rest,
    Modbus,
    /// Servers without security, each with 50 variables and more, of which all that are measured change every second.
    OpcUa,
    /// To publish to a broker elsewhere with [`publishers`](super::publishers), or each with its own.
    Mqtt,
}

/// Temperature points that bring an OPC UA oven of a fleet over 50 variables.
const FLEET_POINTS: u16 = 38;

/// `count` REST ovens in real time, vendor shapes in turn.
pub fn fleet(count: usize) -> Vec<OvenSpec> {
    fleet_of(FleetKind::Rest, count)
}

/// `count` ovens in real time for the benchmark, one port each. Needs as many open files as ovens and their clients.
pub fn fleet_of(kind: FleetKind, count: usize) -> Vec<OvenSpec> {
    let rack = || vec![Program::pan_de_molde(), Program::croissants()];
    let deck = || vec![Program::hogaza(), Program::baguettes()];
    let combi = || vec![Program::empanadas(), Program::magdalenas()];
    let shapes = match kind {
        FleetKind::Rest => vec![
            (OvenKind::Rack, Vendor::Generic, rack()),
            (OvenKind::Deck, Vendor::Decks, deck()),
            (OvenKind::Combi, Vendor::Combi, combi()),
        ],
        FleetKind::Modbus => vec![(OvenKind::Deck, Vendor::Registers, deck())],
        FleetKind::OpcUa => vec![(OvenKind::Combi, Vendor::OpcUa, combi())],
        FleetKind::Mqtt => vec![(OvenKind::Rack, Vendor::Mqtt, rack())],
    };
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
                extra_points: if vendor == Vendor::OpcUa { FLEET_POINTS } else { 0 },
                port: 0,
            }
        })
        .collect()
}

/// The sort of credentials each vendor shape usually wants. They guard nothing.
fn credentials(vendor: Vendor, id: &str) -> Credentials {
    let password = || format!("masa-{id}");
    let basic = |username: &str| Credentials::Basic { username: username.to_owned(), password: password() };
    let login = |username: &str| Credentials::Login { username: username.to_owned(), password: password() };
    match vendor {
        Vendor::Generic => Credentials::Token(format!("token-{id}")),
        Vendor::Decks => basic("panadero"),
        Vendor::Combi => Credentials::ApiKey(format!("clave-{id}")),
        Vendor::Wachtel => login("obrador"),
        Vendor::Salva => login("panadero"),
        Vendor::Mqtt => basic("hornero"),
        Vendor::Rational => login("cocina@panaderia.example"),
        Vendor::Custom => login("taller"),
        Vendor::Registers | Vendor::OpcUa => Credentials::Open,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_oven_makes_sense_and_has_its_own_id() {
        let fleets = [FleetKind::Rest, FleetKind::Modbus, FleetKind::OpcUa, FleetKind::Mqtt];
        for ovens in fleets.map(|kind| fleet_of(kind, 250)).into_iter().chain([demo_ovens()]) {
            let ids: HashSet<&str> = ovens.iter().map(|oven| oven.id.as_str()).collect();
            assert_eq!(ids.len(), ovens.len());
            for oven in &ovens {
                oven.check().expect("the spec makes sense");
            }
        }
    }

    #[test]
    fn the_demo_has_an_oven_of_each_sort() {
        let others = [Vendor::Registers, Vendor::OpcUa, Vendor::Mqtt];
        for vendor in Vendor::HTTP.into_iter().chain(others) {
            assert!(demo_ovens().iter().any(|oven| oven.vendor == vendor), "{vendor:?}");
        }
    }
}
