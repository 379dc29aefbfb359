//! 重置密码: the proof is used up for a new password.

use chrono::TimeDelta;
use zeroize::Zeroizing;

use super::{
    draft::{Answers, Draft, Method, Stage},
    dto::ResetPassword,
    problems::overloaded,
    view::Recovery,
};
use crate::{
    capabilities::{
        accounts::{self, Account},
        audit::{AuditKind, AuditSubject},
        core::{Core, Ctx, Stop, Tx},
        flows::{self, Walk, busy, wrong_stage},
        outbox,
        password_failures::{self, Attempt, device},
        security_questions, sessions,
    },
    kernel::ids::{AccountId, FlowId},
    tools::{db::DbFault, identity::Username, password::Ticket, ports::Notice, web::Problem},
};

/// Whose password it is, and the hashes that it must not have: the present
/// one first.
struct Owner {
    account: Account,
    hashes: Vec<String>,
}

/// The hash of the new password, and of the one that it takes the place of.
struct Hashes {
    new: Zeroizing<String>,
    present: String,
}

/// Sets a new password. Every session ends, and the phone is told.
pub(super) async fn reset(
    ctx: &Ctx,
    id: FlowId,
    body: ResetPassword,
    device_cookie: Option<String>,
) -> Result<Recovery, Problem> {
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let found = ctx.write(move |tx| -> Result<_, Stop> {
        let draft = Answers::open(tx, id)?;
        draft.require(&[Stage::Reset])?;
        let Some(account) = proved(tx, &draft)? else { return Ok(None) };
        let hashes = accounts::try_new_password(tx, account.id)?;
        Ok(Some(Owner { account, hashes }))
    });
    let found = found.await?;
    let hashes = match found {
        Some(owner) => Some(hashed(&ctx.core, &ticket, (owner, &body)).await?),
        None => None,
    };
    drop(ticket);
    let replaced = ctx.write(move |tx| {
        flows::step(tx, id, |tx, draft| {
            replace(tx, draft, hashes.as_ref(), device_cookie.as_deref())
        })
    });
    Ok(replaced.await?)
}

/// Checks the new password and hashes it.
async fn hashed(
    core: &Core,
    ticket: &Ticket,
    (owner, body): (Owner, &ResetPassword),
) -> Result<Hashes, Problem> {
    let policy = core.settings.password.policy();
    let password = body.parse(&policy, &owner.account.personal_data())?;
    accounts::refuse_earlier(core, ticket, (&password, &owner.hashes)).await?;
    let new = core.hasher.hash(ticket, password.to_hash_input()).await;
    let new = new.map_err(Problem::internal)?;
    let present = owner.hashes.into_iter().next().unwrap_or_default();
    Ok(Hashes { new: Zeroizing::new(new), present })
}

/// The account whose owner was proved, as long as the proof holds: by the
/// phone, while everything typed is still the account's; by the questions,
/// while they are those that were answered; and either way while nobody has
/// set another password since.
fn proved(tx: &mut Tx<'_>, draft: &Draft) -> Result<Option<Account>, DbFault> {
    let Some(proved) = draft.answers.proved else { return Ok(None) };
    let account = match draft.answers.method {
        Some(Method::SecurityQuestions) => accounts::find(tx, proved.account)?,
        _ => draft.claimed(tx)?.filter(|account| account.id == proved.account),
    };
    if let Some(answered) = proved.questions_set_at {
        let enrolled = security_questions::find(tx.conn, proved.account)?;
        if enrolled.is_none_or(|enrolled| enrolled.set_at != answered) {
            return Ok(None);
        }
    }
    Ok(account.filter(|account| account.password_set_at < proved.at))
}

/// Replaces the password, and ends what was begun with the old one.
fn replace(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    hashes: Option<&Hashes>,
    device_cookie: Option<&str>,
) -> Result<(), Stop> {
    draft.require(&[Stage::Reset])?;
    let Some(account) = proved(tx, draft)? else {
        draft.begin_anew();
        return Err(Stop::Keep(wrong_stage(draft.stage)));
    };
    let Hashes { new, present } = hashes.ok_or_else(busy)?;
    // Before the account's row, as an erasure takes these rows.
    let before = undo(tx, draft, account.id)?;
    // Another reset may be on its way; and a login with the old password waits
    // until this one is done, or is done before its session ends here.
    if !accounts::keep_password(tx.conn, account.id, (present, present))? {
        return Err(busy().into());
    }
    accounts::replace_password(tx, account.id, new)?;
    flows::remove(tx.conn, FlowId::of_account(account.id))?;
    sessions::end_all(tx, account.id, None)?;
    // What a session has finished a moment before it was ended.
    let after = undo(tx, draft, account.id)?;
    let by_questions = draft.answers.method == Some(Method::SecurityQuestions);
    if by_questions {
        let hours = TimeDelta::hours(tx.core.settings.account.changes_hold_hours.into());
        accounts::hold_changes(tx.conn, account.id, tx.now + hours)?;
    }
    let method = if by_questions { "security_questions" } else { "document_and_sms" };
    let subject = AuditSubject {
        account: Some(account.id),
        detail: Some(method),
        ..AuditSubject::flow(draft.id)
    };
    tx.audit(AuditKind::PasswordReset, subject)?;
    let notice =
        if before || after { Notice::PasswordResetWithoutQuestions } else { Notice::PasswordReset };
    outbox::notify(tx, &account.elements.phone, notice)?;
    // Last, as a login does it: the account's row first, then the count.
    lift_lock(tx, &account, device_cookie)?;
    draft.complete();
    Ok(())
}

/// Takes back what a thief may have asked for with the old password: closing
/// the account, and security questions, which would let him in again. Questions
/// that were answered on the way here are the owner's. Tells whether there were
/// questions to remove.
fn undo(tx: &mut Tx<'_>, draft: &Draft, account: AccountId) -> Result<bool, DbFault> {
    let subject = AuditSubject { account: Some(account), ..AuditSubject::flow(draft.id) };
    if accounts::cancel_closure(tx.conn, account)? {
        tx.audit(AuditKind::ClosureCancelled, subject)?;
    }
    let answered = draft.answers.proved.is_some_and(|proved| proved.questions_set_at.is_some());
    let removed = !answered && security_questions::remove(tx.conn, account)?;
    if removed {
        tx.audit(AuditKind::QuestionsRemoved, subject)?;
    }
    Ok(removed)
}

/// Whoever has just proved who he is may sign in at once.
fn lift_lock(
    tx: &mut Tx<'_>,
    account: &Account,
    device_cookie: Option<&str>,
) -> Result<(), DbFault> {
    let Ok(username) = Username::parse(&account.username) else { return Ok(()) };
    let attempt = Attempt {
        username: username.key(),
        address: tx.origin.limit_subject(),
        device: device_cookie.and_then(|cookie| device::recognise(tx.core, &username, cookie)),
    };
    password_failures::lift(tx, &attempt)
}
