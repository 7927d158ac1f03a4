//! `/api/v1`.
//!
//! # Layout
//! - [`equipment`] ovens: list, create, show, replace, delete; alerts
//! - [`iot`] connection settings and tests, live and past values
//! - [`connectors`] what can be connected; [`system`] how the server does
//! - [`extract`] bodies, ids and queries whose errors are problem documents

pub mod connectors;
pub mod equipment;
mod extract;
pub mod iot;
pub mod system;
