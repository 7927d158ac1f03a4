//! The only code that does something in the browser.
//!
//! # Layout
//! - [`live_board`] every oven as a card
//! - [`live_oven`] one oven in detail
//! - [`link`] how the page's connection to the server does, and the line that says so
//! - [`socket`] the websocket: silence, back-off, session end
//!
//! An island is rendered on the server with the same code, from its props alone: the time is a prop too, so that
//! the browser starts from exactly what the server wrote and only then lets the clock run.

pub mod link;
pub mod live_board;
pub mod live_oven;
#[cfg(feature = "hydrate")]
pub mod socket;

pub use live_board::LiveBoard;
pub use live_oven::LiveOvenPanel;
