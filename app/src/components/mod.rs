//! Props in, view out.
//!
//! # Layout
//! - [`icon`] the small set of line icons
//! - [`condition`] what a screen says of an oven: word, shape, tone, urgency; no views
//! - [`filter`] which ovens the board shows, kept in the address
//! - [`oven_card`], [`fact`], [`gauge`], [`trend`], [`trend_chart`] live parts, hydrated inside islands
//! - [`field`], [`oven_fields`], [`mapping_table`], [`test_result`] parts of forms, server only

pub mod condition;
pub mod fact;
pub mod filter;
pub mod gauge;
pub mod icon;
pub mod oven_card;
pub mod trend;
pub mod trend_chart;

#[cfg(feature = "ssr")]
pub mod field;
#[cfg(feature = "ssr")]
pub mod mapping_table;
#[cfg(feature = "ssr")]
pub mod oven_fields;
#[cfg(feature = "ssr")]
pub mod test_result;

use leptos::prelude::*;

use crate::i18n::{Lang, clock::LocalClock};

/// What every live part needs: the language, the server's time, and the bakery's wall clock.
#[derive(Clone, Copy)]
pub struct Reader {
    pub lang: Lang,
    pub now: RwSignal<i64>,
    pub clock: StoredValue<LocalClock>,
}

impl Reader {
    pub fn new(lang: Lang, now_ms: i64, clock: LocalClock) -> Self {
        Self { lang, now: RwSignal::new(now_ms), clock: StoredValue::new(clock) }
    }
}

/// A text that follows its signals. One type for all of them keeps the WASM small.
pub fn text(value: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    Signal::derive(value)
}

/// A flag that follows its signals, for `hidden` and the like.
pub fn flag(value: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    Signal::derive(value)
}
