//! `/admin/ovens`: every oven with its connection settings.

use super::PageContext;
use crate::model::{equipment::Equipment, live::LiveOven};

pub struct AdminOvens {
    pub ovens: Vec<(Equipment, LiveOven)>,
}

pub fn admin_ovens(_cx: &PageContext, _data: AdminOvens) -> String {
    String::new()
}
