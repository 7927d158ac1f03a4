//! One file per route. A page is a function from what the server knows to a whole HTML document: no I/O, so that
//! every page can be rendered in a test, and routing, status codes and access stay in the server's route table.

mod admin_ovens;
mod board;
mod context;
mod error;
#[cfg(test)]
pub(crate) mod gallery;
mod login;
mod outliers;
mod oven;
mod oven_form;
mod reference;
mod setup;

pub use admin_ovens::{AdminOvens, admin_ovens};
pub use board::{Board, board};
pub use context::{Assets, CurrentUser, Notice, PageContext, Theme};
pub use error::{ErrorKind, ErrorPage, error};
pub use login::{Login, LoginProblem, login};
pub use outliers::{Outliers, outliers};
pub use oven::{OvenDetail, TrendPoint, oven};
pub use oven_form::{FormMode, OvenForm, oven_form};
pub use reference::{Reference, reference};
pub use setup::{Setup, setup};
