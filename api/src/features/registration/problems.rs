//! What can go wrong with a registration.

use crate::{
    capabilities::{accounts::NotCreated, core::Refusal},
    tools::web::{Problem, ProblemCode as Code},
};

/// Another account has the username.
pub(super) fn username_taken() -> Problem {
    Problem::field("/username", "taken")
}

impl Refusal for NotCreated {}

impl From<NotCreated> for Problem {
    fn from(refused: NotCreated) -> Self {
        Self::new(match refused {
            NotCreated::UsernameTaken => Code::UsernameTaken,
            NotCreated::DocumentInUse => Code::DocumentInUse,
            NotCreated::CreditCodeInUse => Code::CreditCodeInUse,
        })
    }
}
