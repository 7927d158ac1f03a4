//! How the server does.

use std::sync::atomic::Ordering;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::http::AppState;

/// For load balancers and service managers: the database answers and takes readings.
pub async fn healthz(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.service.ingest.writer_stats().failing {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database takes no readings\n");
    }
    match state.service.store.count_users().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

/// Counts since the server started.
#[utoipa::path(
    get, path = "/system/stats", tag = "system",
    responses((status = 200, body = Value, description = "Polls, readings and the database writer."))
)]
pub async fn stats(State(state): State<AppState>) -> Json<Value> {
    let counters = &state.service.ingest.counters;
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "build": state.service.live.build(),
        "polls": state.service.poller.totals(),
        "readings": {
            "accepted": count(&counters.accepted),
            "repeated": count(&counters.repeated),
            "with_bad_values": count(&counters.with_bad_values),
            "lost": count(&counters.lost),
        },
        "writer": state.service.ingest.writer_stats(),
    }))
}
