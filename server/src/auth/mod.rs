//! Who is who.
//!
//! # Layout
//! - [`password`] argon2id hashes and the password policy
//! - [`setup_code`] the one-time code that makes the first admin
//! - [`throttle`] slows down who guesses passwords
//!
//! Sessions and roles are enforced in `http::access`.

pub mod password;
pub mod setup_code;
pub mod throttle;
