//! `/admin/ovens/new` and `/admin/ovens/{id}/edit`.
//!
//! One form, posted to its own address. The button named `action` says what to do: `save`, `test` (shows the
//! result under the form and saves nothing), `add_row` (one more mapping row) or `remove_row.<n>`.

use super::PageContext;
use crate::model::{
    api::ConnectionTestResult,
    connector::Manifest,
    equipment::EquipmentId,
    form::{FieldError, FormValues},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormMode {
    New,
    Edit {
        id: EquipmentId,
        name: String,
        enabled: bool,
        /// Names of the stored secrets; a secret field left empty keeps the stored one.
        stored_secrets: Vec<String>,
    },
}

pub struct OvenForm {
    pub mode: FormMode,
    /// Connectors to choose from; the chosen one is in the value `iot_protocol`.
    pub manifests: Vec<&'static Manifest>,
    pub values: FormValues,
    pub errors: Vec<FieldError>,
    pub test: Option<ConnectionTestResult>,
}

pub fn oven_form(_cx: &PageContext, _data: OvenForm) -> String {
    String::new()
}
