//! Step 1: username, password and consents open a draft.

use chrono::TimeDelta;
use zeroize::Zeroizing;

use super::{
    draft::{Answers, Draft, Stage},
    dto::{Credentials, StartCommand},
    problems::username_taken,
    view::{self, Registration},
};
use crate::{
    capabilities::{
        accounts::{self, Kind},
        audit::{AuditKind, AuditSubject},
        captcha::{self, CaptchaPassed},
        core::{Ctx, Stop, Tx},
        flows,
        limits::{self, Charge, HOUR, Rule},
        proving::Proof,
    },
    kernel::ids::{CaptchaId, FlowId},
    tools::{
        db::DbFault,
        identity::Username,
        web::{Problem, overloaded},
    },
};

/// Opens a draft.
pub(super) async fn start(ctx: &Ctx, command: StartCommand) -> Result<Registration, Problem> {
    let StartCommand { credentials, user_type, consents, return_to } = command;
    let Credentials { username, password, captcha } = credentials;
    // A place in the hashing queue first: an overloaded service must not use
    // up the captcha.
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let wanted = username.clone();
    let passed = ctx.write(move |tx| may_use(tx, &wanted, captcha)).await?;
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
) -> Result<CaptchaPassed, Stop> {
    let passed = captcha::redeem(tx, captcha, &answer)?;
    let rule = Rule {
        name: "registration_address_hour",
        most: tx.core.settings.limits.registrations_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    limits::charge(tx, &[charge])?;
    if accounts::username_taken(tx, username)? {
        return Err(Stop::keep(username_taken()));
    }
    Ok(passed)
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
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let wanted = username.clone();
    ctx.write(move |tx| may_use(tx, &wanted, captcha)).await?;
    let hash =
        ctx.core.hasher.hash(&ticket, password.to_hash_input()).await.map_err(Problem::internal)?;
    drop(ticket);
    let hash = Zeroizing::new(hash);
    change(ctx, id, move |_, draft| {
        username.as_str().clone_into(&mut draft.answers.username);
        draft.answers.password_hash.clone_from(&hash);
        Ok(())
    })
    .await
}

/// Changes a draft that is not completed, and shows the result.
pub(super) async fn change(
    ctx: &Ctx,
    id: FlowId,
    change: impl FnOnce(&mut Tx<'_>, &mut Draft) -> Result<(), Stop> + Send + 'static,
) -> Result<Registration, Problem> {
    let work = move |tx: &mut Tx<'_>, draft: &mut Draft| {
        draft.require_open()?;
        change(tx, draft)
    };
    Ok(ctx.write(move |tx| flows::step(tx, id, work)).await?)
}
