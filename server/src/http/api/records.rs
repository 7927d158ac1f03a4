//! What was done and what happened: the audit log, and the connection logs of all ovens.

use app::model::{connection_log::ConnectionEvent, equipment::EquipmentId};
use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::Params,
    page::{self, Page},
};
use crate::{
    http::{AppState, error::ApiResult},
    service::ServiceError,
    store::{
        audit::{AuditFilter, AuditRecord},
        connection_logs::{LogFilter, OvenLogRecord},
    },
};

fn sort_schema() -> utoipa::openapi::Object {
    page::sort_schema(&["at"])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// The name of who acted, as it was then.
    actor: Option<String>,
    /// For example `equipment.update`.
    action: Option<String>,
    /// For example `equipment`.
    object_type: Option<String>,
    object_id: Option<String>,
    from: Option<Timestamp>,
    /// Exclusive.
    to: Option<Timestamp>,
    /// Newest first, `-at`, where absent.
    #[param(inline, schema_with = sort_schema)]
    sort: Option<String>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before, asked for with the same `sort`.
    cursor: Option<String>,
}

/// Who changed what.
#[utoipa::path(
    get, path = "/audit", tag = "records", params(AuditQuery), responses((status = 200, body = Page<AuditRecord>))
)]
pub async fn audit(
    State(state): State<AppState>,
    Params(query): Params<AuditQuery>,
) -> ApiResult<Json<Page<AuditRecord>>> {
    let (limit, after) = (page::limit(query.limit)?, page::unseal(query.cursor.as_deref())?);
    let oldest_first = page::ascends(query.sort.as_deref(), "at")?;
    page::in_order(("from", query.from), ("to", query.to))?;
    let filter = AuditFilter {
        actor: query.actor,
        action: query.action,
        object_type: query.object_type,
        object_id: query.object_id,
        from: query.from,
        to: query.to,
    };
    let records = state.service.store.find_audit(&filter, oldest_first, limit + 1, after).await;
    Ok(Json(Page::cut(records.map_err(ServiceError::from)?, limit, |record| record.id)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    equipment_id: Option<EquipmentId>,
    event_type: Option<ConnectionEvent>,
    from: Option<Timestamp>,
    /// Exclusive.
    to: Option<Timestamp>,
    /// Newest first, `-at`, where absent.
    #[param(inline, schema_with = sort_schema)]
    sort: Option<String>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before, asked for with the same `sort`.
    cursor: Option<String>,
}

/// What happened to the connections of all ovens.
#[utoipa::path(
    get, path = "/logs", tag = "records", params(LogsQuery),
    responses(
        (status = 200, body = Page<OvenLogRecord>),
        (status = 404, description = "There is no such oven."),
    )
)]
pub async fn logs(
    State(state): State<AppState>,
    Params(query): Params<LogsQuery>,
) -> ApiResult<Json<Page<OvenLogRecord>>> {
    let (limit, after) = (page::limit(query.limit)?, page::unseal(query.cursor.as_deref())?);
    let oldest_first = page::ascends(query.sort.as_deref(), "at")?;
    page::in_order(("from", query.from), ("to", query.to))?;
    let filter =
        LogFilter { equipment_id: query.equipment_id, event_type: query.event_type, from: query.from, to: query.to };
    let records = state.service.store.find_connection_logs(&filter, oldest_first, limit + 1, after).await;
    Ok(Json(Page::cut(records.map_err(ServiceError::from)?, limit, |record| record.id)))
}
