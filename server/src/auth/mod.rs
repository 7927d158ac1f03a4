//! Who is who.
//!
//! # Layout
//! - [`password`] argon2id hashes and the password policy
//! - [`setup_code`] the one-time code that makes the first admin
//! - [`token`] bearer tokens of programs and displays
//! - [`throttle`] slows down who guesses passwords or codes, or comes with tokens that are none
//!
//! Sessions, tokens and roles are enforced in `http::access`.

pub mod password;
pub mod setup_code;
pub mod throttle;
pub mod token;
