//! Making a case out of what was written.

use super::http::Written;
use crate::capabilities::{
    audit::{AuditKind, AuditSubject},
    captcha,
    cases::{self, CaseNumber},
    core::{Stop, Tx},
    limits::{self, Charge, HOUR, Rule},
    outbox::{self, Message},
    sessions::{self, Session},
};

/// Makes a case and has it mailed. A refusal is kept: the captcha is used up.
pub(super) fn open_case(
    tx: &mut Tx<'_>,
    session: Option<&Session>,
    written: &Written,
) -> Result<CaseNumber, Stop> {
    let (captcha, answer) = &written.captcha;
    captcha::redeem(tx, *captcha, answer)?;
    let rule = Rule {
        name: "support_case_address_hour",
        most: tx.core.settings.limits.support_cases_per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    limits::charge(tx, &[charge])?;
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
    Ok(number)
}
