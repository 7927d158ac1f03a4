//! Alerts of the ovens, and what users do with them.

use app::model::{
    alert::{Alert, AlertChange, AlertNote, AlertSeverity, AlertStatus, AlertType, Shelving},
    equipment::EquipmentId,
};
use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::{Body, OptionalBody, Params, Uid},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    service::{Actor, ServiceError},
    store::alerts::AlertFilter,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertQuery {
    /// All that stand, active and acknowledged, where absent.
    status: Option<AlertStatus>,
    severity: Option<AlertSeverity>,
    alert_type: Option<AlertType>,
    equipment_id: Option<EquipmentId>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Alerts, newest first.
#[utoipa::path(
    get, path = "/equipment/iot-alerts", tag = "alerts", params(AlertQuery),
    responses(
        (status = 200, body = Page<Alert>),
        (status = 404, description = "There is no such oven."),
    )
)]
pub async fn list(State(state): State<AppState>, Params(query): Params<AlertQuery>) -> ApiResult<Json<Page<Alert>>> {
    let (limit, before) = (page::limit(query.limit)?, page::unseal(query.cursor.as_deref())?);
    let filter = AlertFilter {
        status: query.status,
        severity: query.severity,
        alert_type: query.alert_type,
        equipment_id: query.equipment_id,
    };
    let alerts = state.service.store.find_alerts(&filter, limit + 1, before).await;
    Ok(Json(Page::keyed(alerts.map_err(ServiceError::from)?, limit)))
}

/// One alert.
#[utoipa::path(get, path = "/equipment/iot-alerts/{id}", tag = "alerts", responses((status = 200, body = Alert)))]
pub async fn show(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<Json<Alert>> {
    Ok(Json(state.service.alert(id).await?))
}

/// Says that somebody has seen an alert.
#[utoipa::path(
    post, path = "/equipment/iot-alerts/{id}/acknowledge", tag = "alerts", request_body = Option<AlertNote>,
    responses((status = 200, body = Alert), (status = 409, description = "It is acknowledged or resolved already."))
)]
pub async fn acknowledge(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(note): OptionalBody<AlertNote>,
) -> ApiResult<Json<Alert>> {
    let note = note.unwrap_or_default().checked().map_err(Problem::invalid)?;
    Ok(Json(state.service.change_alert(&actor, id, AlertChange::Acknowledge { note }).await?))
}

/// Says that an alert is over. A fault that the oven goes on reporting comes back as a new alert.
#[utoipa::path(
    post, path = "/equipment/iot-alerts/{id}/resolve", tag = "alerts", request_body = Option<AlertNote>,
    responses((status = 200, body = Alert), (status = 409, description = "It is resolved already."))
)]
pub async fn resolve(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    OptionalBody(note): OptionalBody<AlertNote>,
) -> ApiResult<Json<Alert>> {
    let note = note.unwrap_or_default().checked().map_err(Problem::invalid)?;
    Ok(Json(state.service.change_alert(&actor, id, AlertChange::Resolve { note }).await?))
}

/// Puts an alert aside until a time, for a reason. Once more moves the end.
#[utoipa::path(
    post, path = "/equipment/iot-alerts/{id}/shelve", tag = "alerts", request_body = Shelving,
    responses((status = 200, body = Alert), (status = 409, description = "It is resolved."))
)]
pub async fn shelve(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    Body(shelving): Body<Shelving>,
) -> ApiResult<Json<Alert>> {
    let change = shelving.checked(Timestamp::now()).map_err(Problem::invalid)?;
    Ok(Json(state.service.change_alert(&actor, id, change).await?))
}
