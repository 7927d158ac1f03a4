//! `/`: every oven, live.

use super::PageContext;
use crate::model::live::LiveOven;

pub struct Board {
    pub ovens: Vec<LiveOven>,
    /// Number of the live state that `ovens` shows.
    pub seq: u64,
    pub build: String,
}

pub fn board(_cx: &PageContext, _data: Board) -> String {
    String::new()
}
