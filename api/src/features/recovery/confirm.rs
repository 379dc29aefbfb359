//! 验证手机校验码: the code proves whose account it is.

use super::{
    draft::{Draft, Goal, Method, Proved, Stage},
    problems::code_refused,
};
use crate::{
    capabilities::{
        accounts::Account,
        audit::{AuditKind, AuditSubject},
        core::{Stop, Tx},
        otp::{self, Addressee, Binding, CodeRefused},
        outbox, security_questions,
    },
    tools::{config::QuestionsMode, db::DbFault, identity::OtpCode, ports::Notice, web::Problem},
};

/// Redeems a code. One that is right for nobody is as wrong as any other.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    code: Option<&OtpCode>,
) -> Result<(), Stop> {
    let by_code = draft.answers.method != Some(Method::SecurityQuestions);
    if by_code && draft.answers.proved.is_some() {
        // Asked again after the answer was lost.
        return Ok(());
    }
    draft.require(&[Stage::Code])?;
    let code = code.ok_or_else(|| Problem::field("/code", "required"))?;
    let redeemed = redeem(tx, draft, code);
    if let Err(Stop::Keep(_)) = redeemed {
        tx.audit(AuditKind::CodeWrong, AuditSubject::flow(draft.id))?;
    }
    let account = redeemed.map_err(|stop| stop.map(code_refused))?;
    draft.answers.proved = Some(Proved { account: account.id, at: tx.now, questions_set_at: None });
    match draft.answers.goal {
        Goal::Username => tell(tx, draft, account)?,
        Goal::Password => draft.stage = next(tx, &account)?,
    }
    Ok(())
}

/// The account whose phone has got the code. It is looked for only when the
/// digits are right, which only its owner can know; and it must be the one
/// that is claimed now, with the phone that got the code.
fn redeem(tx: &mut Tx<'_>, draft: &Draft, code: &OtpCode) -> Result<Account, Stop<CodeRefused>> {
    let Some(challenge) = draft.answers.challenge else {
        return Err(Stop::Keep(CodeRefused::Dead));
    };
    let key = draft.claim_key(draft.answers.claim.as_ref())?;
    let to = Addressee::Claimed(&key);
    let binding = Binding { purpose: draft.purpose(), flow: draft.id, to };
    let mut owner = None;
    otp::redeem_if(tx, (challenge, binding), code, |tx, proof| {
        owner = draft.claimed(tx)?;
        Ok(owner.as_ref().is_some_and(|owner| proof.is_for(tx.core, &owner.elements.phone)))
    })?;
    Ok(owner.ok_or_else(|| draft.bad())?)
}

/// 找回用户名成功: the username goes to the phone, not to whoever asks.
fn tell(tx: &mut Tx<'_>, draft: &mut Draft, account: Account) -> Result<(), DbFault> {
    let Account { id, username, elements, .. } = account;
    outbox::notify(tx, &elements.phone, Notice::Username { username })?;
    let subject = AuditSubject { account: Some(id), ..AuditSubject::flow(draft.id) };
    tx.audit(AuditKind::UsernameRecovered, subject)?;
    draft.complete();
    Ok(())
}

/// Where questions are a second step, they come next for whoever has chosen
/// some. Used-up ones do not let anybody pass: else five wrong sets would be
/// the way round them.
fn next(tx: &mut Tx<'_>, account: &Account) -> Result<Stage, DbFault> {
    let second_step = tx.core.settings.security_questions.mode == QuestionsMode::SecondStep;
    let asked = second_step && security_questions::find(tx.conn, account.id)?.is_some();
    Ok(if asked { Stage::Questions } else { Stage::Reset })
}
