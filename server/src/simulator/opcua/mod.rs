//! An oven whose controller is an OPC UA server, shaped like OPC 30200 (Commercial Kitchen Equipment).
//!
//! Under `Objects` there is `DeviceSet` (OPC 10000-100), in it the device, in that the object `CombiSteamer` with its
//! variables. Namespaces and browse names are those of the specification; the nodes are made here, and of the types only
//! what a client needs to recognise them by. An oven that asks for a password also offers Basic256Sha256, signed and
//! encrypted, with a certificate that is made at the start in a temporary folder; others offer no security at all.
//!
//! Faults: a password is refused as `BadIdentityTokenRejected`, broken sensors are `BadSensorFailure`, `server_error` makes every value
//! `BadDeviceFailure`, `wrong_shape` makes them texts. `garbage` and `huge` are no OPC UA messages. A redirect does not
//! exist here and changes nothing.
//!
//! # Layout
//! - [`nodes`] the address space; [`values`] what the variables show
//! - [`access`] who may come in; [`identity`] the certificate

mod access;
mod identity;
mod nodes;
#[cfg(test)]
mod tests;
mod values;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::serve::Listener as _;
use bytes::Bytes;
use opcua::crypto::SecurityPolicy;
use opcua::server::{Server, ServerBuilder, ServerEndpoint, ServerHandle};
use opcua::types::MessageSecurityMode;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::line::{Line, Lines};
use super::relay;
use super::spec::{Credentials, OvenSpec};
use super::station::Station;
use access::Access;
use nodes::Kitchen;

const APPLICATION_URI: &str = "urn:hornero:simulated-oven";
/// How often values change.
const PERIOD: Duration = Duration::from_secs(1);

/// Serves one oven until it is dropped. A new server each time, so that an oven that comes back knows no old session.
pub async fn serve(station: Arc<Station>, mut lines: Lines) {
    let stopping = CancellationToken::new();
    let _stop = stopping.clone().drop_guard();
    let Some((server, handle, _folder)) = build(&station, stopping).await else { return };
    let Ok(inner) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else { return };
    let Ok(behind) = inner.local_addr() else { return };
    let Ok(public) = lines.local_addr() else { return };
    let clients = async {
        // The library describes its endpoints by the port behind the relay, where no client may go.
        let port = &handle.info().port;
        while port.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        port.store(public.port(), Ordering::Relaxed);
        loop {
            let (client, _) = lines.accept().await;
            let station = Arc::clone(&station);
            tokio::spawn(connect(station, client, behind));
        }
    };
    tokio::select! {
        result = server.run_with(inner) => {
            if let Err(error) = result {
                tracing::error!(oven = station.spec().id, error, "the simulated OPC UA server ended");
            }
        }
        () = show(&station, &handle) => {}
        () = clients => {}
    }
}

async fn connect(station: Arc<Station>, client: Line, behind: std::net::SocketAddr) {
    if let Ok(server) = TcpStream::connect(behind).await {
        let _ = server.set_nodelay(true);
        relay::carry(&station, client, server, spoiled).await;
    }
}

/// Keeps the variables as the oven is, forever.
async fn show(station: &Station, handle: &ServerHandle) {
    let Some(kitchen) = handle.node_managers().get_of_type::<Kitchen>() else { return };
    let mut faults = station.faults();
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = faults.changed() => {}
        }
        let in_force = faults.borrow_and_update().clone();
        let shown = station.shown(&in_force);
        let variables = kitchen.inner().variables();
        let values = values::all(station.spec(), &shown, in_force.fault);
        let pairs = variables.iter().zip(values).map(|(node, value)| (node, None, value));
        if let Err(status) = kitchen.set_values(handle.subscriptions(), pairs) {
            tracing::error!(oven = station.spec().id, %status, "a simulated variable is not there");
        }
    }
}

/// Makes the server. Reading the standard's own nodes and making a key takes a while, so it has a thread of its own.
async fn build(station: &Arc<Station>, token: CancellationToken) -> Option<(Server, ServerHandle, TempDir)> {
    let access = Access::new(Arc::clone(station));
    let station = Arc::clone(station);
    let made = tokio::task::spawn_blocking(move || {
        let secure = !matches!(station.spec().credentials, Credentials::Open);
        let folder = TempDir::with_prefix("hornero-opcua-").map_err(|error| error.to_string())?;
        let mut builder = ServerBuilder::new()
            .application_name(station.spec().name.clone())
            .application_uri(APPLICATION_URI)
            .product_uri(APPLICATION_URI)
            .host(Ipv4Addr::LOCALHOST.to_string())
            .discovery_urls(vec!["/".to_owned()])
            .pki_dir(folder.path())
            .trust_client_certs(true)
            .token(token)
            .with_authenticator(Arc::new(access))
            .with_node_manager(nodes::manager(station.spec().clone()));
        if secure {
            identity::put_into(folder.path())?;
            builder = builder.certificate_path(identity::CERTIFICATE).private_key_path(identity::PRIVATE_KEY);
        }
        if let Some((name, user)) = access::user(station.spec()) {
            builder = builder.add_user_token(name, user);
        }
        for (name, endpoint) in endpoints(station.spec(), secure) {
            builder = builder.add_endpoint(name, endpoint);
        }
        let (server, handle) = builder.build()?;
        Ok::<_, String>((server, handle, folder))
    });
    match made.await {
        Ok(Ok(made)) => Some(made),
        Ok(Err(error)) => {
            tracing::error!(error, "a simulated OPC UA server cannot be made");
            None
        }
        Err(_) => None,
    }
}

fn endpoints(spec: &OvenSpec, secure: bool) -> Vec<(&'static str, ServerEndpoint)> {
    let tokens = access::tokens(spec);
    let endpoint = |policy, mode| ServerEndpoint::new("/", policy, mode, &tokens);
    let mut endpoints = vec![("none", endpoint(SecurityPolicy::None, MessageSecurityMode::None))];
    if secure {
        endpoints.push(("sign", endpoint(SecurityPolicy::Basic256Sha256, MessageSecurityMode::Sign)));
        endpoints.push(("encrypt", endpoint(SecurityPolicy::Basic256Sha256, MessageSecurityMode::SignAndEncrypt)));
    }
    endpoints
}

/// Bytes that are no OPC UA message, or a message of 3 MiB.
fn spoiled(fault: Fault) -> Option<Bytes> {
    const HUGE: usize = 3 * 1024 * 1024;
    match fault {
        Fault::Garbage => Some(Bytes::from_static(b"\x00\xff\xfe{\"temperature\": 2\x80\x81 \x1f\x8b")),
        Fault::Huge => {
            let mut message = b"MSGF".to_vec();
            message.extend((HUGE as u32).to_le_bytes());
            message.resize(HUGE, b'x');
            Some(message.into())
        }
        _ => None,
    }
}
