//! HTTP: pages, the API and the websocket.
//!
//! # Layout
//! - `mod.rs` the route table; who may use a route is said here and nowhere else
//! - [`access`] who is asking, what a role may use, and whether a form was sent by our own page; [`bearer`] tokens
//! - [`rate`] how much one client may ask; [`etag`] conditional requests; [`idempotency`] creations that are repeated
//! - [`body`] bodies that are needed before their route is known
//! - [`page`] what every page needs; [`error`] problem documents for the API and error pages for people
//! - [`assets`] the site's files; [`headers`] what browsers are told about security
//! - [`session`] login, logout, first setup, preferences
//! - [`ovens`] the board and an oven's page; [`admin_ovens`] the oven form; [`find`] its search; [`outliers`] values to judge
//! - [`live`] the websocket
//! - [`api`] `/api/v1`; [`openapi`] its description, for people [`reference`], [`contract`] what it holds requests to

pub mod access;
mod admin_ovens;
mod api;
mod assets;
mod bearer;
mod body;
mod contract;
mod error;
pub mod etag;
mod find;
mod headers;
pub mod idempotency;
mod live;
mod openapi;
mod outliers;
mod ovens;
mod page;
pub mod rate;
mod reference;
mod session;
mod state;

use app::model::user::Role::{Admin, Display, Staff};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, trace::TraceLayer};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::service::config_file;
use access::needs;
pub use assets::Site;
pub use state::{AppState, Demo, Sessions, WebConfig};

/// Largest form or API body, in bytes, where the route table says nothing else.
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
        .route("/admin/ovens/{id}/delete", post(admin_ovens::delete).layer(needs(Admin, &state)))
        .route("/admin/outliers", get(outliers::list).layer(needs(Admin, &state)))
        .route("/admin/outliers/{id}/accept", post(outliers::accept).layer(needs(Admin, &state)))
        .route("/admin/outliers/{id}/reject", post(outliers::reject).layer(needs(Admin, &state)));

    // A browser cannot see the status of a refused upgrade, so the handler itself checks the session and closes with a
    // code that the page understands. Every role may watch.
    let live = Router::new().route("/ws/live", get(live::socket));

    let of = |role, routes| openapi::documented(role, routes, &state);
    let (display, staff, admin) =
        (|routes| of(Display, routes), |routes| of(Staff, routes), |routes| of(Admin, routes));
    let api = OpenApiRouter::new()
        .routes(admin(routes!(api::connectors::list)))
        .routes(admin(routes!(api::connectors::discover)))
        .routes(staff(routes!(api::equipment::list)))
        .routes(admin(routes!(api::equipment::create)))
        .routes(staff(routes!(api::equipment::show)))
        .routes(admin(routes!(api::equipment::replace, api::equipment::delete)))
        .routes(display(routes!(api::alerts::list)))
        .routes(display(routes!(api::alerts::show)))
        .routes(staff(routes!(api::alerts::acknowledge)))
        .routes(staff(routes!(api::alerts::resolve)))
        .routes(staff(routes!(api::alerts::shelve)))
        .routes(admin(routes!(api::iot::configure)))
        .routes(admin(routes!(api::iot::test)))
        .routes(display(routes!(api::iot::realtime)))
        .routes(staff(routes!(api::iot::health)))
        .routes(staff(routes!(api::iot::history)))
        .routes(staff(routes!(api::iot::export)))
        .routes(staff(routes!(api::iot::logs)))
        .routes(staff(routes!(api::batches::list, api::batches::create)))
        .routes(staff(routes!(api::batches::show, api::batches::replace, api::batches::delete)))
        .routes(staff(routes!(api::batches::start)))
        .routes(staff(routes!(api::batches::finish)))
        .routes(staff(routes!(api::batches::cancel)))
        .routes(staff(routes!(api::batches::sum_again)))
        .routes(display(routes!(api::batches::track)))
        .routes(staff(routes!(api::batches::proposals)))
        .routes(staff(routes!(api::batches::accept)))
        .routes(staff(routes!(api::batches::dismiss)))
        .routes(staff(routes!(api::history::storage)))
        .routes(staff(routes!(api::history::policy)))
        .routes(admin(routes!(api::history::set_policy)))
        .routes(admin(routes!(api::history::preview)))
        .routes(staff(routes!(api::history::retention)))
        .routes(admin(routes!(api::history::set_retention, api::history::remove_retention)))
        .routes(admin(routes!(api::history::delete_readings)))
        .routes(staff(routes!(api::plausibility::rules)))
        .routes(admin(routes!(api::plausibility::set_rules, api::plausibility::remove_rules)))
        .routes(staff(routes!(api::plausibility::calibrations)))
        .routes(admin(routes!(api::plausibility::calibrate)))
        .routes(staff(routes!(api::plausibility::calibration)))
        .routes(admin(routes!(api::plausibility::delete_calibration)))
        .routes(staff(routes!(api::plausibility::outliers)))
        .routes(staff(routes!(api::plausibility::outlier)))
        .routes(admin(routes!(api::plausibility::accept)))
        .routes(admin(routes!(api::plausibility::reject)))
        .routes(staff(routes!(api::energy::of_oven)))
        .routes(staff(routes!(api::energy::idle_hot)))
        .routes(staff(routes!(api::tokens::list, api::tokens::create)))
        .routes(staff(routes!(api::tokens::show, api::tokens::revoke)))
        .routes(admin(routes!(api::users::list, api::users::create)))
        .routes(admin(routes!(api::users::show, api::users::replace, api::users::delete)))
        .routes(staff(routes!(api::users::set_password)))
        .routes(admin(routes!(api::displays::list, api::displays::create)))
        .routes(admin(routes!(api::displays::show, api::displays::replace, api::displays::delete)))
        .routes(admin(routes!(api::displays::renew_pairing)))
        // A device that is to be paired is nobody yet.
        .routes(openapi::for_anyone(routes!(api::displays::pair)))
        .routes(admin(routes!(api::records::audit)))
        .routes(staff(routes!(api::records::logs)))
        .routes(admin(routes!(api::settings::show, api::settings::replace)))
        .routes(admin(routes!(api::config_file::export)))
        .routes(admin(openapi::with_limit(config_file::MAX_BYTES, routes!(api::config_file::plan))))
        .routes(admin(openapi::with_limit(config_file::MAX_BYTES, routes!(api::config_file::apply))))
        .routes(admin(routes!(api::system::stats)))
        .fallback(error::api_not_found);
    let (api, description) = api.split_for_parts();
    let api = api.method_not_allowed_fallback(error::method_not_allowed).with_state(state.clone());
    // Around the routes rather than on each: a change with `If-Match` is compared with what `GET` has at the same path.
    let api = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(state.clone(), idempotency::once))
        .layer(middleware::from_fn_with_state(state.clone(), etag::conditional))
        .service(api);
    let description = openapi::finished(&openapi::base().nest("/api/v1", description));
    let documents = Router::new()
        .route("/api/openapi.json", get(openapi::document(&description)).layer(needs(Display, &state)))
        .route("/api/asyncapi.json", get(openapi::document(&reference::asyncapi())).layer(needs(Display, &state)))
        .route(reference::PATH, get(reference::page(description)).layer(needs(Staff, &state)));

    Router::new()
        .merge(anyone)
        .merge(pages)
        .merge(live)
        .nest_service("/api/v1", api)
        .merge(documents)
        .route("/assets/{*path}", get(assets::hashed))
        .fallback(assets::root_or_not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(middleware::from_fn_with_state(state.clone(), access::same_origin))
        .layer(middleware::from_fn_with_state(state.clone(), rate::limit))
        .layer(middleware::from_fn_with_state(state.clone(), access::identify))
        .layer(state.sessions.layer(&state.web))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CompressionLayer::new())
        .layer(middleware::map_response(etag::of_encoding))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn(headers::secure))
        // An oven that is offline answers 503 to every question; that is no error of the server. Those are logged where
        // they are handled.
        .layer(TraceLayer::new_for_http().on_failure(()))
        .layer(middleware::from_fn(error::name_request))
        .with_state(state)
}
