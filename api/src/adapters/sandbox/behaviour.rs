//! How the sandbox's ports answer next.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Sandbox, store};
use crate::tools::{
    db::DbFault,
    ports::{BankOutcome, Input},
    web::Problem,
};

/// How a port answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As it should.
    Normal,
    /// With an error.
    Error,
    /// Not at all, until the caller gives up.
    Timeout,
    /// As it should, after `delay_ms`.
    Slow,
}

/// How a port answers next.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// In which way.
    pub(super) mode: Mode,
    /// Milliseconds before `slow` answers; 2000 when left out.
    #[serde(default)]
    #[schema(example = 2000)]
    pub(super) delay_ms: Option<u32>,
    /// How many answers until it is normal again; forever when left out.
    #[serde(default)]
    #[schema(example = 1)]
    pub(super) remaining: Option<u32>,
}

/// How the bank answers next.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankBehaviour {
    /// In which way.
    pub(super) mode: Mode,
    /// Milliseconds before `slow` answers; 2000 when left out.
    #[serde(default)]
    #[schema(example = 2000)]
    pub(super) delay_ms: Option<u32>,
    /// How many answers until it is normal again; forever when left out.
    #[serde(default)]
    #[schema(example = 1)]
    pub(super) remaining: Option<u32>,
    /// What it says, whoever asks, with the modes `normal` and `slow`; what the
    /// cardholders say when left out.
    #[serde(default)]
    pub(super) outcome: Option<Outcome>,
}

impl From<Behaviour> for BankBehaviour {
    fn from(behaviour: Behaviour) -> Self {
        let Behaviour { mode, delay_ms, remaining } = behaviour;
        Self { mode, delay_ms, remaining, outcome: None }
    }
}

impl BankBehaviour {
    /// Refuses an outcome of a bank that gives none.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match self.mode {
            Mode::Error | Mode::Timeout if self.outcome.is_some() => {
                Err(Problem::field("/outcome", "invalid"))
            }
            _ => Ok(()),
        }
    }
}

/// Everything that a bank may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "BankOutcome explains them")]
pub enum Outcome {
    Match,
    Mismatch,
    CardInvalid,
    CardAbnormal,
    NotEnabled,
    IssuerUnsupported,
    CertUnsupported,
    PhoneNotReserved,
    NameTooLong,
    AttemptsExceeded,
    InputRejectedName,
    InputRejectedDocumentNumber,
    InputRejectedCardNumber,
    InputRejectedPhone,
    Busy,
    ConfigError,
}

impl From<Outcome> for BankOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Match => Self::Match,
            Outcome::Mismatch => Self::Mismatch,
            Outcome::CardInvalid => Self::CardInvalid,
            Outcome::CardAbnormal => Self::CardAbnormal,
            Outcome::NotEnabled => Self::NotEnabled,
            Outcome::IssuerUnsupported => Self::IssuerUnsupported,
            Outcome::CertUnsupported => Self::CertUnsupported,
            Outcome::PhoneNotReserved => Self::PhoneNotReserved,
            Outcome::NameTooLong => Self::NameTooLong,
            Outcome::AttemptsExceeded => Self::AttemptsExceeded,
            Outcome::InputRejectedName => Self::InputRejected(Input::Name),
            Outcome::InputRejectedDocumentNumber => Self::InputRejected(Input::Document),
            Outcome::InputRejectedCardNumber => Self::InputRejected(Input::Card),
            Outcome::InputRejectedPhone => Self::InputRejected(Input::Phone),
            Outcome::Busy => Self::Busy,
            Outcome::ConfigError => Self::ConfigError,
        }
    }
}

/// A port that can be made to misbehave.
#[derive(Debug, Clone, Copy)]
pub(super) enum Port {
    Bank,
    Sms,
}

impl Port {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Sms => "sms",
        }
    }
}

/// Why a port does not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silent {
    /// It is set to fail.
    #[error("the sandbox was told to fail")]
    Broken,
    /// How it is set cannot be read.
    #[error(transparent)]
    Fault(DbFault),
}

impl Sandbox {
    /// Behaves as `port` was told to, using up one of `remaining`; returns what
    /// it is to say, if that was told.
    pub(super) async fn behave(&self, port: Port) -> Result<Option<BankOutcome>, Silent> {
        let behaviour = self.db.write(move |conn| store::next_behaviour(conn, port.code()));
        let behaviour = behaviour.await.map_err(Silent::Fault)?;
        let outcome = behaviour.outcome.map(BankOutcome::from);
        match behaviour.mode {
            Mode::Normal => Ok(outcome),
            Mode::Error => Err(Silent::Broken),
            Mode::Slow => {
                let delay = behaviour.delay_ms.unwrap_or(2000);
                tokio::time::sleep(Duration::from_millis(delay.into())).await;
                Ok(outcome)
            }
            // Longer than any caller waits.
            Mode::Timeout => {
                tokio::time::sleep(Duration::from_secs(120)).await;
                Err(Silent::Broken)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_answer_of_a_bank_can_be_asked_for_by_its_name() {
        let mut names = HashSet::new();
        for outcome in BankOutcome::ALL {
            let named: Outcome = serde_json::from_value(outcome.code().into()).unwrap();
            assert_eq!(BankOutcome::from(named), outcome);
            names.insert(outcome.code());
        }
        assert_eq!(names.len(), BankOutcome::ALL.len());
    }
}
