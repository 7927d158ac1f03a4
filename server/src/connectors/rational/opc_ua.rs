//! ConnectedCooking over OPC UA.

use crate::connectors::{Built, Settings, opc_ua};

/// The address that the manufacturer documents.
pub const ENDPOINT: &str = "opc.tcp://app.connectedcooking.com:4840/OPCUA/ConnectedCooking";

/// The same oven over the manufacturer's OPC UA server, whose machines follow OPC 30200. Of the settings, those count that
/// OPC UA has too; `unit_id` picks the machine by a part of its name, as the server calls it by its number.
pub fn opc_ua_transport(mut settings: Settings) -> Built {
    let unit = settings.config.get("unit_id").cloned();
    settings
        .config
        .retain(|key, _| opc_ua::DRIVER.manifest.settings().any(|field| field.key == key) || key == "mapping");
    if let Some(unit) = unit {
        settings.config.entry("machine").or_insert(unit);
    }
    // A password only goes to a server that an admin has trusted, and nobody logs in to this one without.
    settings.config.remove("login");
    if settings.endpoint.trim().is_empty() || settings.endpoint.starts_with("http") {
        ENDPOINT.clone_into(&mut settings.endpoint);
        settings.port = None;
    }
    (opc_ua::DRIVER.build)(settings)
}
