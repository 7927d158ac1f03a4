//! All of the configuration as one YAML file, of a server that heeds it at once.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use zeroize::Zeroizing;

use super::extract::{Params, media_type, whole};
use crate::{
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    secrets::passphrase::PassphraseError,
    service::{
        Actor,
        config_file::{ConfigFileError, File, Plan},
    },
};

const YAML: &str = "application/yaml";
const PASSPHRASE: HeaderName = HeaderName::from_static("hornero-passphrase");

/// Everything that there is as a YAML file. Of the credentials of ovens it has the names alone.
#[utoipa::path(
    get, path = "/config/export", tag = "system",
    responses((status = 200, content_type = "application/yaml", body = Value, description = "The file."))
)]
pub async fn export(State(state): State<AppState>) -> ApiResult<Response> {
    let export = state.service.export_config(None).await?;
    for warning in &export.warnings {
        tracing::warn!("the exported configuration is incomplete: {warning}");
    }
    let headers =
        [(header::CONTENT_TYPE, YAML), (header::CONTENT_DISPOSITION, "attachment; filename=\"hornero.yaml\"")];
    Ok((headers, export.text).into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Scope {
    /// Whether ovens, with their history, and users that the file does not have are removed, in the sections that it has.
    #[serde(default)]
    prune: bool,
}

/// What a file would change; changes nothing. What is wrong with it is told all at once.
#[utoipa::path(
    post, path = "/config/plan", tag = "system",
    params(Scope, ("Hornero-Passphrase" = Option<String>, Header, description = "Of sealed secrets, in UTF-8.")),
    request_body(content = Value, content_type = "application/yaml", description = "A configuration file, at most 4 MiB."),
    responses(
        (status = 200, body = Plan),
        (status = 413, description = "The file is too large."),
        (status = 415, description = "The content type is not application/yaml."),
    )
)]
pub async fn plan(
    State(state): State<AppState>,
    Params(scope): Params<Scope>,
    Passphrase(passphrase): Passphrase,
    Yaml(text): Yaml,
) -> ApiResult<Json<Plan>> {
    let file = File::open(&text, passphrase).await?;
    Ok(Json(state.service.plan_config(&file, scope.prune).await?))
}

/// Changes all that a file says, or nothing of it, and says what was changed.
#[utoipa::path(
    post, path = "/config/apply", tag = "system",
    params(Scope, ("Hornero-Passphrase" = Option<String>, Header, description = "Of sealed secrets, in UTF-8.")),
    request_body(content = Value, content_type = "application/yaml", description = "A configuration file, at most 4 MiB."),
    responses(
        (status = 200, body = Plan),
        (status = 413, description = "The file is too large."),
        (status = 415, description = "The content type is not application/yaml."),
    )
)]
pub async fn apply(
    State(state): State<AppState>,
    actor: Actor,
    Params(scope): Params<Scope>,
    Passphrase(passphrase): Passphrase,
    Yaml(text): Yaml,
) -> ApiResult<Json<Plan>> {
    let file = File::open(&text, passphrase).await?;
    Ok(Json(state.service.apply_config(&actor, file, scope.prune).await?))
}

/// A YAML body as it is.
pub struct Yaml(String);

impl<S: Send + Sync> FromRequest<S> for Yaml {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_yaml = media_type(request.headers()).is_some_and(|kind| kind.eq_ignore_ascii_case(YAML));
        let body = whole(request, state).await?;
        if body.is_empty() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "no_body", "a configuration file is needed"));
        }
        if !is_yaml {
            let title = "the content type has to be application/yaml";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", title));
        }
        String::from_utf8(body.into())
            .map(Self)
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "body_invalid", "the file is not in UTF-8"))
    }
}

/// Of the sealed secrets in a file. In a header of its own, because addresses are written to logs.
pub struct Passphrase(Option<Zeroizing<String>>);

impl<S: Send + Sync> FromRequestParts<S> for Passphrase {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(PASSPHRASE).filter(|value| !value.is_empty()) else {
            return Ok(Self(None));
        };
        let text = std::str::from_utf8(value.as_bytes());
        text.map(|text| Self(Some(Zeroizing::new(text.to_owned()))))
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "passphrase_invalid", "the passphrase is not in UTF-8"))
    }
}

impl From<ConfigFileError> for Problem {
    fn from(error: ConfigFileError) -> Self {
        let unusable = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string());
        match error {
            ConfigFileError::Unreadable(text) => Self::new(StatusCode::BAD_REQUEST, "body_invalid", text),
            ConfigFileError::Invalid(errors) => Self::invalid(errors),
            ConfigFileError::Newer { .. } => unusable("version_unknown"),
            ConfigFileError::PassphraseNeeded => unusable("passphrase_needed"),
            ConfigFileError::Passphrase(PassphraseError::Wrong) => unusable("passphrase_wrong"),
            ConfigFileError::Passphrase(_) => unusable("secrets_altered"),
            ConfigFileError::WeakPassphrase(_) => unusable("passphrase_weak"),
            ConfigFileError::ChangedMeanwhile => {
                Self::new(StatusCode::CONFLICT, "changed_meanwhile", error.to_string())
            }
            ConfigFileError::NoMasterKey => unusable("no_master_key"),
            ConfigFileError::Service(error) => error.into(),
        }
    }
}
