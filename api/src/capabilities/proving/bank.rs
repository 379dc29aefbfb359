//! Asking the bank, and on a match having a code sent.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;

use super::{PendingCheck, Proving, bank_matched, binding, problems, store};
use crate::{
    capabilities::{
        accounts::{BankMatched, Elements},
        audit::{AuditKind, AuditSubject},
        core::{Core, Stop, Tx},
        flows::{self, Flow, busy, not_found, wrong_stage},
        idempotency::{Answer, Next, Once, Reply},
        limits::{self, Charge, DAY, HOUR, Rule},
        otp,
    },
    kernel::ids::{BankCheckId, FlowId},
    tools::{
        crypto::BlindIndex,
        identity::CardKind,
        ports::{BankFault, BankOutcome, BankQuestion},
        web::Problem,
    },
};

/// A question to the bank, and what it is about.
struct Question {
    id: BankCheckId,
    elements: Elements,
    about: BlindIndex,
}

/// Checks with the bank and has a code sent. `enter` puts what was typed into
/// the flow, or refuses it. The same values again after a match only send
/// another code: no check is paid for twice.
///
/// Two transactions, with the bank asked between them; the answer for an
/// idempotency key is kept in the one that settles it.
pub async fn request_code<A: Proving>(
    once: Once,
    id: FlowId,
    enter: impl FnOnce(&mut Tx<'_>, &mut Flow<A>) -> Result<(), Stop> + Send + 'static,
) -> Result<Answer, Problem> {
    let prepare = move |tx: &mut Tx<'_>| prepare(tx, id, enter);
    let ask = async |core: &Core, question: &Question| ask(core, question).await;
    let settle = move |tx: &mut Tx<'_>, question: Question, answer| {
        shown(settle::<A>(tx, id, &question, &answer)?)
    };
    once.around(prepare, ask, settle).await
}

fn shown(view: impl Serialize) -> Result<Reply, Stop> {
    Ok(Reply::ok(&view)?)
}

/// Transaction 1: everything that can be known without the bank, and the
/// record that it is being asked. A refusal keeps what was typed.
fn prepare<A: Proving>(
    tx: &mut Tx<'_>,
    id: FlowId,
    enter: impl FnOnce(&mut Tx<'_>, &mut Flow<A>) -> Result<(), Stop>,
) -> Result<Next<Question>, Stop> {
    let mut flow = A::open(tx, id)?;
    enter(tx, &mut flow)?;
    let Some(elements) = A::elements(&flow)? else {
        return Err(wrong_stage(flow.stage).into());
    };
    check_card(&elements)?;
    let about = BankMatched::question(tx.core, &elements);
    if bank_matched(tx.core, &flow, &elements).is_some() {
        let view = send_code(tx, &mut flow, &elements)?;
        return shown(view).map(Next::Done);
    }
    flow.answers.proof_mut().forget();
    A::asking(&mut flow);
    let check = may_ask(tx, &mut flow, &elements, &about);
    flow.keep_alive(tx.core, tx.now);
    let id = flows::save_with(tx, &mut flow, check)?;
    Ok(Next::Ask(Question { id, elements, about }))
}

/// Refuses a card that is known to be of the wrong kind or bank before any
/// check is paid for. An unknown card is the bank's to judge.
fn check_card(elements: &Elements) -> Result<(), Problem> {
    let Some(known) = elements.card.bin() else { return Ok(()) };
    if known.kind != CardKind::Debit {
        return Err(problems::card_kind(known.kind));
    }
    if known.bank != elements.bank {
        return Err(problems::card_bank(known.bank));
    }
    Ok(())
}

/// Reserves a failure for card and document, given back unless the bank says
/// no: twenty requests at the same time cannot ask twenty times.
fn charges<A: Proving>(core: &Core, flow: FlowId, elements: &Elements) -> Vec<Charge> {
    let limits = &core.settings.limits;
    let rule = |name, most| Rule { name, most, window_seconds: DAY };
    let mut charges = vec![
        Charge {
            rule: rule("bank_card_day", limits.bank_failures_per_card_day),
            subject: elements.card.number().to_owned(),
        },
        Charge {
            rule: rule("bank_document_day", limits.bank_failures_per_document_day),
            subject: elements.document.uniqueness_key(),
        },
    ];
    charges.extend(A::charged(core, flow));
    charges
}

/// Failures of everybody behind one address, whatever the cards. Counted once
/// the bank has said no, not reserved: a campus asks at the same time, and
/// nobody there may be refused because a slow bank has not answered the others.
fn of_address(tx: &Tx<'_>) -> Charge {
    let rule = Rule {
        name: "bank_address_hour",
        most: tx.core.settings.limits.bank_failures_per_address_hour,
        window_seconds: HOUR,
    };
    Charge { rule, subject: tx.origin.limit_subject() }
}

/// How long a question is waited for before its process is taken for dead.
pub(super) fn patience(core: &Core) -> TimeDelta {
    let once = Duration::from_millis(core.settings.bank.timeout_milliseconds.into());
    TimeDelta::from_std(once * 2).unwrap_or(TimeDelta::MAX) + TimeDelta::seconds(1)
}

/// Counts the question and returns its id, or says why it may not be asked.
fn may_ask<A: Proving>(
    tx: &mut Tx<'_>,
    flow: &mut Flow<A>,
    elements: &Elements,
    about: &BlindIndex,
) -> Result<BankCheckId, Stop> {
    let earlier = flow.answers.proof().pending.clone();
    let waiting = |pending: &PendingCheck| {
        !pending.timed_out && tx.now < pending.started_at + patience(tx.core)
    };
    if earlier.as_ref().is_some_and(waiting) {
        return Err(busy().into());
    }
    // A code that is known not to be sent would make the check a waste.
    otp::precheck(tx, binding(flow, elements))?;
    if flow.answers.proof().checks_used >= tx.core.settings.limits.bank_checks_per_flow {
        let retry_after = (flow.absolute_expires_at - tx.now).num_seconds();
        return Err(Stop::Keep(problems::bank_attempts("flow", retry_after)));
    }
    if let Some(spent) = limits::peek(tx, &[of_address(tx)])? {
        return Err(Stop::Keep(problems::bank_attempts("address", spent.retry_after)));
    }
    if let Some(earlier) = &earlier {
        store::abandon(tx.conn, earlier.id, tx.now)?;
    }
    let charges = charges::<A>(tx.core, flow.id, elements);
    limits::charge(tx, &charges).map_err(|stop| stop.map(problems::bank_exceeded))?;
    let keys = limits::keys(tx.core, &charges);
    // The same question keeps its id, so that the bank answers it again
    // without billing it again.
    let same = earlier.filter(|earlier| about.matches(&earlier.question));
    let id = if let Some(earlier) = same {
        store::check_resumed(tx.conn, earlier.id, &keys, tx.now)?;
        earlier.id
    } else {
        let id = BankCheckId::new(tx.now, &*tx.core.entropy)?;
        store::check_started(tx.conn, (id, flow.id), (about.as_str(), &keys), tx.now)?;
        id
    };
    flow.answers.proof_mut().pending = Some(PendingCheck {
        id,
        question: about.as_str().to_owned(),
        started_at: tx.now,
        timed_out: false,
    });
    Ok(id)
}

/// Asks the bank, within the time it has. Only a provider that says it did
/// nothing is asked once more: after a time-out it may have billed.
async fn ask(core: &Core, question: &Question) -> Result<BankOutcome, BankFault> {
    let Elements { name, document, bank, card, phone } = question.elements.clone();
    let asked = BankQuestion { request_id: question.id, name, document, bank, card, phone };
    let limit = Duration::from_millis(core.settings.bank.timeout_milliseconds.into());
    let once = || async {
        tokio::time::timeout(limit, core.bank.verify(&asked))
            .await
            .unwrap_or(Err(BankFault::Timeout))
    };
    match once().await {
        Ok(BankOutcome::Busy) => once().await,
        answer => answer,
    }
}

/// Transaction 2: the answer, and on a match the code.
fn settle<A: Proving>(
    tx: &mut Tx<'_>,
    id: FlowId,
    question: &Question,
    answer: &Result<BankOutcome, BankFault>,
) -> Result<A::View, Stop> {
    let code = match answer {
        Ok(outcome) => {
            if *outcome == BankOutcome::ConfigError {
                tracing::error!(
                    request_id = %tx.origin,
                    "the bank check refuses us: see to its keys, balance and quota"
                );
            }
            outcome.code()
        }
        Err(BankFault::Timeout) => "timeout",
        Err(BankFault::Broken(reason)) => {
            tracing::warn!(request_id = %tx.origin, reason, "the bank check failed");
            "broken"
        }
    };
    tx.audit(
        AuditKind::BankChecked,
        AuditSubject { detail: Some(code), ..AuditSubject::flow(id) },
    )?;
    let failed = answer.as_ref().is_ok_and(|outcome| outcome.is_failure());
    let timed_out = *answer == Err(BankFault::Timeout);
    let was_pending = store::check_finished(tx.conn, question.id, code, tx.now)?;
    if was_pending && !failed {
        limits::refund(tx, &charges::<A>(tx.core, id, &question.elements))?;
    }
    if failed {
        // Questions that were asked together may pass the limit together.
        limits::count(tx, &[of_address(tx)])?;
    }
    // The flow may have been given up, or changed, while the bank thought;
    // what was recorded above stands all the same.
    let Some(mut flow) = flows::find::<A>(tx, id)? else {
        return Err(Stop::Keep(not_found()));
    };
    let pending = flow.answers.proof_mut().pending.take();
    let mine = pending.filter(|pending| pending.id == question.id);
    let (Some(elements), Some(pending)) = (A::elements(&flow)?, mine) else {
        return Err(Stop::Keep(busy()));
    };
    if timed_out {
        let kept = PendingCheck { timed_out, ..pending };
        flow.answers.proof_mut().pending = Some(kept);
    }
    let Ok(outcome) = *answer else {
        return flows::save_with(tx, &mut flow, Err(Stop::Keep(problems::bank_silent())));
    };
    // Changed meanwhile: the answer is about something else.
    if BankMatched::question(tx.core, &elements) != question.about {
        return flows::save_with(tx, &mut flow, Err(Stop::Keep(busy())));
    }
    let Some(matched) = BankMatched::from_outcome(outcome, &question.about) else {
        let proof = flow.answers.proof_mut();
        proof.checks_used += u32::from(failed);
        let limit = tx.core.settings.limits.bank_checks_per_flow;
        let refused =
            problems::bank_said_no(outcome, limit.saturating_sub(proof.checks_used), tx.now);
        return flows::save_with(tx, &mut flow, Err(Stop::Keep(refused)));
    };
    // Kept also when something else is in the way: the same question need not
    // be paid for again.
    flow.answers.proof_mut().matched = Some(matched);
    send_code(tx, &mut flow, &elements)
}

/// Asks for a code for the matched phone, if nothing else is in the way once
/// ownership is proved, and writes the flow, in one.
fn send_code<A: Proving>(
    tx: &mut Tx<'_>,
    flow: &mut Flow<A>,
    elements: &Elements,
) -> Result<A::View, Stop> {
    if let Err(stop) = A::may_go_on(tx, flow, elements) {
        return flows::save_with(tx, flow, Err(stop));
    }
    let requested = otp::request(tx, binding(flow, elements)).map_err(Stop::from);
    if let Ok(challenge) = &requested {
        let proof = flow.answers.proof_mut();
        proof.challenge = Some(challenge.id);
        proof.codes_sent += 1;
        tx.audit(AuditKind::CodeRequested, AuditSubject::flow(flow.id))?;
    }
    A::matched(flow);
    flow.keep_alive(tx.core, tx.now);
    flows::save_with(tx, flow, requested)?;
    Ok(A::view(tx, flow)?)
}
