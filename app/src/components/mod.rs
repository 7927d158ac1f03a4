//! Props in, view out.
//!
//! # Layout
//! - [`icon`] the small set of line icons
//! - [`condition`] what a screen says of an oven: word, shape, tone, urgency; no views
//! - [`filter`] which ovens the board shows, kept in the address
//! - [`board_view`], [`oven_card`], [`oven_panel`], [`fact`], [`gauge`], [`trend`], [`trend_chart`] live parts:
//!   plain functions from values to HTML, called by the server for the page and by the islands for each change
//! - [`field`], [`oven_fields`], [`mapping_table`], [`test_result`] parts of forms, server only
//! - [`find`], [`found_machines`], [`found_values`] the search for what there is at an address, server only
//!
//! Live parts are not leptos views: what a reactive view of a card costs in WASM is ten times its HTML function.

pub mod board_view;
pub mod condition;
pub mod fact;
pub mod filter;
pub mod gauge;
pub mod icon;
pub mod oven_card;
pub mod oven_panel;
pub mod trend;
pub mod trend_chart;

#[cfg(feature = "ssr")]
pub mod empty;
#[cfg(feature = "ssr")]
pub mod field;
#[cfg(feature = "ssr")]
pub mod find;
#[cfg(feature = "ssr")]
pub mod found_machines;
#[cfg(feature = "ssr")]
pub mod found_values;
#[cfg(feature = "ssr")]
pub mod mapping_table;
#[cfg(feature = "ssr")]
pub mod oven_fields;
#[cfg(feature = "ssr")]
pub mod test_result;

use crate::i18n::{Lang, clock::LocalClock};

/// What every live part needs: the language, the server's time, and the bakery's wall clock.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub lang: Lang,
    pub now_ms: i64,
    pub clock: &'a LocalClock,
}
