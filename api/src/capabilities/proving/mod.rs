//! Proving a person: the bank's four-element check, and on a match a code to
//! the phone that the bank holds.
//!
//! Nobody can make us text a number that is not the cardholder's: the message
//! is caused by the match, in the same transaction. Every flow that proves
//! somebody (a registration, a change of the account, the replacement of a
//! phone) embeds a [`Proof`] in its answers and says by [`Proving`] what is to
//! be proved; the rest is here.

pub mod answers;
mod bank;
mod code;
mod dto;
mod problems;
mod store;
mod view;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    capabilities::{
        accounts::{BankMatched, Elements},
        core::{Core, Stop, Tx},
        flows::{Flow, Walk},
        limits::Charge,
        otp::{Addressee, Binding, PhoneProved},
    },
    kernel::{
        Timestamp,
        ids::{BankCheckId, ChallengeId, FlowId},
    },
    tools::{db::DbFault, ports::SmsPurpose},
};

pub use bank::request_code;
pub use code::{prove_phone, settled};
pub use dto::ConfirmCode;
pub use store::{erase, purge, refund_abandoned};
pub use view::{Remaining, SentCode};

/// What a flow keeps about its check and its code.
#[derive(Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Proof {
    /// Checks that failed.
    pub checks_used: u32,
    /// Messages asked for.
    pub codes_sent: u32,
    /// A question to the bank that has no answer.
    #[zeroize(skip)]
    pending: Option<PendingCheck>,
    /// The bank has matched.
    matched: Option<BankMatched>,
    /// The code that was asked for last.
    #[zeroize(skip)]
    pub challenge: Option<ChallengeId>,
    /// The code was right, though the flow could not be completed yet.
    proved_phone: Option<PhoneProved>,
}

/// A question that is with the bank now, or that it left without an answer.
#[derive(Clone, Serialize, Deserialize)]
struct PendingCheck {
    id: BankCheckId,
    question: String,
    started_at: Timestamp,
    /// The bank took too long. It may have billed the question, so the same
    /// question keeps its id.
    timed_out: bool,
}

impl Proof {
    /// Nothing is proved, and so many checks have failed before.
    pub fn after(checks_used: u32) -> Self {
        let mut proof = Self::default();
        proof.checks_used = checks_used;
        proof
    }

    /// Forgets what the bank and the phone proved.
    pub fn forget(&mut self) {
        self.matched = None;
        self.challenge = None;
        self.proved_phone = None;
    }
}

/// A kind of flow that proves somebody.
pub trait Proving: Walk {
    /// What its codes are for.
    const PURPOSE: SmsPurpose;

    /// What was proved so far.
    fn proof(&self) -> &Proof;
    /// What was proved so far, to be changed.
    fn proof_mut(&mut self) -> &mut Proof;
    /// Messages that the flow has asked for.
    fn codes_sent(&self) -> u32 {
        self.proof().codes_sent
    }
    /// What is to be proved; `None` when it was not entered yet.
    fn elements(flow: &Flow<Self>) -> Result<Option<Elements>, DbFault>
    where
        Self: Sized;
    /// The bank is asked: the flow waits for its answer.
    fn asking(flow: &mut Flow<Self>)
    where
        Self: Sized;
    /// The bank has matched: the flow waits for the code.
    fn matched(flow: &mut Flow<Self>)
    where
        Self: Sized;
    /// Whom failed checks are counted for, besides card and document.
    fn charged(_core: &Core, _id: FlowId) -> Option<Charge> {
        None
    }
    /// What else must hold once ownership is proved, before a code is sent.
    fn may_go_on(_tx: &mut Tx<'_>, _flow: &Flow<Self>, _elements: &Elements) -> Result<(), Stop>
    where
        Self: Sized,
    {
        Ok(())
    }
}

/// What the codes of a flow are bound to.
fn binding<'a, A: Proving>(flow: &Flow<A>, elements: &'a Elements) -> Binding<'a> {
    Binding { purpose: A::PURPOSE, flow: flow.id, to: Addressee::Phone(&elements.phone) }
}

/// The proof that the bank matched, when it is about these elements.
fn bank_matched<A: Proving>(
    core: &Core,
    flow: &Flow<A>,
    elements: &Elements,
) -> Option<BankMatched> {
    let proof = flow.answers.proof().matched.clone()?;
    proof.is_for(core, elements).then_some(proof)
}
