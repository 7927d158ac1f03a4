//! `/setup`: the first start, with the one-time code that the console shows.

use super::PageContext;
use crate::model::form::{FieldError, FormValues};

/// Fields `code`, `username`, `password`, `password_again`.
pub struct Setup {
    pub values: FormValues,
    pub errors: Vec<FieldError>,
}

pub fn setup(_cx: &PageContext, _data: Setup) -> String {
    String::new()
}
