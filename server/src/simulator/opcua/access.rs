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

/// The one who may come in, under the name that endpoints use; nobody where everybody may.
pub fn user(spec: &OvenSpec) -> Option<(String, ServerUserToken)> {
    let token = match &spec.credentials {
        Credentials::Basic { username, password } | Credentials::Login { username, password } => {
            ServerUserToken::user_pass(username, password)
        }
        // A key stands for the password of a user called so.
        Credentials::Token(key) | Credentials::ApiKey(key) => ServerUserToken::user_pass(USER, key),
        Credentials::Open => return None,
    };
    Some((USER.to_owned(), token))
}

impl Access {
    pub fn new(station: Arc<Station>) -> Self {
        let users = user(station.spec()).into_iter().collect();
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
