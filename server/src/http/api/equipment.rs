//! Ovens.

use app::model::equipment::{ConnectionStatus, Equipment, EquipmentDraft, EquipmentKind};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::{Body, Id, Params},
    page::{self, Page},
};
use crate::{
    http::{AppState, error::ApiResult},
    service::{Actor, ServiceError, configure::SecretChange},
};

/// What a list of ovens can be ordered by.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OrderBy {
    Name,
    Location,
    CreatedAt,
    UpdatedAt,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EquipmentQuery {
    /// Only ovens of this kind.
    kind: Option<EquipmentKind>,
    /// Only ovens of this area, exactly as it is written.
    location: Option<String>,
    iot_enabled: Option<bool>,
    iot_connection_status: Option<ConnectionStatus>,
    /// A leading `-` goes down.
    #[param(inline, schema_with = sort_schema)]
    sort: Option<String>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before, asked for with the same `sort`.
    cursor: Option<String>,
}

fn sort_schema() -> utoipa::openapi::Object {
    page::sort_schema(&["name", "location", "created_at", "updated_at"])
}

/// Ovens, without credentials.
#[utoipa::path(
    get, path = "/equipment", tag = "equipment", params(EquipmentQuery), responses((status = 200, body = Page<Equipment>))
)]
pub async fn list(
    State(state): State<AppState>,
    Params(query): Params<EquipmentQuery>,
) -> ApiResult<Json<Page<Equipment>>> {
    let (order, is_descending) = page::order(query.sort.as_deref(), OrderBy::Name)?;
    let ovens = state.service.store.equipment_list().await.map_err(ServiceError::from)?;
    let is_wanted = |oven: &Equipment| {
        query.kind.is_none_or(|kind| oven.kind == kind)
            && query.location.as_ref().is_none_or(|location| oven.location == *location)
            && query.iot_enabled.is_none_or(|enabled| oven.iot_enabled == enabled)
            && query.iot_connection_status.is_none_or(|status| oven.iot_connection_status == status)
    };
    let key = |oven: &Equipment| {
        let key = match order {
            OrderBy::Name => oven.name.to_lowercase(),
            OrderBy::Location => oven.location.to_lowercase(),
            // Fixed in length, so that the text has the order of the time.
            OrderBy::CreatedAt => format!("{:020}", oven.created_at.as_microsecond()),
            OrderBy::UpdatedAt => format!("{:020}", oven.updated_at.as_microsecond()),
        };
        (key, oven.id)
    };
    let asked = page::Asked { limit: query.limit, cursor: query.cursor.as_deref(), is_descending };
    Ok(Json(page::of_all(ovens.into_iter().filter(is_wanted).collect(), asked, key)?))
}

/// Makes an oven. Credentials come with `iot-config`.
#[utoipa::path(
    post, path = "/equipment", tag = "equipment", request_body = EquipmentDraft,
    responses((status = 201, body = Equipment, headers(("Location" = String, description = "Path of the oven."))))
)]
pub async fn create(
    State(state): State<AppState>,
    actor: Actor,
    Body(draft): Body<EquipmentDraft>,
) -> ApiResult<Response> {
    let made = state.service.create(&actor, draft, SecretChange::Keep).await?;
    let location = format!("/api/v1/equipment/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// One oven, without credentials.
#[utoipa::path(get, path = "/equipment/{id}", tag = "equipment", responses((status = 200, body = Equipment)))]
pub async fn show(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<Equipment>> {
    Ok(Json(state.service.equipment(id).await?))
}

/// Replaces an oven's settings. Stored credentials stay, as far as they are for the same address.
#[utoipa::path(
    put, path = "/equipment/{id}", tag = "equipment", request_body = EquipmentDraft,
    responses((status = 200, body = Equipment))
)]
pub async fn replace(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Body(draft): Body<EquipmentDraft>,
) -> ApiResult<Json<Equipment>> {
    Ok(Json(state.service.update(&actor, id, draft, SecretChange::Keep).await?))
}

/// Deletes an oven with its whole history.
#[utoipa::path(delete, path = "/equipment/{id}", tag = "equipment", responses((status = 204, description = "Gone.")))]
pub async fn delete(State(state): State<AppState>, actor: Actor, Id(id): Id) -> ApiResult<StatusCode> {
    state.service.delete(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
