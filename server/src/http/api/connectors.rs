//! What can be connected.

use app::model::connector::Manifest;
use axum::Json;

use super::equipment::List;
use crate::connectors::ALL;

pub async fn list() -> Json<List<&'static Manifest>> {
    Json(ALL.iter().map(|driver| &driver.manifest).collect::<Vec<_>>().into())
}
