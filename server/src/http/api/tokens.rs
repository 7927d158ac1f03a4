//! Tokens of programs.

use app::model::{
    token::{NewToken, Token, TokenDraft},
    user::Role,
};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    extract::{Body, Name, Params},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        access::{Credential, Login},
        error::{ApiResult, Problem},
        idempotency::HoldsSecret,
    },
    service::{Actor, ServiceError},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    /// Only those of this user; for others than admins it is always oneself.
    owner_id: Option<i64>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One's own tokens; an admin sees those of every user. In the order in which they were made.
#[utoipa::path(
    get, path = "/tokens", tag = "access", params(TokenQuery), responses((status = 200, body = Page<Token>))
)]
pub async fn list(
    State(state): State<AppState>,
    actor: Actor,
    Params(query): Params<TokenQuery>,
) -> ApiResult<Json<Page<Token>>> {
    let (limit, after) = (page::limit(query.limit)?, page::unseal(query.cursor.as_deref())?);
    let owner = if actor.role.may(Role::Admin) { query.owner_id } else { actor.user_id };
    let tokens = state.service.store.tokens(owner, limit + 1, after).await.map_err(ServiceError::from)?;
    Ok(Json(Page::keyed(tokens, limit)))
}

/// Makes a token. The answer has the token itself, for the only time. Needs the session of a login.
#[utoipa::path(
    post, path = "/tokens", tag = "access", request_body = TokenDraft,
    responses((status = 201, body = NewToken, headers(("Location" = String, description = "Path of the token."))))
)]
pub async fn create(
    State(state): State<AppState>,
    actor: Actor,
    Extension(login): Extension<Login>,
    Body(draft): Body<TokenDraft>,
) -> ApiResult<Response> {
    if login.by != Credential::Session {
        // Or one that leaked could be replaced by another before it is revoked.
        let title = "a token cannot make another one: log in with a password";
        return Err(Problem::new(StatusCode::FORBIDDEN, "session_needed", title));
    }
    let made = state.service.create_token(&actor, draft).await?;
    let location = format!("/api/v1/tokens/{}", made.about.id);
    let answer = (StatusCode::CREATED, [(header::LOCATION, location)], Extension(HoldsSecret), Json(made));
    Ok(answer.into_response())
}

/// One token, without its secret.
#[utoipa::path(
    get, path = "/tokens/{id}", tag = "access", params(("id" = String, Path)), responses((status = 200, body = Token))
)]
pub async fn show(State(state): State<AppState>, actor: Actor, Name(id): Name) -> ApiResult<Json<Token>> {
    Ok(Json(state.service.token(&actor, &id).await?))
}

/// Revokes a token: nobody gets in with it any more.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "access", params(("id" = String, Path)),
    responses((status = 204, description = "Revoked."))
)]
pub async fn revoke(State(state): State<AppState>, actor: Actor, Name(id): Name) -> ApiResult<StatusCode> {
    state.service.revoke_token(&actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
