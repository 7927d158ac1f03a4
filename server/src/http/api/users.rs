//! Accounts.

use std::time::Instant;

use app::model::{
    form::{FieldError, Problem as Wrong},
    user::{NewUser, PasswordChange, Role, User, UserChange},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use tower_sessions::Session;
use utoipa::IntoParams;
use zeroize::Zeroizing;

use super::{
    extract::{Body, Number, Params},
    page::{self, Page},
};
use crate::{
    http::{
        AppState,
        access::{ClientIp, Credential, EPOCH, Login},
        error::{ApiResult, Problem},
    },
    service::{Actor, ServiceError},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    role: Option<Role>,
    disabled: Option<bool>,
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Accounts, in the order in which they were made.
#[utoipa::path(get, path = "/users", tag = "access", params(UserQuery), responses((status = 200, body = Page<User>)))]
pub async fn list(State(state): State<AppState>, Params(query): Params<UserQuery>) -> ApiResult<Json<Page<User>>> {
    let mut users = state.service.users().await?;
    users.retain(|user| {
        query.role.is_none_or(|role| user.role == role)
            && query.disabled.is_none_or(|disabled| user.disabled == disabled)
    });
    let asked = page::Asked { limit: query.limit, cursor: query.cursor.as_deref(), is_descending: false };
    Ok(Json(page::of_all(users, asked, |user| user.id)?))
}

/// Makes an account.
#[utoipa::path(
    post, path = "/users", tag = "access", request_body = NewUser,
    responses((status = 201, body = User, headers(("Location" = String, description = "Path of the account."))))
)]
pub async fn create(State(state): State<AppState>, actor: Actor, Body(new): Body<NewUser>) -> ApiResult<Response> {
    let made = state.service.create_user(&actor, new).await?;
    let location = format!("/api/v1/users/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

/// One account.
#[utoipa::path(
    get, path = "/users/{id}", tag = "access", params(("id" = i64, Path)), responses((status = 200, body = User))
)]
pub async fn show(State(state): State<AppState>, Number(id): Number) -> ApiResult<Json<User>> {
    Ok(Json(state.service.user(id).await?))
}

/// Changes an account. Another role, or disabling it, ends its sessions.
#[utoipa::path(
    put, path = "/users/{id}", tag = "access", params(("id" = i64, Path)), request_body = UserChange,
    responses((status = 200, body = User), (status = 409, description = "The last admin who can sign in stays."))
)]
pub async fn replace(
    State(state): State<AppState>,
    actor: Actor,
    Number(id): Number,
    Body(change): Body<UserChange>,
) -> ApiResult<Json<User>> {
    Ok(Json(state.service.update_user(&actor, id, change).await?))
}

/// Deletes an account with its sessions and tokens.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "access", params(("id" = i64, Path)),
    responses((status = 204, description = "Gone."), (status = 409, description = "The last admin who can sign in stays."))
)]
pub async fn delete(State(state): State<AppState>, actor: Actor, Number(id): Number) -> ApiResult<StatusCode> {
    state.service.delete_user(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a password. One's own needs the current one, for admins too: a tablet left open must not be enough to lock its user
/// out. Those of others are for admins. Every session of the user ends but the one that asked.
#[utoipa::path(
    post, path = "/users/{id}/password", tag = "access", params(("id" = i64, Path)), request_body = PasswordChange,
    responses((status = 204, description = "It holds from now on."))
)]
pub async fn set_password(
    State(state): State<AppState>,
    actor: Actor,
    ClientIp(ip): ClientIp,
    Extension(login): Extension<Login>,
    session: Session,
    Number(id): Number,
    Body(change): Body<PasswordChange>,
) -> ApiResult<StatusCode> {
    let (new, current) = (Zeroizing::new(change.password), change.current_password.map(Zeroizing::new));
    let is_own = actor.user_id == Some(id);
    if !is_own && !actor.role.may(Role::Admin) {
        let title = "the password of somebody else is for an admin to change";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", title));
    }
    if is_own {
        let username = &login.user().username;
        let wrong = |problem| Problem::invalid(vec![FieldError::new("current_password", problem)]);
        let current = current.ok_or_else(|| wrong(Wrong::Required))?;
        let throttled = |wait| Problem::too_many(wait, "too many wrong passwords");
        state.throttle.check(username, ip, Instant::now()).map_err(throttled)?;
        if !state.service.is_password(id, current).await? {
            state.throttle.failed(username, ip, Instant::now());
            return Err(wrong(Wrong::Other { detail: "this is not the current password".to_owned() }));
        }
        state.throttle.succeeded(username, ip);
    }
    let account = state.service.set_password(&actor, id, new).await?;
    if is_own && login.by == Credential::Session {
        session.cycle_id().await.map_err(ServiceError::Session)?;
        session.insert(EPOCH, account.session_epoch).await.map_err(ServiceError::Session)?;
    }
    Ok(StatusCode::NO_CONTENT)
}
