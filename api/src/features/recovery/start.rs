//! The first step: who somebody claims to be, or whose password was forgotten.
//! Nothing is looked up.

use chrono::TimeDelta;

use super::{
    draft::{Answers, Draft, Goal, Stage},
    dto::Claimed,
    view::{self, Recovery},
};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        captcha,
        core::{Stop, Tx},
        flows,
        limits::{self, Charge, HOUR, Rule},
    },
    kernel::ids::{CaptchaId, FlowId},
    tools::identity::Username,
};

/// Begins to look for a username.
pub(super) fn find_username(tx: &mut Tx<'_>, claimed: Claimed) -> Result<Recovery, Stop> {
    let Claimed { user_type, claim, captcha } = claimed;
    let mut answers = Answers::new(Goal::Username);
    answers.user_type = user_type;
    answers.claim = Some(claim);
    begin(tx, captcha, Stage::Code, answers)
}

/// Begins to set a forgotten password anew.
pub(super) fn find_password(
    tx: &mut Tx<'_>,
    username: &Username,
    captcha: (CaptchaId, String),
) -> Result<Recovery, Stop> {
    let mut answers = Answers::new(Goal::Password);
    answers.username = Some(username.as_str().to_owned());
    begin(tx, captcha, Stage::Method, answers)
}

fn begin(
    tx: &mut Tx<'_>,
    captcha: (CaptchaId, String),
    stage: Stage,
    answers: Answers,
) -> Result<Recovery, Stop> {
    may_begin(tx, captcha)?;
    let goal = answers.goal;
    let id = FlowId::new(tx.now, &*tx.core.entropy)?;
    let longest = TimeDelta::minutes(tx.core.settings.recovery.minutes.into());
    let draft = Draft::begin(tx.core, (id, stage, answers), (tx.now, longest));
    flows::insert(tx, &draft)?;
    let detail = match goal {
        Goal::Username => "username",
        Goal::Password => "password",
    };
    let subject = AuditSubject { detail: Some(detail), ..AuditSubject::flow(id) };
    tx.audit(AuditKind::RecoveryStarted, subject)?;
    Ok(view::of(tx, &draft)?)
}

/// Uses up the captcha, and counts: a refusal is kept.
fn may_begin(tx: &mut Tx<'_>, (captcha, answer): (CaptchaId, String)) -> Result<(), Stop> {
    captcha::redeem(tx, captcha, &answer)?;
    let rule = Rule {
        name: "recovery_address_hour",
        most: tx.core.settings.limits.recoveries_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    Ok(limits::charge(tx, &[charge])?)
}
