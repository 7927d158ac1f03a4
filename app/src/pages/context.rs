//! What every page needs to know.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    i18n::Lang,
    model::{user::Role, wire_enum},
};

wire_enum! {
    Theme {
        /// What the device prefers.
        Auto = "auto",
        Light = "light",
        Dark = "dark",
    }
}

#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub username: String,
    pub role: Role,
}

/// Logical names of the site's files (`main.css`, `icons/icon.svg`) and the hashed addresses they are served at.
#[derive(Clone, Debug, Default)]
pub struct Assets(pub Arc<BTreeMap<String, String>>);

impl Assets {
    /// The address of a file; one that answers 404 where the site was not bundled.
    pub fn url(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| format!("/assets/{name}"))
    }
}

wire_enum! {
    /// Said once at the top of the next page, whose address it travels in: it works without a session.
    Notice {
        OvenSaved = "oven-saved",
        OvenDisabled = "oven-disabled",
        OvenEnabled = "oven-enabled",
        OvenDeleted = "oven-deleted",
        OutlierAccepted = "outlier-accepted",
        OutlierRejected = "outlier-rejected",
        LoggedOut = "logged-out",
        PreferencesSaved = "preferences-saved",
    }
}

#[derive(Clone, Debug)]
pub struct PageContext {
    pub lang: Lang,
    pub theme: Theme,
    /// None before login.
    pub user: Option<CurrentUser>,
    pub assets: Assets,
    pub now: Timestamp,
    /// Zone of the bakery; every time on a page is in it.
    pub timezone: TimeZone,
    /// Path and query of this page, to come back to it.
    pub path: String,
    pub notice: Option<Notice>,
    /// Simulated ovens: said on every page, so that nobody takes them for real ones.
    pub demo: bool,
}
