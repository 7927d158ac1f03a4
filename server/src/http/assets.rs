//! The site's files: embedded in a release build, read from disk in a debug build.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use app::pages::Assets;
use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::{AppState, error};

#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Files;

/// Names of hashed files never get other contents.
const FOREVER: &str = "public, max-age=31536000, immutable";
const BRIEFLY: &str = "public, max-age=300";

/// The list of the site's files.
pub struct Site {
    assets: Arc<BTreeMap<String, String>>,
    /// Names the build: a hash over the names of all files.
    pub build: String,
}

impl Site {
    /// Reads the list; without a bundled site pages still work, unstyled.
    pub fn load() -> Self {
        let assets: BTreeMap<String, String> =
            Files::get("assets.json").and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_else(|| {
                tracing::warn!("the site was not bundled: run `cargo xtask bundle`; pages are unstyled and not live");
                BTreeMap::new()
            });
        let mut hash = Sha256::new();
        for address in assets.values() {
            hash.update(address);
        }
        let digest = hash.finalize();
        let build = digest[..6].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self { assets: Arc::new(assets), build }
    }

    pub fn assets(&self) -> Assets {
        Assets(Arc::clone(&self.assets))
    }
}

/// `/assets/…`
pub async fn hashed(Path(path): Path<String>, State(state): State<AppState>, request: Request) -> Response {
    file(&format!("assets/{path}"), FOREVER, request.headers()).unwrap_or_else(|| error::not_found(&request, &state))
}

/// Files that browsers look for at the root, such as the manifest; anything else is not found.
pub async fn root_or_not_found(State(state): State<AppState>, request: Request) -> Response {
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let is_plain_file = !name.is_empty() && !name.contains('/') && !name.starts_with('.') && name != "assets.json";
    is_plain_file
        .then(|| file(&name, BRIEFLY, request.headers()))
        .flatten()
        .unwrap_or_else(|| error::not_found(&request, &state))
}

fn file(name: &str, caching: &'static str, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |encoding: &str| {
        accepted.split(',').any(|part| {
            let mut pieces = part.split(';').map(str::trim);
            pieces.next() == Some(encoding) && pieces.next() != Some("q=0")
        })
    };
    let (data, encoding) = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(encoding))
        .find_map(|(encoding, suffix)| Some((Files::get(&format!("{name}{suffix}"))?.data, Some(encoding))))
        .or_else(|| Some((Files::get(name)?.data, None)))?;
    let body = match data {
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    };
    let mut response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "webmanifest" => "application/manifest+json",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        _ => mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream"),
    }
}
