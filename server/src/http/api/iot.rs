//! Connection settings and tests, live and past values.

use app::model::{
    api::{ConnectionTestResult, IotConfigRequest, IotConfigResponse, RealtimeData, SensorHistory},
    connection_log::ConnectionLogEntry,
    health::EquipmentHealth,
    history::Resolution,
    reading::Field,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    connectors::of_connection,
    extract::{Body, Id, OptionalBody, Params},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    service::{Actor, export::Format, history::Asked},
};

/// Readings of a page, and points of a chart.
const MAX_READINGS: u32 = 10_000;

/// Saves, applies and tests. The settings stay also when the test fails: the oven may just be switched off.
#[utoipa::path(
    post, path = "/equipment/{id}/iot-config", tag = "equipment", request_body = IotConfigRequest,
    responses((status = 200, body = IotConfigResponse))
)]
pub async fn configure(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Body(request): Body<IotConfigRequest>,
) -> ApiResult<Json<IotConfigResponse>> {
    state.service.configure_iot(&actor, id, request).await.map_err(of_connection)?;
    let test = state.service.test_saved(id, None).await?;
    Ok(Json(IotConfigResponse {
        success: true,
        message: "IoT configuration saved successfully".to_owned(),
        equipment_id: id,
        connection_test_result: test,
    }))
}

/// Tests the settings in the body without saving them, or else the saved ones.
#[utoipa::path(
    post, path = "/equipment/{id}/test-connection", tag = "equipment", request_body = Option<IotConfigRequest>,
    responses(
        (status = 200, body = ConnectionTestResult, description = "How the test went; `success` says whether it holds."),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`not_configured`: no connection is switched on."),
    )
)]
pub async fn test(
    State(state): State<AppState>,
    Id(id): Id,
    OptionalBody(request): OptionalBody<IotConfigRequest>,
) -> ApiResult<Json<ConnectionTestResult>> {
    Ok(Json(state.service.test_saved(id, request).await.map_err(of_connection)?))
}

/// The current values. Bad ones are null; old ones are never given as current.
#[utoipa::path(
    get, path = "/equipment/{id}/realtime-data", tag = "equipment",
    responses(
        (status = 200, body = RealtimeData),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`not_configured`: no connection is switched on."),
        (status = 503, body = Problem, content_type = "application/problem+json",
            description = "`offline`: the oven does not answer; `connection` has its status, the failure and the last reading's time."),
    )
)]
pub async fn realtime(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<RealtimeData>> {
    Ok(Json(state.service.realtime(id).await?))
}

/// How well the connection does, and how good what comes over it is.
#[utoipa::path(
    get, path = "/equipment/{id}/health", tag = "equipment", responses((status = 200, body = EquipmentHealth))
)]
pub async fn health(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<EquipmentHealth>> {
    Ok(Json(state.service.equipment_health(id, Timestamp::now()).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// 24 hours before the end where absent.
    start_time: Option<Timestamp>,
    /// Now where absent.
    end_time: Option<Timestamp>,
    /// Readings of a page.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Asks for a chart of at most so many points instead of single readings.
    #[param(minimum = 2, maximum = 10_000)]
    max_points: Option<u32>,
    #[param(inline)]
    resolution: Option<Resolution>,
    /// Names of a chart's series, separated by commas; all where absent. Single readings have every field.
    fields: Option<String>,
}

/// Single readings, or a chart of what stretches of them were.
#[utoipa::path(
    get, path = "/equipment/{id}/sensor-history", tag = "history", params(HistoryQuery),
    responses(
        (status = 200, body = SensorHistory),
        (status = 422, body = Problem, content_type = "application/problem+json",
            description = "The range is too long for this resolution."),
    )
)]
pub async fn history(
    State(state): State<AppState>,
    Id(id): Id,
    Params(query): Params<HistoryQuery>,
) -> ApiResult<Json<SensorHistory>> {
    let (start, end) = span(query.start_time, query.end_time)?;
    for (name, asked, least) in [("limit", query.limit, 1), ("max_points", query.max_points, 2)] {
        if asked.is_some_and(|asked| !(least..=MAX_READINGS).contains(&asked)) {
            let title = format!("{name} is from {least} to {MAX_READINGS}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "limit_out_of_range", title).about(name));
        }
    }
    let cursor = query.cursor.as_deref().map(before);
    if cursor.is_some_and(|cursor| cursor.is_none()) {
        return Err(
            Problem::new(StatusCode::BAD_REQUEST, "cursor_invalid", "this is no cursor of this list").about("cursor")
        );
    }
    let asked = Asked {
        start,
        end,
        limit: query.limit.unwrap_or(MAX_READINGS),
        before: cursor.flatten(),
        max_points: query.max_points,
        resolution: query.resolution,
        fields: fields(query.fields.as_deref())?,
    };
    Ok(Json(state.service.history(id, &asked).await?))
}

/// Names of fields, separated by commas. An oven need not have them.
fn fields(names: Option<&str>) -> ApiResult<Vec<String>> {
    let names = names.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let checked = names.map(|name| {
        if Field::parse(name).is_some() {
            return Ok(name.to_owned());
        }
        let title = format!("there is no field `{name}` that holds a number");
        Err(Problem::new(StatusCode::BAD_REQUEST, "field_unknown", title).about("fields"))
    });
    checked.collect()
}

/// Where a page ended, by its cursor.
fn before(cursor: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(cursor.parse().ok()?).ok()
}

/// A day until now, unless something else is asked for.
fn span(start: Option<Timestamp>, end: Option<Timestamp>) -> ApiResult<(Timestamp, Timestamp)> {
    let end = end.unwrap_or_else(Timestamp::now);
    let default_start = end.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let start = start.unwrap_or(default_start);
    page::in_order(("start_time", Some(start)), ("end_time", Some(end)))?;
    Ok((start, end))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Export {
    /// 24 hours before the end where absent.
    start_time: Option<Timestamp>,
    /// Now where absent.
    end_time: Option<Timestamp>,
    #[param(inline)]
    format: Format,
}

/// The history as a file, streamed.
#[utoipa::path(
    get, path = "/equipment/{id}/sensor-history/export", tag = "history", params(Export),
    responses((status = 200, description = "Oldest first.", content(
        (String = "text/csv; charset=utf-8"), (String = "application/x-ndjson")
    )))
)]
pub async fn export(
    State(state): State<AppState>,
    Id(id): Id,
    Params(asked): Params<Export>,
) -> ApiResult<impl IntoResponse> {
    let (start, end) = span(asked.start_time, asked.end_time)?;
    let rows = state.service.export(id, start, end, asked.format).await?;
    let moment = |time: Timestamp| time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = format!("{id}-{}-{}.{}", moment(start), moment(end), asked.format.extension());
    let headers = [
        (header::CONTENT_TYPE, asked.format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, axum::body::Body::from_stream(rows)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What happened to the oven's connection, newest first.
#[utoipa::path(
    get, path = "/equipment/{id}/connection-logs", tag = "equipment", params(LogQuery),
    responses((status = 200, body = Page<ConnectionLogEntry>))
)]
pub async fn logs(
    State(state): State<AppState>,
    Id(id): Id,
    Params(query): Params<LogQuery>,
) -> ApiResult<Json<Page<ConnectionLogEntry>>> {
    let limit = page::limit(query.limit)?;
    let before = page::unseal(query.cursor.as_deref())?;
    let records = state.service.connection_log_page(id, limit + 1, before).await?;
    let page = Page::cut(records, limit, |record| record.id);
    Ok(Json(Page { items: page.items.into_iter().map(|record| record.entry).collect(), next_cursor: page.next_cursor }))
}
