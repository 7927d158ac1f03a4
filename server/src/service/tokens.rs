//! Tokens of users: made once, never shown again, revoked.

use std::sync::Arc;

use app::model::{
    token::{NewToken, Token, TokenDraft},
    user::Role,
};
use jiff::Timestamp;
use serde_json::json;

use super::{Actor, Service, ServiceError, configure::to_the_end};
use crate::{auth::token, store::tokens::TokenRow};

impl Service {
    /// The only time that the secret is there to be seen.
    pub async fn create_token(self: &Arc<Self>, actor: &Actor, draft: TokenDraft) -> Result<NewToken, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        let owner = actor.user_id.ok_or(ServiceError::NotFound("user"))?;
        let draft = draft.checked(actor.role, Timestamp::now()).map_err(ServiceError::Invalid)?;
        to_the_end(async move {
            let minted = token::mint();
            let row = TokenRow {
                id: &minted.id,
                secret_hash: &minted.hash,
                name: &draft.name,
                role: draft.role.unwrap_or(actor.role),
                scopes: &draft.scopes,
                expires_at: draft.expires_at,
            };
            let about = this.store.create_token(owner, &row).await?;
            let after = Some(described(&about));
            this.record(&actor, "token.create", ("token", Some(about.id.clone())), None, after).await;
            Ok(NewToken { about, token: minted.text.to_string() })
        })
        .await
    }

    /// One's own, or for admins anybody's.
    pub async fn token(&self, actor: &Actor, id: &str) -> Result<Token, ServiceError> {
        let token = self.store.token(id).await?;
        token.filter(|token| may_see(actor, token)).ok_or(ServiceError::NotFound("token"))
    }

    pub async fn revoke_token(self: &Arc<Self>, actor: &Actor, id: &str) -> Result<(), ServiceError> {
        let token = self.token(actor, id).await?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            this.store.revoke_token(&token.id).await?;
            let before = Some(described(&token));
            this.record(&actor, "token.revoke", ("token", Some(token.id)), before, None).await;
            Ok(())
        })
        .await
    }
}

fn may_see(actor: &Actor, token: &Token) -> bool {
    actor.role.may(Role::Admin) || actor.user_id == Some(token.owner_id)
}

/// For the audit log.
fn described(token: &Token) -> serde_json::Value {
    json!({
        "name": token.name, "owner": token.owner, "role": token.role, "scopes": token.scopes,
        "expires_at": token.expires_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_others_are_for_admins() {
        let actor = |user_id, role| Actor { user_id: Some(user_id), role, ..Actor::system() };
        let token = Token {
            id: "0123456789abcdef".to_owned(),
            name: "till".to_owned(),
            owner_id: 1,
            owner: "ana".to_owned(),
            role: Role::Staff,
            scopes: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            last_used_at: None,
            last_used_ip: None,
        };
        assert!(may_see(&actor(1, Role::Staff), &token));
        assert!(!may_see(&actor(2, Role::Staff), &token));
        assert!(may_see(&actor(2, Role::Admin), &token));
    }
}
