//! An oven behind a gateway that publishes over MQTT, with the broker in it.
//!
//! This is a simulated device, not a general broker: it publishes the state of one oven and keeps the last message of
//! each topic for newcomers. It takes MQTT 3.1.1 and 5, any number of clients, wildcards, QoS 0 and 1, user and password
//! and keep-alive. What clients publish is acknowledged and forgotten; sessions are not kept.
//!
//! Topics: `panaderia/<id>/estado` with JSON each second, `panaderia/<id>/disponible` with `online` or `offline`.
//!
//! Faults: `server_error` takes the oven from its gateway, which publishes the last will `offline` and no more states;
//! `garbage`, `wrong_shape` and `huge` are payloads; a redirect does not exist here and changes nothing.
//!
//! # Layout
//! - [`session`] one client; [`packet`] both versions' packets as one; [`fleet`] ovens that publish to a broker elsewhere

pub mod fleet;
mod packet;
mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::serve::Listener as _;
use bytes::Bytes;
use serde_json::json;

use super::fault::Fault;
use super::line::Lines;
use super::relay;
use super::station::{InForce, Station};
use super::vendor;

/// Room between a client's line and its session, in bytes.
const BUFFER: usize = 64 * 1024;

pub fn state_topic(id: &str) -> String {
    format!("panaderia/{id}/estado")
}

pub fn availability_topic(id: &str) -> String {
    format!("panaderia/{id}/disponible")
}

/// Serves clients until it is dropped.
pub async fn serve(station: Arc<Station>, mut lines: Lines) {
    loop {
        let (line, _) = lines.accept().await;
        let station = Arc::clone(&station);
        tokio::spawn(async move {
            let (near, far) = tokio::io::duplex(BUFFER);
            let session = async {
                // A client that breaks the protocol is disconnected, as brokers do.
                let _ = session::run(&station, far).await;
            };
            tokio::join!(relay::carry(&station, line, near, |_| None), session);
        });
    }
}

/// Whether the gateway has its oven.
fn is_online(in_force: &InForce) -> bool {
    in_force.fault != Fault::ServerError
}

fn availability(in_force: &InForce) -> Bytes {
    Bytes::from_static(if is_online(in_force) { b"online" } else { b"offline" })
}

/// The state as it is published under this fault.
fn state(station: &Station, in_force: &InForce) -> Bytes {
    match in_force.fault {
        Fault::Garbage => Bytes::from_static(b"\x00\xff\xfe{\"temperature\": 2\x80\x81 \x1f\x8b"),
        Fault::WrongShape => json!({"firmware": "9.9.1", "wifi": {"rssi": -61}}).to_string().into(),
        Fault::Huge => json!({"log": "x".repeat(3 * 1024 * 1024)}).to_string().into(),
        _ => vendor::gateway(&station.shown(in_force)).to_string().into(),
    }
}
