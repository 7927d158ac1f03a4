//! `/api/v1`.
//!
//! # Layout
//! - [`equipment`] ovens: list, create, show, replace, delete; [`alerts`] of them
//! - [`iot`] connection settings and tests, live and past values
//! - [`batches`] what is baked
//! - [`history`] how long it is kept, and what it takes; [`energy`] what ovens take, and what for nothing
//! - [`plausibility`] what values are held to, and judging those that were not believed
//! - [`connectors`] what can be connected; [`system`] how the server does
//! - [`users`] accounts; [`tokens`] of programs, [`displays`] on walls; [`records`] what was done and what happened;
//!   [`settings`] that are changed while running; [`config_file`] all of the configuration at once
//! - [`extract`] bodies, ids and queries whose errors are problem documents; [`page`] lists
//!
//! # An operation
//! A handler carries its description, and a line of the route table says who may use it:
//!
//! ```ignore
//! /// What it does: the first line is its summary.
//! #[utoipa::path(get, path = "/bakes/{id}", tag = "bakes", responses((status = 200, body = Bake)))]
//! pub async fn show(State(state): State<AppState>, Id(id): Id) -> ApiResult<Json<Bake>> { … }
//!
//! .routes(staff(routes!(api::bakes::show)))
//! ```
//!
//! What follows from role, path, parameters and body (401, 403, 404, 400, 413, 415, 422) is added by
//! [`openapi`](super::openapi); a handler names only other answers. [`contract`](super::contract) refuses parameters that
//! are not described (400) and clients that take none of the described media types (406). Types derive `ToSchema`, queries `IntoParams` with
//! `deny_unknown_fields`, and say their ranges.
//!
//! Every resource gets its ETag and `If-Match` ([`etag`](super::etag)), every `POST` its `Idempotency-Key`
//! ([`idempotency`](super::idempotency)) without a word of its handler; one whose answer shows a secret adds `HoldsSecret`
//! to it.

#![expect(unused_qualifications, reason = "the macro of an operation writes them for its parameters")]

pub mod alerts;
pub mod batches;
pub mod config_file;
pub mod connectors;
pub mod displays;
pub mod energy;
pub mod equipment;
mod extract;
pub mod history;
pub mod iot;
mod page;
pub mod plausibility;
pub mod records;
pub mod settings;
pub mod system;
pub mod tokens;
pub mod users;

pub use extract::unread;
