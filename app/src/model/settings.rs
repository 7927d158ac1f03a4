//! What an admin sets for everybody while the server runs.

use serde::{Deserialize, Serialize};

/// `GET`, `PUT /api/v1/settings`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Of pages and notifications for whoever has not chosen one: `es`, `en` or `de`. As the configuration file says
    /// where null.
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(pattern = "^(es|en|de)$"))]
    pub language: Option<String>,
}
