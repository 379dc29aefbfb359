//! Making a case out of what was written.

use super::http::Written;
use crate::{
    capabilities::{
        audit::{self, AuditKind, AuditSubject},
        captcha,
        cases::{self, CaseNumber},
        core::Core,
        limits::{self, Charge, HOUR, Rule},
        outbox::{self, Message},
        sessions::{self, Session},
    },
    tools::{
        db::{Conn, DbFault},
        web::{Problem, ProblemCode, RequestMeta},
    },
};

/// Makes a case and has it mailed. A refusal inside is committed: the captcha is
/// used up.
pub(super) fn open_case(
    core: &Core,
    conn: &mut Conn,
    (meta, session): (&RequestMeta, Option<&Session>),
    written: &Written,
) -> Result<Result<CaseNumber, Problem>, DbFault> {
    let (captcha, answer) = &written.captcha;
    if let Err(refused) = captcha::redeem(core, conn, (*captcha, answer), meta.now)? {
        return Ok(Err(refused.into()));
    }
    let rule = Rule {
        name: "support_case_address_hour",
        most: core.settings.limits.support_cases_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: meta.address.limit_subject() };
    if let Err(exceeded) = limits::charge(core, conn, &[charge], meta.now)? {
        let refused = Problem::new(ProblemCode::TooManyRequests);
        return Ok(Err(refused.retry_after(exceeded.retry_after)));
    }
    // Of a session that was ended meanwhile, nothing is noted: its account may
    // be erased. What follows are new rows, for which nobody waits.
    let account = match session {
        Some(session) if sessions::hold(conn, session, meta.now)? => Some(session.account),
        _ => None,
    };
    let number = cases::open(core, conn, (account, &written.body), meta.now)?;
    let subject = AuditSubject { account, flow: None, detail: Some(number.as_str()) };
    audit::record(core, conn, meta, (AuditKind::SupportCaseOpened, subject))?;
    let mail = Message::SupportMail { number: number.to_string() };
    outbox::enqueue(core, conn, &mail, meta.now)?;
    Ok(Ok(number))
}
