//! Step 1: username, password and consents open a draft.

use chrono::TimeDelta;
use zeroize::Zeroizing;

use super::{
    draft::{Answers, Draft, Stage},
    dto::{Credentials, StartCommand},
    problems::Refused,
    view::{self, Registration},
};
use crate::{
    capabilities::{
        accounts::{self, Kind},
        audit::{AuditKind, AuditSubject},
        captcha::{self, CaptchaPassed},
        core::{Ctx, Tx},
        flows,
        limits::{self, Charge, HOUR, Rule},
        proving::{Proof, busy, not_found, wrong_stage},
    },
    kernel::ids::CaptchaId,
    kernel::ids::FlowId,
    tools::{db::DbFault, identity::Username, web::Problem},
};

/// Opens a draft.
pub(super) async fn start(ctx: &Ctx, command: StartCommand) -> Result<Registration, Problem> {
    let StartCommand { credentials, user_type, consents, return_to } = command;
    let Credentials { username, password, captcha } = credentials;
    // A place in the hashing queue first: an overloaded service must not use
    // up the captcha.
    let ticket = ctx.core.hasher.admit().ok_or(Refused::Overloaded)?;
    let taken = {
        let username = username.clone();
        ctx.write(move |tx| may_use(tx, &username, captcha)).await?
    };
    let passed = taken?;
    let password_hash =
        ctx.core.hasher.hash(&ticket, password.to_hash_input()).await.map_err(Problem::internal)?;
    drop(ticket);
    let answers = Answers {
        captcha: passed,
        username: username.as_str().to_owned(),
        password_hash,
        user_type,
        consents,
        return_to,
        unit: None,
        identity: None,
        bank: None,
        documents_tried: Vec::new(),
        proof: Proof::default(),
        account_id: None,
    };
    let draft = new_draft(ctx, answers)?;
    let view = ctx
        .write(move |tx| -> Result<Registration, DbFault> {
            flows::insert(tx, &draft)?;
            tx.audit(AuditKind::RegistrationStarted, AuditSubject::flow(draft.id))?;
            view::of(tx, &draft)
        })
        .await?;
    Ok(view)
}

/// Uses up the captcha and looks whether the username is free. It is claimed
/// only when the account is created.
pub(super) fn may_use(
    tx: &mut Tx<'_>,
    username: &Username,
    (captcha, answer): (CaptchaId, String),
) -> Result<Result<CaptchaPassed, Refused>, DbFault> {
    let passed = match captcha::redeem(tx, captcha, &answer)? {
        Ok(passed) => passed,
        Err(refused) => return Ok(Err(Refused::Captcha(refused))),
    };
    let rule = Rule {
        name: "registration_address_hour",
        most: tx.core.settings.limits.registrations_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    if let Err(exceeded) = limits::charge(tx, &[charge])? {
        return Ok(Err(Refused::TooMany(exceeded)));
    }
    if accounts::username_taken(tx, username)? {
        return Ok(Err(Refused::UsernameTaken));
    }
    Ok(Ok(passed))
}

fn new_draft(ctx: &Ctx, answers: Answers) -> Result<Draft, DbFault> {
    let stage = match answers.user_type {
        Kind::Person => Stage::Identity,
        Kind::Unit => Stage::Unit,
    };
    let id = FlowId::new(ctx.now, &*ctx.core.entropy)?;
    let longest = TimeDelta::hours(ctx.core.settings.registration.absolute_hours.into());
    Ok(Draft::begin(&ctx.core, (id, stage, answers), (ctx.now, longest)))
}

/// Chooses username and password again, at any step; nothing else is lost.
pub(super) async fn change_credentials(
    ctx: &Ctx,
    id: FlowId,
    credentials: Credentials,
) -> Result<Registration, Problem> {
    let Credentials { username, password, captcha } = credentials;
    let ticket = ctx.core.hasher.admit().ok_or(Refused::Overloaded)?;
    let checked = {
        let username = username.clone();
        ctx.write(move |tx| may_use(tx, &username, captcha)).await?
    };
    checked?;
    let hash =
        ctx.core.hasher.hash(&ticket, password.to_hash_input()).await.map_err(Problem::internal)?;
    drop(ticket);
    let hash = Zeroizing::new(hash);
    change(ctx, id, move |draft| {
        username.as_str().clone_into(&mut draft.answers.username);
        draft.answers.password_hash.clone_from(&hash);
        Ok(())
    })
    .await
}

/// Loads a draft that is not completed, changes it, and shows the result.
pub(super) async fn change(
    ctx: &Ctx,
    id: FlowId,
    change: impl FnOnce(&mut Draft) -> Result<(), Problem> + Send + 'static,
) -> Result<Registration, Problem> {
    ctx.write(move |tx| -> Result<_, Problem> {
        let mut draft = open(tx, id)?;
        change(&mut draft)?;
        draft.keep_alive(tx.core, tx.now);
        if !flows::save(tx, &mut draft)? {
            return Err(busy());
        }
        Ok(view::of(tx, &draft)?)
    })
    .await
}

/// A draft that is still to be worked on.
pub(super) fn open(tx: &mut Tx<'_>, id: FlowId) -> Result<Draft, Problem> {
    let draft: Draft = flows::find(tx, id)?.ok_or_else(not_found)?;
    match draft.stage {
        Stage::Completed => Err(wrong_stage(Stage::Completed)),
        _ => Ok(draft),
    }
}
