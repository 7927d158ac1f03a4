//! Who may do what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    form::{FieldError, Problem},
    wire_enum,
};

/// Longest name of a user, in characters.
pub const MAX_USERNAME: usize = 64;

wire_enum! {
    /// Ordered by what it may do: a role may do all that those before it may.
    Role {
        /// A wall screen: sees live values, changes nothing.
        Display = "display",
        Staff = "staff",
        Admin = "admin",
    }
}

impl Role {
    /// Whether this role may use what asks for `required`.
    pub fn may(self, required: Self) -> bool {
        self >= required
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct User {
    pub id: i64,
    pub username: String,
    pub role: Role,
    pub disabled: bool,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
}

/// `POST /api/v1/users`. No `Debug`: it holds a password.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 64))]
    pub username: String,
    /// As unlike a guess as the sign-in asks for: 10 to 128 characters.
    #[cfg_attr(feature = "ssr", schema(min_length = 10, max_length = 128))]
    pub password: String,
    pub role: Role,
}

/// `PUT /api/v1/users/{id}`; the password has a request of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 64))]
    pub username: String,
    pub role: Role,
    #[serde(default)]
    pub disabled: bool,
}

/// `POST /api/v1/users/{id}/password`. No `Debug`: it holds passwords.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// 10 to 128 characters.
    #[cfg_attr(feature = "ssr", schema(min_length = 10, max_length = 128))]
    pub password: String,
    /// Needed by who changes the own one.
    #[serde(default)]
    pub current_password: Option<String>,
}

impl From<&User> for UserChange {
    fn from(user: &User) -> Self {
        Self { username: user.username.clone(), role: user.role, disabled: user.disabled }
    }
}

/// What is wrong with the name of a user, spaces around it aside.
pub fn check_username(username: &str) -> Option<FieldError> {
    let username = username.trim();
    let problem = if username.is_empty() {
        Problem::Required
    } else if username.chars().count() > MAX_USERNAME {
        Problem::TooLong { max: MAX_USERNAME }
    } else if username.contains(char::is_control) {
        Problem::Other { detail: "a user name has no control characters".to_owned() }
    } else {
        return None;
    };
    Some(FieldError::new("username", problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_include_those_below() {
        assert!(Role::Admin.may(Role::Staff) && Role::Admin.may(Role::Display) && Role::Staff.may(Role::Staff));
        assert!(!Role::Display.may(Role::Staff) && !Role::Staff.may(Role::Admin));
    }

    #[test]
    fn names_are_short_lines() {
        for good in ["ana", " José Luis ", &"ñ".repeat(64)] {
            assert_eq!(check_username(good), None, "{good}");
        }
        for bad in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert!(check_username(bad).is_some(), "{bad}");
        }
    }
}
