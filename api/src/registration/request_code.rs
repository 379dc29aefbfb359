//! Step 3, first half: the bank's four-element check, and on a match a code.
//!
//! Nobody can make us text a number that is not the cardholder's: the message
//! is caused by the match, in the same transaction.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{
    draft::{BankAnswers, Draft, Identity, PendingCheck, Reserved, Stage},
    dto::VerifyWithBank,
    problems::Refused,
    start::open,
    store,
    view::{self, Registration},
};
use crate::{
    accounts::{self, BankMatched},
    audit::{self, AuditKind, AuditSubject},
    core::Core,
    crypto::BlindIndex,
    db::{Conn, DbFault},
    identity::{CardKind, CardNumber, IdDocument},
    kernel::ids::{BankCheckId, RegistrationId},
    limits::{self, Charge, DAY, Rule},
    otp::{self, Binding},
    ports::{BankFault, BankOutcome, BankQuestion, SmsPurpose},
    web::{Problem, RequestMeta},
};

/// What the first transaction decided.
enum Next {
    /// The bank has matched these very values: only a code is needed.
    Done(Box<Registration>),
    /// The bank is to be asked.
    Ask { question: BankQuestion, about: BlindIndex },
}

/// What the second transaction decided. A refusal is committed too.
type Settled = Result<Registration, Refused>;

/// Checks with the bank and has a code sent. The same values again after a
/// match only send another code: no check is paid for twice.
pub(super) async fn request_code(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, RegistrationId),
    body: VerifyWithBank,
) -> Result<Registration, Problem> {
    let (own, first_meta) = (Arc::clone(core), meta.clone());
    let next = core.db.write(move |conn| prepare(&own, conn, (&first_meta, id), &body)).await??;
    let (question, about) = match next {
        Next::Done(view) => return Ok(*view),
        Next::Ask { question, about } => (question, about),
    };
    let answer = ask(core, &question).await;
    let (own, meta) = (Arc::clone(core), meta.clone());
    let settled = core
        .db
        .write(move |conn| settle(&own, conn, (&meta, id), (&question, &about, answer)))
        .await?;
    Ok(settled?)
}

/// Transaction 1: everything that can be known without the bank, and the
/// record that it is being asked.
fn prepare(
    core: &Core,
    conn: &mut Conn,
    (meta, id): (&RequestMeta, RegistrationId),
    body: &VerifyWithBank,
) -> Result<Result<Next, Refused>, Problem> {
    let mut draft = open(core, conn, id, meta.now)?;
    let Some(identity) = draft.identity()? else {
        return Err(Refused::Stage(draft.stage).into());
    };
    let reserved = body.parse(&draft)?;
    check_card(&reserved)?;
    let card = (reserved.bank, &reserved.card);
    let elements = (&identity.name, &identity.document, card, &reserved.phone);
    let about = BankMatched::question(core, elements);
    keep(&mut draft, &reserved);
    if draft.bank_matched(core, (&identity, &reserved)).is_some() {
        let sent = send_code(core, conn, meta, (&mut draft, &reserved))?;
        return Ok(sent.map(|view| Next::Done(Box::new(view))));
    }
    draft.drop_proofs();
    draft.stage = Stage::Bank;
    let check = may_ask(core, conn, meta, (&mut draft, &identity, &reserved, &about))?;
    draft.keep_alive(core, meta.now);
    if !store::save(core, conn, &mut draft)? {
        return Err(Refused::Busy.into());
    }
    // A refusal is committed too: what was typed is kept.
    Ok(check.map(|request_id| Next::Ask {
        question: BankQuestion {
            request_id,
            name: identity.name,
            document: identity.document,
            bank: reserved.bank,
            card: reserved.card,
            phone: reserved.phone,
        },
        about,
    }))
}

/// Refuses a card that is known to be of the wrong kind or bank before any
/// check is paid for. An unknown card is the bank's to judge.
fn check_card(reserved: &Reserved) -> Result<(), Refused> {
    let Some(known) = reserved.card.bin() else { return Ok(()) };
    if known.kind != CardKind::Debit {
        return Err(Refused::CardKind(known.kind));
    }
    if known.bank != reserved.bank {
        return Err(Refused::CardBank(known.bank));
    }
    Ok(())
}

fn keep(draft: &mut Draft, reserved: &Reserved) {
    draft.answers.bank = Some(BankAnswers {
        bank_code: reserved.bank.code().to_owned(),
        card_number: reserved.card.number().to_owned(),
        phone: reserved.phone.national().to_owned(),
    });
}

/// Reserves a failure for card and document, given back unless the bank says
/// no: twenty requests at the same time cannot ask twenty times.
fn charges(core: &Core, document: &IdDocument, card: &CardNumber) -> [Charge; 2] {
    let limits = &core.settings.limits;
    let rule = |name, most| Rule { name, most, window_seconds: DAY };
    [
        Charge {
            rule: rule("bank_card_day", limits.bank_failures_per_card_day),
            subject: card.number().to_owned(),
        },
        Charge {
            rule: rule("bank_document_day", limits.bank_failures_per_document_day),
            subject: document.uniqueness_key(),
        },
    ]
}

/// Counts the question and returns its id, or says why it may not be asked.
fn may_ask(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (draft, identity, reserved, about): (&mut Draft, &Identity, &Reserved, &BlindIndex),
) -> Result<Result<BankCheckId, Refused>, Problem> {
    let flow = draft.id.to_string();
    let binding =
        Binding { purpose: SmsPurpose::Registration, flow: &flow, phone: &reserved.phone };
    let charges = charges(core, &identity.document, &reserved.card);
    let mut again = None;
    if let Some(pending) = draft.answers.pending_check.take() {
        let patience = Duration::from_millis(core.settings.bank.timeout_milliseconds.into()) * 2;
        let abandoned = TimeDelta::from_std(patience).unwrap_or(TimeDelta::MAX);
        if meta.now < pending.started_at + abandoned {
            draft.answers.pending_check = Some(pending);
            return Err(Refused::Busy.into());
        }
        // Its process died. The same question keeps its id, so that the bank
        // answers it again without billing it again, and its charges stand.
        if about.matches(&pending.question) {
            again = Some(pending.id);
        } else {
            store::check_finished(conn, pending.id, "abandoned", meta.now)?;
        }
    }
    // A code that could not be sent would make the check a waste.
    if let Err(refused) = otp::precheck(core, conn, binding, meta)? {
        return Ok(Err(Refused::Code(refused)));
    }
    if draft.answers.bank_checks_used >= core.settings.limits.bank_checks_per_flow {
        let retry_after = (draft.absolute_expires_at - meta.now).num_seconds();
        return Ok(Err(Refused::BankAttempts { scope: "flow", retry_after }));
    }
    let id = if let Some(id) = again {
        id
    } else {
        if let Err(exceeded) = limits::charge(core, conn, &charges, meta.now)? {
            let scope = if exceeded.rule == "bank_card_day" { "card" } else { "document" };
            let retry_after = exceeded.retry_after;
            return Ok(Err(Refused::BankAttempts { scope, retry_after }));
        }
        let id = BankCheckId::new(meta.now, &*core.entropy).map_err(DbFault::from)?;
        store::check_started(conn, (id, draft.id), about.as_str(), meta.now)?;
        id
    };
    draft.answers.pending_check =
        Some(PendingCheck { id, question: about.as_str().to_owned(), started_at: meta.now });
    Ok(Ok(id))
}

/// Asks the bank, within the time it has. Only a provider that says it did
/// nothing is asked once more: after a time-out it may have billed.
async fn ask(core: &Core, question: &BankQuestion) -> Result<BankOutcome, BankFault> {
    let limit = Duration::from_millis(core.settings.bank.timeout_milliseconds.into());
    let once = || async {
        tokio::time::timeout(limit, core.bank.verify(question))
            .await
            .unwrap_or(Err(BankFault::Timeout))
    };
    match once().await {
        Ok(BankOutcome::Busy) => once().await,
        answer => answer,
    }
}

/// Transaction 2: the answer, and on a match the code.
fn settle(
    core: &Core,
    conn: &mut Conn,
    (meta, id): (&RequestMeta, RegistrationId),
    (question, about, answer): (&BankQuestion, &BlindIndex, Result<BankOutcome, BankFault>),
) -> Result<Settled, Problem> {
    let code = match &answer {
        Ok(outcome) => outcome.code(),
        Err(BankFault::Timeout) => "timeout",
        Err(BankFault::Broken(reason)) => {
            tracing::warn!(request_id = %meta.id, reason, "the bank check failed");
            "broken"
        }
    };
    store::check_finished(conn, question.request_id, code, meta.now)?;
    let event =
        (AuditKind::BankChecked, AuditSubject { detail: Some(code), ..AuditSubject::flow(id) });
    audit::record(core, conn, meta, event)?;
    let silent = matches!(answer, Ok(BankOutcome::Busy) | Err(_));
    if silent || answer == Ok(BankOutcome::Match) {
        limits::refund(core, conn, &charges(core, &question.document, &question.card))?;
    }
    // The draft may have been given up, or changed, while the bank thought;
    // what was recorded above stands all the same.
    let mut draft = match open(core, conn, id, meta.now) {
        Ok(draft) => draft,
        Err(Refused::Fault(fault)) => return Err(fault.into()),
        Err(refused) => return Ok(Err(refused)),
    };
    let mine = draft.answers.pending_check.take().is_some_and(|p| p.id == question.request_id);
    let (Some(identity), Some(reserved), true) = (draft.identity()?, draft.reserved()?, mine)
    else {
        return Ok(Err(Refused::Busy));
    };
    let Ok(outcome) = answer else {
        return save_refused(core, conn, draft, Refused::BankSilent);
    };
    let card = (reserved.bank, &reserved.card);
    let elements = (&identity.name, &identity.document, card, &reserved.phone);
    // Changed meanwhile: the answer is about something else.
    if BankMatched::question(core, elements) != *about {
        return save_refused(core, conn, draft, Refused::Busy);
    }
    if silent {
        return save_refused(core, conn, draft, Refused::BankSilent);
    }
    let Some(proof) = BankMatched::from_outcome(outcome, about) else {
        draft.answers.bank_checks_used += 1;
        let limit = core.settings.limits.bank_checks_per_flow;
        let remaining = limit.saturating_sub(draft.answers.bank_checks_used);
        return save_refused(core, conn, draft, Refused::Bank { outcome, remaining });
    };
    if accounts::document_in_use(core, conn, &identity.document)? {
        return save_refused(core, conn, draft, Refused::DocumentInUse);
    }
    draft.answers.matched = Some(proof.to_keep().to_owned());
    send_code(core, conn, meta, (&mut draft, &reserved))
}

fn save_refused(
    core: &Core,
    conn: &mut Conn,
    mut draft: Draft,
    refused: Refused,
) -> Result<Settled, Problem> {
    if store::save(core, conn, &mut draft)? { Ok(Err(refused)) } else { Err(Refused::Busy.into()) }
}

/// Asks for a code for the matched phone and writes the draft, in one.
fn send_code(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (draft, reserved): (&mut Draft, &Reserved),
) -> Result<Settled, Problem> {
    let flow = draft.id.to_string();
    let binding =
        Binding { purpose: SmsPurpose::Registration, flow: &flow, phone: &reserved.phone };
    let requested = otp::request(core, conn, binding, meta)?;
    if let Ok(challenge) = &requested {
        draft.answers.challenge = Some(challenge.id);
        draft.answers.codes_sent += 1;
        let event = (AuditKind::CodeRequested, AuditSubject::flow(draft.id));
        audit::record(core, conn, meta, event)?;
    }
    draft.stage = Stage::Code;
    draft.keep_alive(core, meta.now);
    if !store::save(core, conn, draft)? {
        return Err(Refused::Busy.into());
    }
    match requested {
        Ok(_) => Ok(Ok(view::of(core, conn, draft)?)),
        Err(refused) => Ok(Err(Refused::Code(refused))),
    }
}
