//! 重置密码: the proof is used up for a new password.

use std::sync::Arc;

use chrono::TimeDelta;
use zeroize::Zeroizing;

use super::{
    draft::{Draft, Method, Stage},
    dto::ResetPassword,
    problems::overloaded,
    step::{self, Outcome},
    view::Recovery,
};
use crate::{
    capabilities::{
        accounts::{self, Account},
        audit::{self, AuditKind, AuditSubject},
        core::Core,
        flows, outbox,
        password_failures::{self, Attempt, device},
        proving::{busy, wrong_stage},
        security_questions, sessions,
    },
    kernel::ids::{AccountId, FlowId},
    tools::{
        db::{Conn, DbFault},
        identity::Username,
        password::Ticket,
        ports::Notice,
        web::{Problem, RequestMeta},
    },
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
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, FlowId),
    body: ResetPassword,
    device_cookie: Option<String>,
) -> Result<Recovery, Problem> {
    let ticket = core.hasher.admit().ok_or_else(overloaded)?;
    let (own, now) = (Arc::clone(core), meta.now);
    let found = core
        .db
        .write(move |conn| -> Result<_, Problem> {
            let draft = step::find(&own, conn, id, now)?;
            draft.require(&[Stage::Reset])?;
            let Some(account) = proved(&own, conn, &draft)? else { return Ok(Ok(None)) };
            let tried = accounts::try_new_password(&own, conn, account.id, now)?;
            Ok(tried.map(|hashes| Some(Owner { account, hashes })))
        })
        .await??;
    let hashes = match found {
        Some(owner) => Some(hashed(core, &ticket, (owner, &body)).await?),
        None => None,
    };
    drop(ticket);
    step::take(core, (meta, id), move |core, conn, meta, draft| {
        replace(core, conn, (meta, draft), (hashes.as_ref(), device_cookie.as_deref()))
    })
    .await
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
fn proved(core: &Core, conn: &mut Conn, draft: &Draft) -> Result<Option<Account>, DbFault> {
    let Some(proved) = draft.answers.proved else { return Ok(None) };
    let account = match draft.answers.method {
        Some(Method::SecurityQuestions) => accounts::find(core, conn, proved.account)?,
        _ => draft.claimed(core, conn)?.filter(|account| account.id == proved.account),
    };
    if let Some(answered) = proved.questions_set_at {
        let enrolled = security_questions::find(conn, proved.account)?;
        if enrolled.is_none_or(|enrolled| enrolled.set_at != answered) {
            return Ok(None);
        }
    }
    Ok(account.filter(|account| account.password_set_at < proved.at))
}

/// Replaces the password, and ends what was begun with the old one.
fn replace(
    core: &Core,
    conn: &mut Conn,
    (meta, draft): (&RequestMeta, &mut Draft),
    (hashes, device_cookie): (Option<&Hashes>, Option<&str>),
) -> Outcome {
    draft.require(&[Stage::Reset])?;
    let Some(account) = proved(core, conn, draft)? else {
        draft.begin_anew();
        return Ok(Err(wrong_stage(draft.stage)));
    };
    let Hashes { new, present } = hashes.ok_or_else(busy)?;
    // Before the account's row, as an erasure takes these rows.
    let before = undo(core, conn, (meta, draft), account.id)?;
    // Another reset may be on its way; and a login with the old password waits
    // until this one is done, or is done before its session ends here.
    if !accounts::keep_password(conn, account.id, (present, present))? {
        return Err(busy());
    }
    accounts::replace_password(core, conn, (account.id, new), meta.now)?;
    flows::remove(conn, FlowId::of_account(account.id))?;
    sessions::end_all(core, conn, (account.id, None), meta.now)?;
    // What a session has finished a moment before it was ended.
    let after = undo(core, conn, (meta, draft), account.id)?;
    let by_questions = draft.answers.method == Some(Method::SecurityQuestions);
    if by_questions {
        let hours = TimeDelta::hours(core.settings.account.changes_hold_hours.into());
        accounts::hold_changes(conn, account.id, meta.now + hours)?;
    }
    let method = if by_questions { "security_questions" } else { "document_and_sms" };
    let subject = AuditSubject {
        account: Some(account.id),
        detail: Some(method),
        ..AuditSubject::flow(draft.id)
    };
    audit::record(core, conn, meta, (AuditKind::PasswordReset, subject))?;
    let notice =
        if before || after { Notice::PasswordResetWithoutQuestions } else { Notice::PasswordReset };
    outbox::notify(core, conn, (&account.elements.phone, notice), meta.now)?;
    // Last, as a login does it: the account's row first, then the count.
    lift_lock(core, conn, (meta, &account), device_cookie)?;
    draft.complete();
    Ok(Ok(()))
}

/// Takes back what a thief may have asked for with the old password: closing
/// the account, and security questions, which would let him in again. Questions
/// that were answered on the way here are the owner's. Tells whether there were
/// questions to remove.
fn undo(
    core: &Core,
    conn: &mut Conn,
    (meta, draft): (&RequestMeta, &Draft),
    account: AccountId,
) -> Result<bool, DbFault> {
    let subject = AuditSubject { account: Some(account), ..AuditSubject::flow(draft.id) };
    if accounts::cancel_closure(conn, account)? {
        audit::record(core, conn, meta, (AuditKind::ClosureCancelled, subject.clone()))?;
    }
    let answered = draft.answers.proved.is_some_and(|proved| proved.questions_set_at.is_some());
    let removed = !answered && security_questions::remove(conn, account)?;
    if removed {
        audit::record(core, conn, meta, (AuditKind::QuestionsRemoved, subject))?;
    }
    Ok(removed)
}

/// Whoever has just proved who he is may sign in at once.
fn lift_lock(
    core: &Core,
    conn: &mut Conn,
    (meta, account): (&RequestMeta, &Account),
    device_cookie: Option<&str>,
) -> Result<(), DbFault> {
    let Ok(username) = Username::parse(&account.username) else { return Ok(()) };
    let attempt = Attempt {
        username: username.key(),
        address: meta.address.limit_subject(),
        device: device_cookie.and_then(|cookie| device::recognise(core, &username, cookie)),
    };
    password_failures::lift(core, conn, &attempt)
}
