//! `/api/v1`.
//!
//! # Layout
//! - [`equipment`] ovens: list, create, show, replace, delete; alerts
//! - [`iot`] connection settings and tests, live and past values
//! - [`history`] how long it is kept, and what it takes; [`energy`] what ovens take, and what for nothing
//! - [`connectors`] what can be connected; [`system`] how the server does
//! - [`extract`] bodies, ids and queries whose errors are problem documents

pub mod connectors;
pub mod energy;
pub mod equipment;
mod extract;
pub mod history;
pub mod iot;
pub mod system;
