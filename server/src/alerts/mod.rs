//! Alerts of the ovens.
//!
//! # Layout
//! - [`device`] faults that ovens report of themselves, as alerts that stand until the oven says otherwise

pub mod device;
