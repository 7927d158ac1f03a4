//! `/admin/outliers`: values that were not believed, for an admin to judge.

use app::pages::{self, Notice};
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    AppState,
    error::PageError,
    page::{self, Page},
};
use crate::service::{Actor, ServiceError};

pub async fn list(State(state): State<AppState>, Page(cx): Page) -> Result<Html<String>, PageError> {
    match state.service.outliers_to_judge().await {
        Ok(data) => Ok(Html(pages::outliers(&cx, data))),
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

pub async fn accept(state: State<AppState>, page: Page, actor: Actor, id: Path<String>) -> Response {
    judge(state, page, actor, id, true).await
}

pub async fn reject(state: State<AppState>, page: Page, actor: Actor, id: Path<String>) -> Response {
    judge(state, page, actor, id, false).await
}

async fn judge(
    State(state): State<AppState>,
    page: Page,
    actor: Actor,
    Path(id): Path<String>,
    accept: bool,
) -> Response {
    let done = async {
        let id = id.parse().map_err(|_| ServiceError::NotFound("outlier"))?;
        state.service.review_outlier(&actor, id, accept, None).await
    };
    let notice = if accept { Notice::OutlierAccepted } else { Notice::OutlierRejected };
    match done.await {
        Ok(_) => page::done("/admin/outliers", notice),
        Err(error) => PageError::new(page, error).into_response(),
    }
}
