//! Why work in a transaction stops, and what becomes of the transaction.

use crate::{
    kernel::entropy::EntropyError,
    tools::{
        crypto::CryptoError,
        db::{DbFault, Ending},
        web::{OauthError, Problem},
    },
};

/// Work that stops before its end. The error itself says whether what the
/// transaction did so far is committed, so that a refusal that is handled on
/// its way up commits nothing by itself.
#[derive(Debug)]
pub enum Stop<R = Problem> {
    /// Refused. The transaction is rolled back.
    Undo(R),
    /// Refused. The transaction is committed as far as it went: a wrong try
    /// counts.
    Keep(R),
    /// The database failed. The transaction is rolled back.
    Fault(DbFault),
}

/// A refusal of a capability, which any feature can show as a problem.
pub trait Refusal: Into<Problem> {}

impl<R> Stop<R> {
    /// A refusal that commits what was done.
    pub fn keep(refusal: impl Into<R>) -> Self {
        Self::Keep(refusal.into())
    }

    /// The same stop, with another refusal.
    pub fn map<S>(self, change: impl FnOnce(R) -> S) -> Stop<S> {
        match self {
            Self::Undo(refusal) => Stop::Undo(change(refusal)),
            Self::Keep(refusal) => Stop::Keep(change(refusal)),
            Self::Fault(fault) => Stop::Fault(fault),
        }
    }
}

impl<R> Ending for Stop<R> {
    fn keeps(&self) -> bool {
        matches!(self, Self::Keep(_))
    }
}

impl<R> From<DbFault> for Stop<R> {
    fn from(fault: DbFault) -> Self {
        Self::Fault(fault)
    }
}

impl<R> From<CryptoError> for Stop<R> {
    fn from(error: CryptoError) -> Self {
        Self::Fault(error.into())
    }
}

impl<R> From<EntropyError> for Stop<R> {
    fn from(error: EntropyError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Undo(problem)
    }
}

impl<R: Refusal> From<Stop<R>> for Stop {
    fn from(stop: Stop<R>) -> Self {
        stop.map(Into::into)
    }
}

impl From<OauthError> for Stop<OauthError> {
    fn from(error: OauthError) -> Self {
        Self::Undo(error)
    }
}

impl From<Stop<OauthError>> for OauthError {
    fn from(stop: Stop<OauthError>) -> Self {
        match stop {
            Stop::Undo(error) | Stop::Keep(error) => error,
            Stop::Fault(fault) => fault.into(),
        }
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Undo(problem) | Stop::Keep(problem) => problem,
            Stop::Fault(fault) => fault.into(),
        }
    }
}
