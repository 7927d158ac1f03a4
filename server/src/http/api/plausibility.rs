//! What values are held to, corrections of sensors, and judging values that were not believed.

use app::model::{
    equipment::EquipmentId,
    outlier::{Outlier, OutlierStatus},
    plausibility::{Calibration, CalibrationDraft, Rules},
    reading::QualityReason,
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
use uuid::Uuid;

use super::{
    extract::{Body, Id, OptionalBody, Params, Uid},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    service::{Actor, ServiceError, plausibility::OvenRules},
    store::plausibility::OutlierFilter,
};

/// What the values of an oven are held to: its own rules, and what usually holds for its kind.
#[utoipa::path(get, path = "/equipment/{id}/plausibility", tag = "quality", responses((status = 200, body = OvenRules)))]
pub async fn rules(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<OvenRules>> {
    Ok(Json(state.service.rules(id).await?))
}

/// Gives an oven rules of its own, from the next reading on. Each takes the whole place of what usually holds for its field.
#[utoipa::path(
    put, path = "/equipment/{id}/plausibility", tag = "quality", request_body = Rules,
    responses((status = 200, body = OvenRules))
)]
pub async fn set_rules(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Body(rules): Body<Rules>,
) -> ApiResult<Json<OvenRules>> {
    Ok(Json(state.service.set_rules(&actor, id, Some(rules)).await?))
}

/// Goes back to what usually holds.
#[utoipa::path(
    delete, path = "/equipment/{id}/plausibility", tag = "quality", responses((status = 204, description = "Done."))
)]
pub async fn remove_rules(State(state): State<AppState>, actor: Actor, Id(id): Id) -> ApiResult<StatusCode> {
    state.service.set_rules(&actor, id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an oven's sensors are off by, in the order of the times from which that holds.
#[utoipa::path(
    get, path = "/equipment/{id}/calibrations", tag = "quality", responses((status = 200, body = Page<Calibration>))
)]
pub async fn calibrations(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<Page<Calibration>>> {
    Ok(Json(Page::whole(state.service.calibrations(id).await?)))
}

/// Corrects a sensor from now on. Readings that are stored stay as they are.
#[utoipa::path(
    post, path = "/equipment/{id}/calibrations", tag = "quality", request_body = CalibrationDraft,
    responses(
        (status = 201, body = Calibration, headers(("Location" = String, description = "Path of the calibration."))),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`too_many`"),
    )
)]
pub async fn calibrate(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Body(draft): Body<CalibrationDraft>,
) -> ApiResult<Response> {
    let calibration = state.service.calibrate(&actor, id, draft).await?;
    let location = format!("/api/v1/calibrations/{}", calibration.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(calibration)).into_response())
}

/// One calibration.
#[utoipa::path(get, path = "/calibrations/{id}", tag = "quality", responses((status = 200, body = Calibration)))]
pub async fn calibration(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<Json<Calibration>> {
    Ok(Json(state.service.calibration(id).await?))
}

/// Takes a calibration back: what held before it holds again, from the next reading on.
#[utoipa::path(
    delete, path = "/calibrations/{id}", tag = "quality", responses((status = 204, description = "Done."))
)]
pub async fn delete_calibration(State(state): State<AppState>, actor: Actor, Uid(id): Uid) -> ApiResult<StatusCode> {
    state.service.delete_calibration(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutlierQuery {
    #[param(value_type = Option<Uuid>)]
    equipment_id: Option<EquipmentId>,
    status: Option<OutlierStatus>,
    /// `out_of_range`, `rate_of_change` or `stuck`.
    reason: Option<QualityReason>,
    /// For example `temperature_zones.top`.
    field: Option<String>,
    /// Those with a reading from here on …
    start_time: Option<Timestamp>,
    /// … and before this.
    end_time: Option<Timestamp>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Values that were not believed, the newest first. They are kept as long as their readings.
#[utoipa::path(
    get, path = "/outliers", tag = "quality", params(OutlierQuery),
    responses((status = 200, body = Page<Outlier>), (status = 404, description = "There is no such oven."))
)]
pub async fn outliers(
    State(state): State<AppState>,
    Params(query): Params<OutlierQuery>,
) -> ApiResult<Json<Page<Outlier>>> {
    let (limit, before) = (page::limit(query.limit)?, page::unseal(query.cursor.as_deref())?);
    page::in_order(("start_time", query.start_time), ("end_time", query.end_time))?;
    let filter = OutlierFilter {
        equipment_id: query.equipment_id,
        status: query.status,
        reason: query.reason,
        field: query.field,
        start: query.start_time,
        end: query.end_time,
    };
    let outliers = state.service.store.outliers(&filter, limit + 1, before).await;
    Ok(Json(Page::keyed(outliers.map_err(ServiceError::from)?, limit)))
}

/// One outlier.
#[utoipa::path(get, path = "/outliers/{id}", tag = "quality", responses((status = 200, body = Outlier)))]
pub async fn outlier(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<Json<Outlier>> {
    Ok(Json(state.service.outlier(id).await?))
}

/// Why an outlier is judged like that.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Says that the values were real: their readings are good from then on, in charts and rollups too.
#[utoipa::path(
    post, path = "/outliers/{id}/accept", tag = "quality", request_body = Option<Judgement>,
    responses((status = 200, body = Outlier))
)]
pub async fn accept(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(judgement): OptionalBody<Judgement>,
) -> ApiResult<Json<Outlier>> {
    judge(&state, &actor, id, true, judgement).await
}

/// Says that the values were wrong: their readings stay bad, or become so again.
#[utoipa::path(
    post, path = "/outliers/{id}/reject", tag = "quality", request_body = Option<Judgement>,
    responses((status = 200, body = Outlier))
)]
pub async fn reject(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(judgement): OptionalBody<Judgement>,
) -> ApiResult<Json<Outlier>> {
    judge(&state, &actor, id, false, judgement).await
}

async fn judge(
    state: &AppState,
    actor: &Actor,
    id: Uuid,
    accept: bool,
    judgement: Option<Judgement>,
) -> ApiResult<Json<Outlier>> {
    let note = judgement.unwrap_or_default().note;
    Ok(Json(state.service.review_outlier(actor, id, accept, note).await?))
}
