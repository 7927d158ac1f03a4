//! `/api/docs`: the API's documents for people.

use std::{future::Future, pin::Pin, sync::Arc};

use app::pages::{self, Reference};
use axum::response::Html;
use serde_json::Value;

use super::page::Page;

/// A page for people among what is for programs.
pub const PATH: &str = "/api/docs";

/// The websocket's description (AsyncAPI 3.0).
pub const ASYNCAPI: &str = include_str!("../../../docs/asyncapi.json");

pub fn asyncapi() -> Value {
    serde_json::from_str(ASYNCAPI).expect("a test reads it")
}

/// Renders the documents for whoever asks.
pub fn page(
    openapi: Value,
) -> impl Fn(Page) -> Pin<Box<dyn Future<Output = Html<String>> + Send>> + Clone + Send + Sync + 'static {
    let documents = Arc::new((openapi, asyncapi()));
    move |Page(cx)| {
        let documents = Arc::clone(&documents);
        Box::pin(async move {
            let (openapi, asyncapi) = &*documents;
            Html(pages::reference(&cx, Reference { openapi, asyncapi }))
        })
    }
}
