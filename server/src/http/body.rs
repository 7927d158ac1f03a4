//! Bodies that are needed before their route is known.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use super::{api::unread, error::Problem};
use crate::service::config_file::MAX_BYTES;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// All of a body, as long as it is no longer than any route takes; each has its own limit further in.
pub async fn whole(body: Body) -> Result<Bytes, Problem> {
    match timeout(PATIENCE, Limited::new(body, MAX_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(unread(StatusCode::PAYLOAD_TOO_LARGE, String::new())),
        Ok(Err(error)) => Err(unread(StatusCode::BAD_REQUEST, error.to_string())),
        Err(_) => Err(unread(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive".to_owned())),
    }
}
