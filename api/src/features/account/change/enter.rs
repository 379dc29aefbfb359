//! What is to be changed, checked with the bank.

use super::{
    draft::{AgentAnswers, Answers, Change, Part},
    dto::{ChangeAccount, Entered},
};
use crate::{
    capabilities::{
        accounts::{self, Account, Elements},
        core::{Ctx, Stop, Tx},
        idempotency::{Answer, Once},
        proving,
        sessions::Session,
    },
    features::account::{not_signed_in, own, view::held_until},
    kernel::{Timestamp, ids::FlowId},
    tools::web::{Problem, ProblemCode, changes_held},
};

/// Begins a change or goes on with the open one: checks the four elements that
/// come of it with the bank, and has a code sent to the phone that will hold.
pub(super) async fn change(
    ctx: &Ctx,
    once: Once,
    session: Session,
    body: ChangeAccount,
) -> Result<Answer, Problem> {
    session.require_fresh_password(&ctx.core, ctx.now)?;
    let id = FlowId::of_account(session.account);
    let enter = move |tx: &mut Tx<'_>, change: &mut Change| -> Result<(), Stop> {
        let account = own(tx, &session)?;
        // Nothing is begun for an account that is erased meanwhile.
        if !accounts::hold(tx, &account)? {
            return Err(not_signed_in().into());
        }
        refuse_held(&account, tx.now)?;
        Ok(enter(&account, change, &body, tx.now)?)
    };
    proving::request_code(once, id, enter).await
}

/// A reset by security questions, which are weak, holds every change: whoever
/// guessed the answers must not make the account his own. The name alone is
/// held like the rest, for it is proved with card and phone.
pub(super) fn refuse_held(account: &Account, now: Timestamp) -> Result<(), Problem> {
    let Some(until) = held_until(account, now) else { return Ok(()) };
    Err(changes_held(until))
}

/// Puts what was typed into the change. Proofs about other values are dropped.
fn enter(
    account: &Account,
    change: &mut Change,
    body: &ChangeAccount,
    now: Timestamp,
) -> Result<(), Problem> {
    let Entered { who, bank, agent } =
        body.parse(account.kind(), &change.answers, now.date_naive())?;
    let answers = &mut change.answers;
    if who != answers.who || bank != answers.bank {
        answers.proof.forget();
    }
    answers.who = who;
    answers.bank = bank;
    answers.agent = agent;
    let elements = change.elements()?;
    change.answers.changed = changed(account, &elements, agent);
    if change.answers.changed.is_empty() {
        return Err(Problem::new(ProblemCode::NothingChanged));
    }
    Ok(())
}

/// What differs from what the account holds.
fn changed(account: &Account, new: &Elements, agent: Option<AgentAnswers>) -> Vec<Part> {
    let old = &account.elements;
    let other_agent = new.document != old.document
        || agent.is_some_and(|agent| {
            agent.gender != account.gender || agent.birth_date != account.birth_date
        });
    [
        (Part::Name, new.name != old.name),
        (Part::BankCode, new.bank != old.bank),
        (Part::CardNumber, new.card != old.card),
        (Part::Phone, new.phone != old.phone),
        (Part::Agent, other_agent),
    ]
    .into_iter()
    .filter_map(|(part, differs)| differs.then_some(part))
    .collect()
}

impl Answers {
    /// Names of what differs, for the audit trail.
    pub(super) fn changed_codes(&self) -> String {
        let codes: Vec<&str> = self.changed.iter().map(|part| part.code()).collect();
        codes.join(" ")
    }
}
