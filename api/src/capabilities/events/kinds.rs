//! What can happen to a client's user.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::capabilities::clients::{Scope, Scopes};

/// What happened to a client's user. It says where to look, and nothing that a
/// person would not want to be known.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum EventKind {
    /// Another name was proved.
    #[serde(rename = "name.changed")]
    NameChanged,
    /// Another mobile number was proved.
    #[serde(rename = "phone.changed")]
    PhoneChanged,
    /// A unit was approved or rejected, or has another agent.
    #[serde(rename = "unit.changed")]
    UnitChanged,
    /// Something else that claims tell was changed.
    #[serde(rename = "account.changed")]
    AccountChanged,
    /// The account was erased.
    #[serde(rename = "account.closed")]
    AccountClosed,
    /// The person lets the client see nothing any more.
    #[serde(rename = "consent.withdrawn")]
    ConsentWithdrawn,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::NameChanged,
        Self::PhoneChanged,
        Self::UnitChanged,
        Self::AccountChanged,
        Self::AccountClosed,
        Self::ConsentWithdrawn,
    ];

    /// The name in answers and messages.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NameChanged => "name.changed",
            Self::PhoneChanged => "phone.changed",
            Self::UnitChanged => "unit.changed",
            Self::AccountChanged => "account.changed",
            Self::AccountClosed => "account.closed",
            Self::ConsentWithdrawn => "consent.withdrawn",
        }
    }

    /// The kind with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether a client that may see so much is told: that a phone was changed
    /// is nothing for a client that knows no phone.
    pub fn concerns(self, scopes: &Scopes) -> bool {
        match self {
            Self::NameChanged => scopes.has(Scope::RealName),
            Self::PhoneChanged => scopes.has(Scope::Phone),
            Self::UnitChanged => scopes.has(Scope::Unit) || scopes.has(Scope::RealName),
            Self::AccountChanged => scopes.has(Scope::RealName) || scopes.has(Scope::Profile),
            Self::AccountClosed | Self::ConsentWithdrawn => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_and_the_answers_name_a_kind_alike() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
            assert_eq!(EventKind::from_code(kind.code()), Some(kind));
        }
    }
}
