//! Batches: planned, started, finished; where one stands, and what became of it.

use app::model::{
    batch::{Batch, BatchDraft, BatchStatus, detection::Proposal, summary::BatchSummary, tracking::Tracking},
    equipment::EquipmentId,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Body, OptionalBody, Params, Uid},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    service::Actor,
    store::batches::BatchFilter,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BatchQuery {
    #[param(value_type = Option<uuid::Uuid>)]
    equipment_id: Option<EquipmentId>,
    status: Option<BatchStatus>,
    /// Exactly as it is written.
    product: Option<String>,
    /// Those that ran or were planned at some time from here …
    from: Option<Timestamp>,
    /// … up to here.
    to: Option<Timestamp>,
    /// Newest first, `-number`, where absent.
    #[param(inline, schema_with = sort_schema)]
    sort: Option<String>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before, asked for with the same `sort`.
    cursor: Option<String>,
}

fn sort_schema() -> utoipa::openapi::Object {
    page::sort_schema(&["number"])
}

/// Batches, the newest first.
#[utoipa::path(get, path = "/batches", tag = "batches", params(BatchQuery), responses((status = 200, body = Page<Batch>)))]
pub async fn list(State(state): State<AppState>, Params(query): Params<BatchQuery>) -> ApiResult<Json<Page<Batch>>> {
    let limit = page::limit(query.limit)?;
    let after = page::unseal(query.cursor.as_deref())?;
    let oldest_first = page::ascends(query.sort.as_deref(), "number")?;
    page::in_order(("from", query.from), ("to", query.to))?;
    let filter = BatchFilter {
        equipment_id: query.equipment_id,
        status: query.status,
        product: query.product,
        from: query.from,
        to: query.to,
    };
    let batches = state.service.batches(&filter, oldest_first, after, limit + 1).await?;
    Ok(Json(Page::cut(batches, limit, |batch| batch.number)))
}

/// Plans a batch.
#[utoipa::path(
    post, path = "/batches", tag = "batches", request_body = BatchDraft,
    responses((status = 201, body = Batch, headers(("Location" = String, description = "Path of the batch."))))
)]
pub async fn create(State(state): State<AppState>, actor: Actor, Body(draft): Body<BatchDraft>) -> ApiResult<Response> {
    let batch = state.service.create_batch(&actor, draft).await?;
    let location = format!("/api/v1/batches/{}", batch.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(batch)).into_response())
}

/// One batch.
#[utoipa::path(get, path = "/batches/{id}", tag = "batches", responses((status = 200, body = Batch)))]
pub async fn show(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<Json<Batch>> {
    Ok(Json(state.service.batch(id).await?))
}

/// Replaces what was entered. Of a batch that runs, oven and deck stay; one that has ended is not changed any more.
#[utoipa::path(
    put, path = "/batches/{id}", tag = "batches", request_body = BatchDraft,
    responses(
        (status = 200, body = Batch),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`batch_status`, `batch_running`"),
    )
)]
pub async fn replace(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    Body(draft): Body<BatchDraft>,
) -> ApiResult<Json<Batch>> {
    Ok(Json(state.service.update_batch(&actor, id, draft).await?))
}

/// Deletes a planned or cancelled batch. What was baked is kept.
#[utoipa::path(
    delete, path = "/batches/{id}", tag = "batches",
    responses(
        (status = 204, description = "Gone."),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`batch_status`"),
    )
)]
pub async fn delete(State(state): State<AppState>, actor: Actor, Uid(id): Uid) -> ApiResult<StatusCode> {
    state.service.delete_batch(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Now where absent; not in the future.
    #[serde(default)]
    started_at: Option<Timestamp>,
}

/// Starts a planned batch. From then on readings of its oven belong to it.
#[utoipa::path(
    post, path = "/batches/{id}/start", tag = "batches", request_body = Option<Start>,
    responses(
        (status = 200, body = Batch),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "`batch_running`: another one runs in this oven or deck; `batch_overlaps`: one was in it until later; `batch_status`"),
    )
)]
pub async fn start(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(start): OptionalBody<Start>,
) -> ApiResult<Json<Batch>> {
    Ok(Json(state.service.start_batch(&actor, id, start.unwrap_or_default().started_at).await?))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// Now where absent; neither in the future nor before the start.
    #[serde(default)]
    ended_at: Option<Timestamp>,
}

/// Finishes a running batch, and keeps what its readings tell.
#[utoipa::path(
    post, path = "/batches/{id}/finish", tag = "batches", request_body = Option<Finish>,
    responses(
        (status = 200, body = Batch),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`batch_status`"),
    )
)]
pub async fn finish(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(finish): OptionalBody<Finish>,
) -> ApiResult<Json<Batch>> {
    Ok(Json(state.service.finish_batch(&actor, id, finish.unwrap_or_default().ended_at).await?))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    #[serde(default)]
    #[schema(max_length = 2_000)]
    reason: Option<String>,
}

/// Cancels a planned or running batch.
#[utoipa::path(
    post, path = "/batches/{id}/cancel", tag = "batches", request_body = Option<Cancel>,
    responses(
        (status = 200, body = Batch),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`batch_status`"),
    )
)]
pub async fn cancel(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(cancel): OptionalBody<Cancel>,
) -> ApiResult<Json<Batch>> {
    Ok(Json(state.service.cancel_batch(&actor, id, cancel.unwrap_or_default().reason).await?))
}

/// Where a batch stands: progress, stage, time left, and how far the oven is from the profile.
#[utoipa::path(get, path = "/batches/{id}/realtime-tracking", tag = "batches", responses((status = 200, body = Tracking)))]
pub async fn track(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<Json<Tracking>> {
    Ok(Json(state.service.track_batch(id, Timestamp::now()).await?))
}

/// Makes the summary of a finished batch anew, from what its readings are now.
#[utoipa::path(
    post, path = "/batches/{id}/summary", tag = "batches",
    responses(
        (status = 200, body = BatchSummary),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "`batch_status`; `readings_gone`: they are not kept any more, and the summary stays"),
    )
)]
pub async fn sum_again(State(state): State<AppState>, actor: Actor, Uid(id): Uid) -> ApiResult<Json<BatchSummary>> {
    Ok(Json(state.service.sum_batch_again(&actor, id).await?))
}

/// What looks like the begin or the end of a batch, the oldest first.
#[utoipa::path(get, path = "/batches/proposals", tag = "batches", responses((status = 200, body = Page<Proposal>)))]
pub async fn proposals(State(state): State<AppState>) -> Json<Page<Proposal>> {
    Json(Page::whole(state.service.ingest.baking.proposals()))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// Of a start; the oven's program where absent.
    #[serde(default)]
    #[schema(max_length = 200)]
    product: Option<String>,
}

/// Starts or finishes a batch as it is proposed.
#[utoipa::path(
    post, path = "/batches/proposals/{id}/accept", tag = "batches", request_body = Option<Accept>,
    responses(
        (status = 200, body = Batch),
        (status = 409, body = Problem, content_type = "application/problem+json",
            description = "`batch_running`, `batch_overlaps`, `batch_status`"),
    )
)]
pub async fn accept(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(accept): OptionalBody<Accept>,
) -> ApiResult<Json<Batch>> {
    Ok(Json(state.service.accept_proposal(&actor, id, accept.unwrap_or_default().product).await?))
}

/// Drops a proposal.
#[utoipa::path(
    post, path = "/batches/proposals/{id}/dismiss", tag = "batches", responses((status = 204, description = "Gone."))
)]
pub async fn dismiss(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<StatusCode> {
    if state.service.ingest.baking.dismiss(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "no such proposal"))
    }
}
