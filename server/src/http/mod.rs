//! HTTP: pages, the API and the websocket.
//!
//! # Layout
//! - `mod.rs` the route table; who may use a route is said here and nowhere else
//! - [`access`] who is asking, what a role may use, and whether a form was sent by our own page
//! - [`page`] what every page needs; [`error`] problem documents for the API and error pages for people
//! - [`assets`] the site's files; [`headers`] what browsers are told about security
//! - [`session`] login, logout, first setup, preferences
//! - [`ovens`] the board and an oven's page; [`admin_ovens`] the oven form; [`find`] its search
//! - [`live`] the websocket
//! - [`api`] `/api/v1`

pub mod access;
mod admin_ovens;
mod api;
mod assets;
mod error;
mod find;
mod headers;
mod live;
mod ovens;
mod page;
mod session;
mod state;

use app::model::user::Role::{Admin, Display, Staff};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, trace::TraceLayer};

use access::needs;
pub use assets::Site;
pub use state::{AppState, Demo, Sessions, WebConfig};

/// Largest form or API body, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

pub fn router(state: AppState) -> Router {
    let anyone = Router::new()
        .route("/login", get(session::login_page).post(session::login))
        .route("/logout", post(session::logout))
        .route("/setup", get(session::setup_page).post(session::setup))
        .route("/preferences", post(session::preferences))
        .route("/healthz", get(api::system::healthz));

    let pages = Router::new()
        .route("/", get(ovens::board).layer(needs(Display, &state)))
        .route("/ovens/{id}", get(ovens::detail).layer(needs(Display, &state)))
        .route("/admin/ovens", get(admin_ovens::list).layer(needs(Admin, &state)))
        .route("/admin/ovens/new", get(admin_ovens::new).post(admin_ovens::create).layer(needs(Admin, &state)))
        .route("/admin/ovens/{id}/edit", get(admin_ovens::edit).post(admin_ovens::update).layer(needs(Admin, &state)))
        .route("/admin/ovens/{id}/enable", post(admin_ovens::enable).layer(needs(Admin, &state)))
        .route("/admin/ovens/{id}/disable", post(admin_ovens::disable).layer(needs(Admin, &state)))
        .route("/admin/ovens/{id}/delete", post(admin_ovens::delete).layer(needs(Admin, &state)));

    // A browser cannot see the status of a refused upgrade, so the handler itself checks the session and closes with a
    // code that the page understands. Every role may watch.
    let live = Router::new().route("/ws/live", get(live::socket));

    let api = Router::new()
        .route("/connectors", get(api::connectors::list).layer(needs(Admin, &state)))
        .route("/connectors/discover", post(api::connectors::discover).layer(needs(Admin, &state)))
        .route(
            "/equipment",
            get(api::equipment::list)
                .layer(needs(Staff, &state))
                .merge(post(api::equipment::create).layer(needs(Admin, &state))),
        )
        .route("/equipment/iot-alerts", get(api::equipment::alerts).layer(needs(Display, &state)))
        .route(
            "/equipment/{id}",
            get(api::equipment::show).layer(needs(Staff, &state)).merge(
                axum::routing::put(api::equipment::replace).delete(api::equipment::delete).layer(needs(Admin, &state)),
            ),
        )
        .route("/equipment/{id}/iot-config", post(api::iot::configure).layer(needs(Admin, &state)))
        .route("/equipment/{id}/test-connection", post(api::iot::test).layer(needs(Admin, &state)))
        .route("/equipment/{id}/realtime-data", get(api::iot::realtime).layer(needs(Display, &state)))
        .route("/equipment/{id}/sensor-history", get(api::iot::history).layer(needs(Staff, &state)))
        .route("/equipment/{id}/sensor-history/export", get(api::iot::export).layer(needs(Staff, &state)))
        .route("/equipment/{id}/connection-logs", get(api::iot::logs).layer(needs(Staff, &state)))
        .route("/equipment/{id}/energy", get(api::energy::of_oven).layer(needs(Staff, &state)))
        .route("/energy/idle-hot", get(api::energy::idle_hot).layer(needs(Staff, &state)))
        .route(
            "/equipment/{id}/retention",
            get(api::history::retention).layer(needs(Staff, &state)).merge(
                axum::routing::put(api::history::set_retention)
                    .delete(api::history::remove_retention)
                    .layer(needs(Admin, &state)),
            ),
        )
        .route(
            "/equipment/{id}/readings",
            axum::routing::delete(api::history::delete_readings).layer(needs(Admin, &state)),
        )
        .route("/history/storage", get(api::history::storage).layer(needs(Staff, &state)))
        .route(
            "/history/retention",
            get(api::history::policy)
                .layer(needs(Staff, &state))
                .merge(axum::routing::put(api::history::set_policy).layer(needs(Admin, &state))),
        )
        .route("/history/retention/preview", post(api::history::preview).layer(needs(Admin, &state)))
        .route("/system/stats", get(api::system::stats).layer(needs(Admin, &state)))
        .fallback(error::api_not_found);

    Router::new()
        .merge(anyone)
        .merge(pages)
        .merge(live)
        .nest("/api/v1", api)
        .route("/assets/{*path}", get(assets::hashed))
        .fallback(assets::root_or_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(middleware::from_fn_with_state(state.clone(), access::same_origin))
        .layer(middleware::from_fn_with_state(state.clone(), access::identify))
        .layer(state.sessions.layer(&state.web))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn(headers::secure))
        // An oven that is offline answers 503 to every question; that is no error of the server. Those are logged where
        // they are handled.
        .layer(TraceLayer::new_for_http().on_failure(()))
        .layer(middleware::from_fn(error::name_request))
        .with_state(state)
}
