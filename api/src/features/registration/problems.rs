//! What can go wrong with the first step, and the problem it becomes.

use crate::{
    capabilities::{captcha::CaptchaRefused, limits::Exceeded},
    tools::{
        db::DbFault,
        web::{Problem, ProblemCode as Code, overloaded},
    },
};

/// Why the first step was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// Somebody has the username.
    UsernameTaken,
    /// The captcha was not solved.
    Captcha(CaptchaRefused),
    /// The hashing queue is full.
    Overloaded,
    /// Too many drafts from one address.
    TooMany(Exceeded),
    /// A fault.
    Fault(DbFault),
}

impl From<DbFault> for Refused {
    fn from(fault: DbFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::UsernameTaken => Self::field("/username", "taken"),
            Refused::Captcha(refused) => refused.into(),
            Refused::Overloaded => overloaded(),
            Refused::TooMany(exceeded) => {
                Self::new(Code::TooManyRequests).retry_after(exceeded.retry_after)
            }
            Refused::Fault(fault) => fault.into(),
        }
    }
}
