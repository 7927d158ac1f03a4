//! One oven that answers HTTP requests.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use tokio_util::sync::CancellationToken;

use super::fault::{self, Fault};
use super::line::Lines;
use super::station::{Station, when_due};
use super::vendor;

/// Answers until it is dropped.
pub async fn serve(station: Arc<Station>, lines: Lines) {
    let cut = lines.cut.clone();
    let answers = Router::new().fallback(answer).with_state(Answering { station, cut });
    // It only ends when it is dropped.
    let _ = axum::serve(lines, answers).await;
}

/// What answering a request takes.
#[derive(Clone)]
struct Answering {
    station: Arc<Station>,
    cut: CancellationToken,
}

async fn answer(
    State(Answering { station, cut }): State<Answering>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    tokio::select! {
        response = respond(&station, &method, &uri, &headers, &body) => response,
        // The connection is gone; this only ends the task.
        () = cut.cancelled() => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn respond(station: &Station, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    let in_force = when_due(station).await;
    if let Some(response) = fault::instead(in_force.fault) {
        return response;
    }
    let spec = station.spec();
    if *method == Method::POST && spec.vendor.login_endpoint() == Some(uri.path()) {
        return match in_force.fault {
            Fault::WrongPassword => vendor::unauthorized(spec),
            _ => vendor::login::answer(spec, body),
        };
    }
    if in_force.fault == Fault::WrongPassword || !vendor::authorized(&spec.credentials, headers, uri) {
        return vendor::unauthorized(spec);
    }
    let Some(document) = vendor::document(spec, uri.path()) else {
        return vendor::not_found(spec.vendor);
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let body = vendor::encode(spec, document, &station.shown(&in_force));
    if in_force.fault == Fault::Drip {
        let json = [(header::CONTENT_TYPE, "application/json")];
        return (json, Body::from_stream(fault::drip(body.to_string().into()))).into_response();
    }
    Json(body).into_response()
}
