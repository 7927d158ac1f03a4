//! Tokens for programs that use the API.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    form::{FieldError, Problem},
    user::Role,
    wire_enum,
};

/// Longest name of a token, in characters.
pub const MAX_NAME: usize = 100;
/// A token that ends ends within two years: one that is forgotten does not stay good for good.
pub const MAX_LIFE: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

wire_enum! {
    /// What a token may do, within its role.
    Scope {
        /// Requests that change nothing: `GET` and `HEAD`, and the websocket.
        Read = "read",
        /// Every request that the role may make.
        Write = "write",
    }
}

/// A token without its secret, which only who made it has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Token {
    /// 16 hexadecimal digits; the part of the token that is no secret.
    pub id: String,
    pub name: String,
    pub owner_id: i64,
    pub owner: String,
    /// What it may use; where its owner's role is lower meanwhile, that one holds.
    pub role: Role,
    pub scopes: Vec<Scope>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<String>,
}

/// `POST /api/v1/tokens`
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenDraft {
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// That of its owner where absent, and never a higher one.
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default = "read_only")]
    pub scopes: Vec<Scope>,
    /// Never where absent.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A new token, with the only sight of it there will ever be. No `Debug`: it holds the secret.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewToken {
    #[serde(flatten)]
    pub about: Token,
    pub token: String,
}

fn read_only() -> Vec<Scope> {
    vec![Scope::Read]
}

impl TokenDraft {
    /// The draft with tidy texts, or everything that keeps a user of this role from having such a token.
    pub fn checked(mut self, owner: Role, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        self.name = self.name.trim().into();
        if self.name.is_empty() {
            errors.push(FieldError::new("name", Problem::Required));
        } else if self.name.chars().count() > MAX_NAME {
            errors.push(FieldError::new("name", Problem::TooLong { max: MAX_NAME }));
        }
        if self.role.is_some_and(|role| !owner.may(role)) {
            let detail = format!("a token may have the role {owner} at most, which is its owner's");
            errors.push(FieldError::new("role", Problem::Other { detail }));
        }
        self.scopes.sort_unstable();
        self.scopes.dedup();
        if self.scopes.is_empty() {
            errors.push(FieldError::new("scopes", Problem::Required));
        }
        if self.expires_at.is_some_and(|at| at <= now || at.duration_since(now) > MAX_LIFE) {
            let detail = "a token ends in the future, two years from now at most".to_owned();
            errors.push(FieldError::new("expires_at", Problem::Other { detail }));
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(draft: &str, owner: Role) -> Vec<String> {
        let draft: TokenDraft = serde_json::from_str(draft).unwrap();
        let now: Timestamp = "2026-05-01T00:00:00Z".parse().unwrap();
        let errors = draft.checked(owner, now).err().unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_token_is_no_more_than_its_owner_and_not_for_ever_when_it_ends() {
        assert!(fields(r#"{"name": "till"}"#, Role::Staff).is_empty());
        assert!(fields(r#"{"name": "till", "role": "staff", "scopes": ["read", "write"]}"#, Role::Staff).is_empty());
        assert_eq!(fields(r#"{"name": "till", "role": "admin"}"#, Role::Staff), ["role"]);
        assert_eq!(fields(r#"{"name": " ", "scopes": []}"#, Role::Admin), ["name", "scopes"]);
        for (end, good) in [
            ("2026-05-01T00:00:00Z", false),
            ("2026-05-01T00:00:01Z", true),
            ("2028-05-01T00:00:00Z", true),
            ("2028-06-01T00:00:00Z", false),
            ("9999-01-01T00:00:00Z", false),
        ] {
            let draft = format!(r#"{{"name": "x", "expires_at": "{end}"}}"#);
            assert_eq!(fields(&draft, Role::Admin).is_empty(), good, "{end}");
        }
    }

    #[test]
    fn a_token_reads_unless_more_is_asked_for() {
        let draft: TokenDraft = serde_json::from_str(r#"{"name": "x"}"#).unwrap();
        assert_eq!((draft.scopes, draft.role), (vec![Scope::Read], None));
    }
}
