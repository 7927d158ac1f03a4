//! Ovens.

use app::model::equipment::{Equipment, EquipmentDraft};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::extract::{Body, Id};
use crate::{
    http::{AppState, error::ApiResult},
    service::{Actor, configure::SecretChange},
};

#[derive(Serialize)]
pub struct List<T> {
    pub items: Vec<T>,
    pub total: usize,
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { total: items.len(), items }
    }
}

pub async fn list(State(state): State<AppState>) -> ApiResult<Json<List<Equipment>>> {
    let ovens = state.service.store.equipment_list().await.map_err(crate::service::ServiceError::from)?;
    Ok(Json(ovens.into()))
}

pub async fn create(
    State(state): State<AppState>,
    actor: Actor,
    Body(draft): Body<EquipmentDraft>,
) -> ApiResult<Response> {
    let made = state.service.create(&actor, draft, SecretChange::Keep).await?;
    let location = format!("/api/v1/equipment/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

pub async fn show(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<Equipment>> {
    Ok(Json(state.service.equipment(id).await?))
}

pub async fn replace(
    State(state): State<AppState>,
    actor: Actor,
    Id(id): Id,
    Body(draft): Body<EquipmentDraft>,
) -> ApiResult<Json<Equipment>> {
    Ok(Json(state.service.update(&actor, id, draft, SecretChange::Keep).await?))
}

pub async fn delete(State(state): State<AppState>, actor: Actor, Id(id): Id) -> ApiResult<StatusCode> {
    state.service.delete(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn alerts(State(state): State<AppState>) -> ApiResult<Response> {
    let alerts = state.service.store.standing_alerts(None).await.map_err(crate::service::ServiceError::from)?;
    Ok(Json(List::from(alerts)).into_response())
}
