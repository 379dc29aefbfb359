//! Making a case out of what was written.

use super::http::Written;
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        captcha,
        cases::{self, CaseNumber},
        core::Tx,
        limits::{self, Charge, HOUR, Rule},
        outbox::{self, Message},
        sessions::{self, Session},
    },
    tools::{
        db::DbFault,
        web::{Problem, ProblemCode},
    },
};

/// Makes a case and has it mailed. A refusal inside is committed: the captcha is
/// used up.
pub(super) fn open_case(
    tx: &mut Tx<'_>,
    session: Option<&Session>,
    written: &Written,
) -> Result<Result<CaseNumber, Problem>, DbFault> {
    let (captcha, answer) = &written.captcha;
    if let Err(refused) = captcha::redeem(tx, *captcha, answer)? {
        return Ok(Err(refused.into()));
    }
    let rule = Rule {
        name: "support_case_address_hour",
        most: tx.core.settings.limits.support_cases_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    if let Err(exceeded) = limits::charge(tx, &[charge])? {
        let refused = Problem::new(ProblemCode::TooManyRequests);
        return Ok(Err(refused.retry_after(exceeded.retry_after)));
    }
    // Of a session that was ended meanwhile, nothing is noted: its account may
    // be erased. What follows are new rows, for which nobody waits.
    let account = match session {
        Some(session) if sessions::hold(tx.conn, session, tx.now)? => Some(session.account),
        _ => None,
    };
    let number = cases::open(tx, account, &written.body)?;
    let subject = AuditSubject { account, flow: None, detail: Some(number.as_str()) };
    tx.audit(AuditKind::SupportCaseOpened, subject)?;
    let mail = Message::SupportMail { number: number.to_string() };
    outbox::enqueue(tx, &mail)?;
    Ok(Ok(number))
}
