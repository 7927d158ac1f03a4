//! Screens on a wall.

use std::time::Instant;

use app::model::display::{Display, DisplayDraft, PairRequest, PairedDisplay, PairingDisplay};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use zeroize::Zeroizing;

use super::{
    extract::{Body, Params, Uid},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        access::ClientIp,
        error::{ApiResult, Problem},
        idempotency::HoldsSecret,
    },
    service::{Actor, ServiceError},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisplayQuery {
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Screens on a wall, in the order in which they were made.
#[utoipa::path(
    get, path = "/displays", tag = "access", params(DisplayQuery), responses((status = 200, body = Page<Display>))
)]
pub async fn list(
    State(state): State<AppState>,
    Params(query): Params<DisplayQuery>,
) -> ApiResult<Json<Page<Display>>> {
    let (limit, after) = (page::limit(query.limit)?, page::unseal(query.cursor.as_deref())?);
    let displays = state.service.store.displays(limit + 1, after).await;
    Ok(Json(Page::keyed(displays.map_err(ServiceError::from)?, limit)))
}

/// Makes a screen. The answer has the code that pairs a device with it, for the only time.
#[utoipa::path(
    post, path = "/displays", tag = "access", request_body = DisplayDraft,
    responses((status = 201, body = PairingDisplay, headers(("Location" = String, description = "Path of the screen."))))
)]
pub async fn create(
    State(state): State<AppState>,
    actor: Actor,
    Body(draft): Body<DisplayDraft>,
) -> ApiResult<Response> {
    let made: PairingDisplay = state.service.create_display(&actor, draft).await?;
    let location = format!("/api/v1/displays/{}", made.display.id);
    let answer = (StatusCode::CREATED, [(header::LOCATION, location)], Extension(HoldsSecret), Json(made));
    Ok(answer.into_response())
}

/// One screen.
#[utoipa::path(get, path = "/displays/{id}", tag = "access", responses((status = 200, body = Display)))]
pub async fn show(State(state): State<AppState>, Uid(id): Uid) -> ApiResult<Json<Display>> {
    Ok(Json(state.service.display(id).await?))
}

/// Changes what a screen is called and shows.
#[utoipa::path(
    put, path = "/displays/{id}", tag = "access", request_body = DisplayDraft, responses((status = 200, body = Display))
)]
pub async fn replace(
    State(state): State<AppState>,
    actor: Actor,
    Uid(id): Uid,
    Body(draft): Body<DisplayDraft>,
) -> ApiResult<Json<Display>> {
    Ok(Json(state.service.update_display(&actor, id, draft).await?))
}

/// Deletes a screen. Its device sees nothing more from now on.
#[utoipa::path(delete, path = "/displays/{id}", tag = "access", responses((status = 204, description = "Gone.")))]
pub async fn delete(State(state): State<AppState>, actor: Actor, Uid(id): Uid) -> ApiResult<StatusCode> {
    state.service.delete_display(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Another pairing code, in the place of the last one. The device that is paired stays so until another one uses it.
#[utoipa::path(
    post, path = "/displays/{id}/pairing-code", tag = "access", responses((status = 200, body = PairingDisplay))
)]
pub async fn renew_pairing(State(state): State<AppState>, actor: Actor, Uid(id): Uid) -> ApiResult<Response> {
    let renewed: PairingDisplay = state.service.renew_pairing(&actor, id).await?;
    Ok((Extension(HoldsSecret), Json(renewed)).into_response())
}

/// Exchanges a pairing code for a device's credential, once. The code is what the device proves itself by.
#[utoipa::path(
    post, path = "/displays/pair", tag = "access", request_body = PairRequest,
    responses(
        (status = 200, body = PairedDisplay),
        (status = 403, description = "The code is wrong, used or too old; or another site's page asked."),
    ),
    security(())
)]
pub async fn pair(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    Body(request): Body<PairRequest>,
) -> ApiResult<Response> {
    let code = Zeroizing::new(request.code);
    let throttled = |wait| Problem::too_many(wait, "too many wrong codes");
    state.pairing_throttle.check(ip, Instant::now()).map_err(throttled)?;
    if let Some(paired) = state.service.pair_display(&code, ip.to_string()).await? {
        state.pairing_throttle.succeeded(ip);
        return Ok((Extension(HoldsSecret), Json(paired)).into_response());
    }
    state.pairing_throttle.failed(ip, Instant::now());
    let title = "this code is wrong, used, or older than ten minutes";
    Err(Problem::new(StatusCode::FORBIDDEN, "pairing_code_invalid", title))
}
