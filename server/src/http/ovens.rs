//! `/` and `/ovens/{id}`.

use app::{model::equipment::EquipmentId, pages};
use axum::{
    extract::{Path, State},
    response::Html,
};

use super::{AppState, error::PageError, page::Page};
use crate::service::ServiceError;

pub async fn board(State(state): State<AppState>, Page(cx): Page) -> Html<String> {
    Html(pages::board(&cx, state.service.board()))
}

pub async fn detail(
    State(state): State<AppState>,
    Page(cx): Page,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let found = match oven_id(&id) {
        Ok(id) => state.service.oven_detail(id).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(data) => Ok(Html(pages::oven(&cx, data))),
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

/// An id that is none names no oven.
pub fn oven_id(text: &str) -> Result<EquipmentId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound("equipment"))
}
