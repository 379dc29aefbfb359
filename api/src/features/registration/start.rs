//! Step 1: username, password and consents open a draft.

use std::sync::Arc;

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
        audit::{self, AuditKind, AuditSubject},
        captcha::{self, CaptchaPassed},
        core::Core,
        flows,
        limits::{self, Charge, HOUR, Rule},
        proving::{Proof, busy, not_found, wrong_stage},
    },
    kernel::{Timestamp, ids::FlowId},
    tools::{
        db::{Conn, DbFault},
        identity::Username,
        web::{Problem, RequestMeta},
    },
};

/// Opens a draft.
pub(super) async fn start(
    core: &Arc<Core>,
    meta: &RequestMeta,
    command: StartCommand,
) -> Result<Registration, Problem> {
    let StartCommand { credentials, user_type, consents, return_to } = command;
    let Credentials { username, password, captcha } = credentials;
    // A place in the hashing queue first: an overloaded service must not use
    // up the captcha.
    let ticket = core.hasher.admit().ok_or(Refused::Overloaded)?;
    let taken = {
        let (core, meta, username) = (Arc::clone(core), meta.clone(), username.clone());
        core.clone().db.write(move |conn| may_use(&core, conn, (&meta, &username), captcha)).await?
    };
    let passed = taken?;
    let password_hash =
        core.hasher.hash(&ticket, password.to_hash_input()).await.map_err(Problem::internal)?;
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
    let draft = new_draft(core, meta, answers)?;
    let (core, meta) = (Arc::clone(core), meta.clone());
    let view = core
        .clone()
        .db
        .write(move |conn| -> Result<Registration, DbFault> {
            flows::insert(&core, conn, &draft)?;
            let event = (AuditKind::RegistrationStarted, AuditSubject::flow(draft.id));
            audit::record(&core, conn, &meta, event)?;
            view::of(&core, conn, &draft)
        })
        .await?;
    Ok(view)
}

/// Uses up the captcha and looks whether the username is free. It is claimed
/// only when the account is created.
pub(super) fn may_use(
    core: &Core,
    conn: &mut Conn,
    (meta, username): (&RequestMeta, &Username),
    (captcha, answer): (crate::kernel::ids::CaptchaId, String),
) -> Result<Result<CaptchaPassed, Refused>, DbFault> {
    let passed = match captcha::redeem(core, conn, (captcha, &answer), meta.now)? {
        Ok(passed) => passed,
        Err(refused) => return Ok(Err(Refused::Captcha(refused))),
    };
    let rule = Rule {
        name: "registration_address_hour",
        most: core.settings.limits.registrations_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: meta.address.limit_subject() };
    if let Err(exceeded) = limits::charge(core, conn, &[charge], meta.now)? {
        return Ok(Err(Refused::TooMany(exceeded)));
    }
    if accounts::username_taken(core, conn, username)? {
        return Ok(Err(Refused::UsernameTaken));
    }
    Ok(Ok(passed))
}

fn new_draft(core: &Core, meta: &RequestMeta, answers: Answers) -> Result<Draft, DbFault> {
    let stage = match answers.user_type {
        Kind::Person => Stage::Identity,
        Kind::Unit => Stage::Unit,
    };
    let id = FlowId::new(meta.now, &*core.entropy)?;
    let longest = TimeDelta::hours(core.settings.registration.absolute_hours.into());
    Ok(Draft::begin(core, (id, stage, answers), (meta.now, longest)))
}

/// Chooses username and password again, at any step; nothing else is lost.
pub(super) async fn change_credentials(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, FlowId),
    credentials: Credentials,
) -> Result<Registration, Problem> {
    let Credentials { username, password, captcha } = credentials;
    let ticket = core.hasher.admit().ok_or(Refused::Overloaded)?;
    let checked = {
        let (core, meta, username) = (Arc::clone(core), meta.clone(), username.clone());
        core.clone().db.write(move |conn| may_use(&core, conn, (&meta, &username), captcha)).await?
    };
    checked?;
    let hash =
        core.hasher.hash(&ticket, password.to_hash_input()).await.map_err(Problem::internal)?;
    drop(ticket);
    let hash = Zeroizing::new(hash);
    change(core, (meta, id), move |draft| {
        username.as_str().clone_into(&mut draft.answers.username);
        draft.answers.password_hash.clone_from(&hash);
        Ok(())
    })
    .await
}

/// Loads a draft that is not completed, changes it, and shows the result.
pub(super) async fn change(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, FlowId),
    change: impl FnOnce(&mut Draft) -> Result<(), Problem> + Send + 'static,
) -> Result<Registration, Problem> {
    let (core, now) = (Arc::clone(core), meta.now);
    core.clone()
        .db
        .write(move |conn| -> Result<_, Problem> {
            let mut draft = open(&core, conn, id, now)?;
            change(&mut draft)?;
            draft.keep_alive(&core, now);
            if !flows::save(&core, conn, &mut draft)? {
                return Err(busy());
            }
            Ok(view::of(&core, conn, &draft)?)
        })
        .await
}

/// A draft that is still to be worked on.
pub(super) fn open(
    core: &Core,
    conn: &mut Conn,
    id: FlowId,
    now: Timestamp,
) -> Result<Draft, Problem> {
    let draft: Draft = flows::find(core, conn, id, now)?.ok_or_else(not_found)?;
    match draft.stage {
        Stage::Completed => Err(wrong_stage(Stage::Completed)),
        _ => Ok(draft),
    }
}
