//! What can be connected, and what there is at an address.

use app::model::{api::DiscoverRequest, connector::Manifest, discovery::DiscoveryResult, equipment::EquipmentDraft};
use axum::{Json, extract::State};

use super::{
    extract::{Body, Params},
    page::{self, Page, PageQuery},
};
use crate::{
    connectors::ALL,
    http::{
        AppState,
        error::{ApiResult, Problem},
    },
    service::{ServiceError, configure::SecretChange},
};

/// Every connector: its fields, defaults and capabilities.
#[utoipa::path(
    get, path = "/connectors", tag = "connectors", params(PageQuery), responses((status = 200, body = Page<Manifest>))
)]
pub async fn list(Params(query): Params<PageQuery>) -> ApiResult<Json<Page<&'static Manifest>>> {
    let manifests: Vec<_> = ALL.iter().map(|driver| &driver.manifest).collect();
    let position = |manifest: &&Manifest| ALL.iter().position(|driver| driver.manifest.id == manifest.id);
    Ok(Json(page::of_all(manifests, query.asked(), position)?))
}

/// Machines and values at an address. Saves nothing.
#[utoipa::path(
    post, path = "/connectors/discover", tag = "connectors", request_body = DiscoverRequest,
    responses(
        (status = 200, body = DiscoveryResult, description = "How the search went; `success` says whether the peer answered."),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No oven of this id."),
    )
)]
pub async fn discover(
    State(state): State<AppState>,
    Body(request): Body<DiscoverRequest>,
) -> ApiResult<Json<DiscoveryResult>> {
    let draft = EquipmentDraft {
        iot_protocol: Some(request.protocol),
        iot_endpoint: Some(request.endpoint),
        iot_port: request.port,
        iot_config: request.additional_config,
        ..EquipmentDraft::default()
    };
    let secrets = request.credentials.map_or(SecretChange::Keep, SecretChange::Replace);
    let found = state.service.discover_draft(request.equipment_id, draft, secrets, &request.search).await;
    Ok(Json(found.map_err(of_connection)?))
}

/// Errors with the names of `iot-config`'s fields.
pub fn of_connection(error: ServiceError) -> Problem {
    Problem::from(error).of_connection()
}
