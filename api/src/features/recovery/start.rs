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
        audit::{self, AuditKind, AuditSubject},
        captcha,
        core::Core,
        flows,
        limits::{self, Charge, HOUR, Rule},
    },
    kernel::ids::{CaptchaId, FlowId},
    tools::{
        db::{Conn, DbFault},
        identity::Username,
        web::{Problem, ProblemCode, RequestMeta},
    },
};

/// A recovery, or why there is none; a refusal is committed, for the captcha is
/// used up.
type Begun = Result<Result<Recovery, Problem>, Problem>;

/// Begins to look for a username.
pub(super) fn find_username(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    claimed: Claimed,
) -> Begun {
    let Claimed { user_type, claim, captcha } = claimed;
    let mut answers = Answers::new(Goal::Username);
    answers.user_type = user_type;
    answers.claim = Some(claim);
    begin(core, conn, meta, (captcha, Stage::Code, answers))
}

/// Begins to set a forgotten password anew.
pub(super) fn find_password(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (username, captcha): (Username, (CaptchaId, String)),
) -> Begun {
    let mut answers = Answers::new(Goal::Password);
    answers.username = Some(username.as_str().to_owned());
    begin(core, conn, meta, (captcha, Stage::Method, answers))
}

fn begin(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (captcha, stage, answers): ((CaptchaId, String), Stage, Answers),
) -> Begun {
    if let Err(refused) = may_begin(core, conn, meta, captcha)? {
        return Ok(Err(refused));
    }
    let goal = answers.goal;
    let id = FlowId::new(meta.now, &*core.entropy).map_err(DbFault::from)?;
    let longest = TimeDelta::minutes(core.settings.recovery.minutes.into());
    let draft = Draft::begin(core, (id, stage, answers), (meta.now, longest));
    flows::insert(core, conn, &draft)?;
    let detail = match goal {
        Goal::Username => "username",
        Goal::Password => "password",
    };
    let subject = AuditSubject { detail: Some(detail), ..AuditSubject::flow(id) };
    audit::record(core, conn, meta, (AuditKind::RecoveryStarted, subject))?;
    Ok(Ok(view::of(core, conn, &draft)?))
}

/// Uses up the captcha, and counts.
fn may_begin(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (captcha, answer): (CaptchaId, String),
) -> Result<Result<(), Problem>, DbFault> {
    if let Err(refused) = captcha::redeem(core, conn, (captcha, &answer), meta.now)? {
        return Ok(Err(refused.into()));
    }
    let rule = Rule {
        name: "recovery_address_hour",
        most: core.settings.limits.recoveries_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: meta.address.limit_subject() };
    Ok(limits::charge(core, conn, &[charge], meta.now)?.map_err(|exceeded| {
        Problem::new(ProblemCode::TooManyRequests).retry_after(exceeded.retry_after)
    }))
}
