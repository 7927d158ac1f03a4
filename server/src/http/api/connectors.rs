//! What can be connected, and what there is at an address.

use app::model::{api::DiscoverRequest, connector::Manifest, discovery::DiscoveryResult, equipment::EquipmentDraft};
use axum::{Json, extract::State};

use super::{equipment::List, extract::Body};
use crate::{
    connectors::ALL,
    http::{AppState, error::ApiResult},
    service::configure::SecretChange,
};

pub async fn list() -> Json<List<&'static Manifest>> {
    Json(ALL.iter().map(|driver| &driver.manifest).collect::<Vec<_>>().into())
}

/// Machines and values at an address. Saves nothing.
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
    Ok(Json(state.service.discover_draft(request.equipment_id, draft, secrets, &request.search).await?))
}
