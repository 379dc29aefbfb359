//! Flows: what somebody types and proves in several steps, kept on the server,
//! sealed, until it is done or left alone for too long.
//!
//! A flow belongs to whoever has its token (a browser's cookie, an app's
//! header). The token is derived from the id with a key, so nothing has to be
//! stored and a lost answer can be given again.

pub mod http;
mod problems;
mod store;
mod walk;

use std::fmt;

use chrono::TimeDelta;
use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;

use crate::{
    capabilities::core::Core,
    kernel::{Timestamp, ids::FlowId},
    tools::{
        crypto::{Place, Purpose, blind::hex},
        db::DbFault,
    },
};

pub use problems::{busy, not_found, wrong_stage};
pub use walk::{Walk, abandon, save_with, show, step};

pub use store::{begun_at, claim, complete, find, insert, purge, remove, remove_begun_at, save};

/// What the flow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opening an account.
    Registration,
    /// Finding a username or setting a forgotten password anew.
    Recovery,
    /// Changing what an account holds; its id is the account's.
    AccountChange,
}

impl Kind {
    /// The name that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Recovery => "recovery",
            Self::AccountChange => "account_change",
        }
    }
}

/// Where a flow stands, in words that are stored and shown.
pub trait Stage: Copy + PartialEq + fmt::Debug + Send + 'static {
    /// Every stage.
    const ALL: &'static [Self];
    /// The stable name.
    fn code(self) -> &'static str;
}

/// What a kind of flow keeps: the only place where its personal data is
/// serialised.
pub trait Answers: Serialize + DeserializeOwned + Send + 'static {
    /// Its stages.
    type Stage: Stage;
    /// Its kind.
    const KIND: Kind;
    /// Minutes after which a flow that is left alone is erased.
    fn idle_minutes(core: &Core) -> u32;
}

/// One flow.
pub struct Flow<A: Answers> {
    /// Its id.
    pub id: FlowId,
    /// What is to be done next.
    pub stage: A::Stage,
    /// Counts the changes; a change is written only over the one it read.
    pub revision: i64,
    /// What was typed and proved.
    pub answers: A,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is erased if nothing happens.
    pub expires_at: Timestamp,
    /// When it is erased in any case.
    pub absolute_expires_at: Timestamp,
}

impl<A: Answers> fmt::Debug for Flow<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl<A: Answers> Flow<A> {
    /// A new flow, to be kept at most for `longest`.
    pub fn begin(
        core: &Core,
        (id, stage, answers): (FlowId, A::Stage, A),
        (now, longest): (Timestamp, TimeDelta),
    ) -> Self {
        let mut flow = Self {
            id,
            stage,
            revision: 0,
            answers,
            created_at: now,
            expires_at: now,
            absolute_expires_at: now + longest,
        };
        flow.keep_alive(core, now);
        flow
    }

    /// Moves the idle expiry on, up to the absolute one.
    pub fn keep_alive(&mut self, core: &Core, now: Timestamp) {
        let idle = TimeDelta::minutes(A::idle_minutes(core).into());
        self.expires_at = (now + idle).min(self.absolute_expires_at);
    }

    /// The fault of answers that do not hold what our code writes.
    pub fn bad(&self) -> DbFault {
        crate::capabilities::core::corrupt(Place {
            table: "flows",
            column: "answers_sealed",
            row: &self.id.to_string(),
        })
    }
}

/// What gives access to a flow: `<id>.<proof>`.
pub fn token(core: &Core, kind: Kind, id: FlowId) -> String {
    format!("{id}.{}", proof(core, kind, id))
}

fn proof(core: &Core, kind: Kind, id: FlowId) -> String {
    let parts = [kind.code().as_bytes(), &id.to_string().into_bytes()];
    hex(&core.keyring.keyed_hash(Purpose::FlowToken, &parts))
}

/// The flow that a token gives access to.
fn verify(core: &Core, kind: Kind, token: &str) -> Option<FlowId> {
    let (id, given) = token.split_once('.')?;
    let id: FlowId = id.parse().ok()?;
    let right: bool = proof(core, kind, id).as_bytes().ct_eq(given.as_bytes()).into();
    right.then_some(id)
}
