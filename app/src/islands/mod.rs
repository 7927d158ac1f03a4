//! The only code that does something in the browser.
//!
//! # Layout
//! - [`live_board`] every oven as a card
//! - [`live_oven`] one oven in detail
//! - [`link`] how the page's connection to the server does, and the line that says so
//! - [`socket`] the websocket: silence, back-off, session end
//! - [`morph`] brings the page from one HTML to the next, touching only what differs
//!
//! An island is rendered on the server by the same function that the browser calls for each change, so the page is
//! complete before any script runs. The time is a prop: the browser starts from what the server wrote, and only then
//! lets the clock run.

pub mod link;
pub mod live_board;
pub mod live_oven;
#[cfg(feature = "hydrate")]
pub mod morph;
#[cfg(feature = "hydrate")]
pub mod socket;

pub use live_board::LiveBoard;
pub use live_oven::LiveOvenPanel;
