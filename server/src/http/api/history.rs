//! How long history is kept, what it takes, and deleting a part of it.

use app::model::retention::{HistoryPolicy, Retention};
use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, Id, OptionalBody, Params};
use crate::{
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    service::{Actor, retention::Preview, storage::Storage},
};

/// Size of the database, how fast it grows, and when it is full.
#[utoipa::path(get, path = "/history/storage", tag = "history", responses((status = 200, body = Storage)))]
pub async fn storage(State(state): State<AppState>) -> ApiResult<Json<Storage>> {
    Ok(Json(state.service.storage().await?))
}

/// How long history is kept where an oven has nothing of its own, and the size budget.
#[utoipa::path(get, path = "/history/retention", tag = "history", responses((status = 200, body = HistoryPolicy)))]
pub async fn policy(State(state): State<AppState>) -> ApiResult<Json<HistoryPolicy>> {
    Ok(Json(state.service.history_policy().await?))
}

/// Sets how long history is kept. What is older goes within minutes.
#[utoipa::path(
    put, path = "/history/retention", tag = "history", request_body = HistoryPolicy,
    responses((status = 200, body = HistoryPolicy))
)]
pub async fn set_policy(
    State(state): State<AppState>,
    actor: Actor,
    Body(policy): Body<HistoryPolicy>,
) -> ApiResult<Json<HistoryPolicy>> {
    Ok(Json(state.service.set_history_policy(&actor, policy).await?))
}

/// Counts what would go with the policy in the body, or the present one without a body. Deletes nothing.
#[utoipa::path(
    post, path = "/history/retention/preview", tag = "history", request_body = Option<HistoryPolicy>,
    responses((status = 200, body = Preview))
)]
pub async fn preview(
    State(state): State<AppState>,
    OptionalBody(policy): OptionalBody<HistoryPolicy>,
) -> ApiResult<Json<Preview>> {
    Ok(Json(state.service.retention_preview(policy).await?))
}

/// How long an oven's history is kept.
#[derive(Serialize, ToSchema)]
pub struct OvenRetention {
    pub retention: Retention,
    /// Whether it is the oven's own; otherwise it is the policy's.
    pub is_own: bool,
}

/// How long an oven's history is kept.
#[utoipa::path(get, path = "/equipment/{id}/retention", tag = "history", responses((status = 200, body = OvenRetention)))]
pub async fn retention(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<OvenRetention>> {
    let (retention, is_own) = state.service.retention_of(id).await?;
    Ok(Json(OvenRetention { retention, is_own }))
}

/// Gives an oven a retention of its own.
#[utoipa::path(
    put, path = "/equipment/{id}/retention", tag = "history", request_body = Retention,
    responses((status = 200, body = OvenRetention))
)]
pub async fn set_retention(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Body(retention): Body<Retention>,
) -> ApiResult<Json<OvenRetention>> {
    let retention = state.service.set_retention_of(&actor, id, Some(retention)).await?;
    Ok(Json(OvenRetention { retention, is_own: true }))
}

/// Goes back to what holds for all ovens.
#[utoipa::path(
    delete, path = "/equipment/{id}/retention", tag = "history", responses((status = 204, description = "Done."))
)]
pub async fn remove_retention(State(state): State<AppState>, actor: Actor, Id(id): Id) -> ApiResult<StatusCode> {
    state.service.set_retention_of(&actor, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Range {
    /// From here.
    start_time: Timestamp,
    /// Up to here, exclusive.
    end_time: Timestamp,
}

/// How many readings went.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    pub readings: u64,
}

/// Deletes the readings of a range for good, and makes their minutes, hours and days anew without them.
///
/// What is left of readings that went before for their age stays.
#[utoipa::path(
    delete, path = "/equipment/{id}/readings", tag = "history", params(Range), responses((status = 200, body = Deleted))
)]
pub async fn delete_readings(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Params(range): Params<Range>,
) -> ApiResult<Json<Deleted>> {
    // A range without any time is a slip too, where something goes for good.
    if range.start_time >= range.end_time {
        let title = "start_time has to be before end_time";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "range_reversed", title).about("start_time"));
    }
    let readings = state.service.delete_readings(&actor, id, range.start_time, range.end_time).await?;
    Ok(Json(Deleted { readings }))
}
