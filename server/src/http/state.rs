//! What handlers share.

use std::sync::Arc;

use app::{i18n::Lang, pages::Assets};
use jiff::tz::TimeZone;
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::SameSite,
    session::Id,
    session_store::{ExpiredDeletion, SessionStore},
};
use tower_sessions_sqlx_store::SqliteStore;

use super::{etag::Changing, rate::RateLimit};
use crate::{
    auth::{
        setup_code::SetupCode,
        throttle::{AddressThrottle, LoginThrottle},
    },
    service::Service,
    store::Store,
};

#[derive(Clone)]
pub struct AppState {
    pub service: Arc<Service>,
    pub sessions: Sessions,
    pub assets: Assets,
    pub throttle: Arc<LoginThrottle>,
    /// Of tokens that are not good.
    pub bearer_throttle: Arc<AddressThrottle>,
    /// Of codes that pair displays.
    pub pairing_throttle: Arc<AddressThrottle>,
    pub rate_limit: Arc<RateLimit>,
    pub changing: Arc<Changing>,
    /// Present until the first admin is made.
    pub setup_code: Arc<SetupCode>,
    pub web: Arc<WebConfig>,
}

pub struct WebConfig {
    pub default_lang: Lang,
    pub timezone: TimeZone,
    /// Cookies only over TLS.
    pub secure_cookies: bool,
    pub session_hours: i64,
    pub demo: Option<Demo>,
}

/// The demo shows how to log in on its login page.
pub struct Demo {
    pub logins: Vec<(String, String)>,
}

/// Name of the cookie of a session.
pub const COOKIE: &str = "hornero";

/// Sessions in the database.
#[derive(Clone)]
pub struct Sessions(SqliteStore);

impl Sessions {
    pub fn new(store: &Store) -> Self {
        Self(SqliteStore::new(store.pool().clone()))
    }

    pub(super) fn layer(&self, web: &WebConfig) -> SessionManagerLayer<SqliteStore> {
        SessionManagerLayer::new(self.0.clone())
            .with_name(COOKIE)
            .with_same_site(SameSite::Lax)
            .with_http_only(true)
            .with_secure(web.secure_cookies)
            .with_expiry(Expiry::OnInactivity(time::Duration::hours(web.session_hours)))
    }

    /// Whether the session was not ended or left to expire meanwhile. A busy database throws nobody out.
    pub(super) async fn is_alive(&self, id: Id) -> bool {
        !matches!(self.0.load(&id).await, Ok(None))
    }

    pub async fn delete_expired(&self) {
        if let Err(error) = self.0.delete_expired().await {
            tracing::warn!("expired sessions were not deleted: {error}");
        }
    }
}
