//! The control API of the simulator, for tests and the demo.
//!
//! - `GET /sim/ovens`: every oven with its fault and its true state.
//! - `PUT /sim/ovens/{id}/fault` with `{"fault": "down"}` or `{"fault": "slow", "delay_ms": 3000}`: answers 204 when the
//!   fault is in force.
//! - `PUT /sim/ovens/{id}/door` with `{"door": "open"}`, `"closed"`, or `"auto"` for the program's choice: 204.
//!
//! It asks for no password, so it is meant to be served on a loopback address. As a second line, requests are refused
//! with 403 when axum knows the peer (`into_make_service_with_connect_info::<SocketAddr>`) and it is another machine.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::Fault;
use super::oven::Snapshot;
use super::spec::Vendor;
use super::{Place, Simulator};

pub fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/sim/ovens", get(list))
        .route("/sim/ovens/{id}/fault", put(set_fault))
        .route("/sim/ovens/{id}/door", put(set_door))
        .layer(from_fn(loopback_only))
        .with_state(simulator)
}

#[derive(Serialize)]
struct Listed {
    id: String,
    name: String,
    vendor: Vendor,
    /// Host and port, `127.0.0.1:40123`.
    address: SocketAddr,
    #[serde(flatten)]
    fault: Fault,
    snapshot: Snapshot,
}

async fn list(State(simulator): State<Simulator>) -> Json<Vec<Listed>> {
    let listed = |place: &Place| Listed {
        id: place.oven.spec.id.clone(),
        name: place.oven.spec.name.clone(),
        vendor: place.oven.spec.vendor,
        address: place.oven.addr,
        fault: place.station.fault(),
        snapshot: place.station.snapshot(),
    };
    Json(simulator.places.iter().map(listed).collect())
}

async fn set_fault(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Json(fault): Json<Fault>,
) -> Result<StatusCode, Response> {
    if simulator.place(&id).is_none() {
        return Err(unknown(&id));
    }
    match simulator.set_fault(&id, fault).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(refused(StatusCode::SERVICE_UNAVAILABLE, &format!("{error:#}"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    door: Door,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Door {
    Open,
    Closed,
    Auto,
}

async fn set_door(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Json(Held { door }): Json<Held>,
) -> Result<StatusCode, Response> {
    let held = match door {
        Door::Open => Some(true),
        Door::Closed => Some(false),
        Door::Auto => None,
    };
    if simulator.set_door(&id, held) { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(&id)) }
}

async fn loopback_only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if peer.is_some_and(|ConnectInfo(peer)| !peer.ip().to_canonical().is_loopback()) {
        return refused(StatusCode::FORBIDDEN, "the simulator is controlled from its own machine only");
    }
    next.run(request).await
}

fn unknown(id: &str) -> Response {
    refused(StatusCode::NOT_FOUND, &format!("no simulated oven has the id {id:?}"))
}

fn refused(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({"detail": detail}))).into_response()
}
