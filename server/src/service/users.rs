//! Accounts: who there is, what each may do, and their passwords. An admin who can sign in always stays.

use std::sync::Arc;

use app::model::{
    form::{FieldError, Problem},
    user::{NewUser, User, UserChange, check_username},
};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Actor, Service, ServiceError, configure::to_the_end, error::refused};
use crate::{
    auth::password::{self, Refusal, Verdict},
    store::users::{Account, Changed},
};

impl Service {
    pub async fn users(&self) -> Result<Vec<User>, ServiceError> {
        Ok(self.store.users().await?.into_iter().map(|account| account.user).collect())
    }

    pub async fn user(&self, id: i64) -> Result<User, ServiceError> {
        Ok(self.account(id).await?.user)
    }

    async fn account(&self, id: i64) -> Result<Account, ServiceError> {
        self.store.user(id).await?.ok_or(ServiceError::NotFound("user"))
    }

    pub async fn create_user(self: &Arc<Self>, actor: &Actor, new: NewUser) -> Result<User, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        let secret = Zeroizing::new(new.password);
        let username = new.username.trim().to_owned();
        let mut errors: Vec<FieldError> = check_username(&username).into_iter().collect();
        errors.extend(password_error(&secret, &username));
        refused(errors)?;
        to_the_end(async move {
            let hash = password::hash_async(secret).await?;
            let user = this.store.create_user(&username, &hash, new.role).await?.user;
            let after = Some(json!(UserChange::from(&user)));
            this.record(&actor, "user.create", ("user", Some(user.id.to_string())), None, after).await;
            Ok(user)
        })
        .await
    }

    /// A role or a lock that changes ends the user's sessions.
    pub async fn update_user(
        self: &Arc<Self>,
        actor: &Actor,
        id: i64,
        mut change: UserChange,
    ) -> Result<User, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        change.username = change.username.trim().into();
        if let Some(error) = check_username(&change.username) {
            return Err(ServiceError::Invalid(vec![error]));
        }
        to_the_end(async move {
            let before = this.user(id).await?;
            done(this.store.update_user(id, &change).await?)?;
            let (before, after) = (Some(json!(UserChange::from(&before))), Some(json!(change)));
            this.record(&actor, "user.update", ("user", Some(id.to_string())), before, after).await;
            this.user(id).await
        })
        .await
    }

    /// With sessions and tokens.
    pub async fn delete_user(self: &Arc<Self>, actor: &Actor, id: i64) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.user(id).await?;
            done(this.store.delete_user(id).await?)?;
            let before = Some(json!(UserChange::from(&before)));
            this.record(&actor, "user.delete", ("user", Some(id.to_string())), before, None).await;
            Ok(())
        })
        .await
    }

    /// Whether this is the user's password at the moment.
    pub async fn is_password(&self, id: i64, given: Zeroizing<String>) -> Result<bool, ServiceError> {
        let account = self.account(id).await?;
        Ok(password::verify_async(given, account.password_hash).await? != Verdict::Wrong)
    }

    /// Ends the user's sessions; returns the account as it is then.
    pub async fn set_password(
        self: &Arc<Self>,
        actor: &Actor,
        id: i64,
        new: Zeroizing<String>,
    ) -> Result<Account, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        let user = self.user(id).await?;
        if let Some(error) = password_error(&new, &user.username) {
            return Err(ServiceError::Invalid(vec![error]));
        }
        to_the_end(async move {
            let hash = password::hash_async(new).await?;
            this.store.set_password(id, &hash).await?;
            this.record(&actor, "user.password", ("user", Some(id.to_string())), None, None).await;
            this.account(id).await
        })
        .await
    }
}

const fn done(changed: Changed) -> Result<(), ServiceError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::LastAdmin => Err(ServiceError::LastAdmin),
    }
}

fn password_error(password: &str, username: &str) -> Option<FieldError> {
    let refusal = password::check_policy(password, username).err()?;
    Some(FieldError::new("password", problem_of(refusal)))
}

pub const fn problem_of(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::TooShort { min_chars } => Problem::TooShort { min: min_chars },
        Refusal::TooLong { max_chars } => Problem::TooLong { max: max_chars },
        Refusal::SameAsUsername => Problem::SameAsUsername,
        Refusal::TooCommon => Problem::TooCommon,
    }
}
