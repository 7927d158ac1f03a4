//! ConnectedCooking over OPC UA.

use app::model::form::{FieldError, Problem};

use crate::connectors::{Built, Settings};

/// The address that the manufacturer documents.
pub const ENDPOINT: &str = "opc.tcp://app.connectedcooking.com:4840/OPCUA/ConnectedCooking";

/// The same oven over the manufacturer's OPC UA server.
pub fn opc_ua_transport(_settings: Settings) -> Built {
    let detail = format!("not available yet: add the oven with the connector opc_ua at {ENDPOINT}");
    Err(vec![FieldError::new("config.transport", Problem::Other { detail })])
}
