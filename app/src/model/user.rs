//! Who may do what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire_enum;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_include_those_below() {
        assert!(Role::Admin.may(Role::Staff) && Role::Admin.may(Role::Display) && Role::Staff.may(Role::Staff));
        assert!(!Role::Display.may(Role::Staff) && !Role::Staff.may(Role::Admin));
    }
}
