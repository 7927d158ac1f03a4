//! Settings that are changed while running.

use app::model::settings::Settings;
use axum::{Json, extract::State};

use super::extract::Body;
use crate::{
    http::{AppState, error::ApiResult},
    service::Actor,
};

/// What is set for everybody.
#[utoipa::path(get, path = "/settings", tag = "system", responses((status = 200, body = Settings)))]
pub async fn show(State(state): State<AppState>) -> Json<Settings> {
    Json(state.service.settings.get())
}

/// Sets what holds for everybody, at once. What the configuration file says is for where there is nothing here.
#[utoipa::path(
    put, path = "/settings", tag = "system", request_body = Settings, responses((status = 200, body = Settings))
)]
pub async fn replace(
    State(state): State<AppState>,
    actor: Actor,
    Body(settings): Body<Settings>,
) -> ApiResult<Json<Settings>> {
    Ok(Json(state.service.set_settings(&actor, settings).await?))
}
