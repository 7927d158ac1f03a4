//! Who may come in: everybody, or the user of the oven's credentials; nobody while the fault says so.

use std::sync::Arc;

use async_trait::async_trait;
use opcua::server::authenticator::{AuthManager, DefaultAuthenticator, Password, UserToken};
use opcua::server::{ANONYMOUS_USER_TOKEN_ID, ServerEndpoint, ServerUserToken};
use opcua::types::{Error, StatusCode, UserTokenPolicy};

use crate::simulator::fault::Fault;
use crate::simulator::spec::{Credentials, OvenSpec};
use crate::simulator::station::Station;

const USER: &str = "user";

/// The library's own checks, behind the oven's fault.
pub struct Access {
    station: Arc<Station>,
    checks: DefaultAuthenticator,
}

/// What the endpoints take.
pub fn tokens(spec: &OvenSpec) -> Vec<String> {
    let token = if matches!(spec.credentials, Credentials::Open) { ANONYMOUS_USER_TOKEN_ID } else { USER };
    vec![token.to_owned()]
}

impl Access {
    pub fn new(station: Arc<Station>) -> Self {
        let user = match &station.spec().credentials {
            Credentials::Basic { username, password } => Some(ServerUserToken::user_pass(username, password)),
            // A user without a name, as others call what is a key alone.
            Credentials::Token(key) | Credentials::ApiKey(key) => Some(ServerUserToken::user_pass(USER, key)),
            Credentials::Login { username, password } => Some(ServerUserToken::user_pass(username, password)),
            Credentials::Open => None,
        };
        let users = user.map(|user| (USER.to_owned(), user)).into_iter().collect();
        Self { station, checks: DefaultAuthenticator::new(users) }
    }

    fn refuse_if_told(&self) -> Result<(), Error> {
        if self.station.fault() == Fault::WrongPassword {
            return Err(Error::new(StatusCode::BadIdentityTokenRejected, "the fault says that nobody gets in"));
        }
        Ok(())
    }
}

#[async_trait]
impl AuthManager for Access {
    async fn authenticate_anonymous_token(&self, endpoint: &ServerEndpoint) -> Result<(), Error> {
        self.refuse_if_told()?;
        self.checks.authenticate_anonymous_token(endpoint).await
    }

    async fn authenticate_username_identity_token(
        &self,
        endpoint: &ServerEndpoint,
        username: &str,
        password: &Password,
    ) -> Result<UserToken, Error> {
        self.refuse_if_told()?;
        self.checks.authenticate_username_identity_token(endpoint, username, password).await
    }

    fn user_token_policies(&self, endpoint: &ServerEndpoint) -> Vec<UserTokenPolicy> {
        self.checks.user_token_policies(endpoint)
    }
}
