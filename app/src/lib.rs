//! Everything a page is made of, compiled twice: into the server (`ssr`) and to WASM (`hydrate`).
//!
//! # Layout
//! - [`model`] types and pure rules shared by the browser, the server and the API
//! - [`i18n`] texts in Spanish, English and German; numbers and times in the reader's form
//! - [`shell`] the HTML document around a page
//! - [`pages`] one file a route, rendered on the server from data that the caller hands in
//! - [`components`] props in, view out
//! - [`islands`] the only code that does something in the browser

#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
compile_error!("`app` is built with exactly one of the features `ssr` and `hydrate`");
#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`app` is built with exactly one of the features `ssr` and `hydrate`, not both");

pub mod components;
pub mod i18n;
pub mod islands;
pub mod model;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod shell;

/// Called once by the boot script; it then hydrates each island by its exported name.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
