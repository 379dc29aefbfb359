//! 发送短信验证: a code for whoever somebody claims to be. Whether that is
//! anybody is found out by the worker, which sends it.

use super::{
    claim::Claim,
    draft::{Draft, Goal, Stage},
    dto::AskRecoveryCode,
};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        core::{Core, Stop, Tx},
        otp::{self, Addressee, Binding},
    },
    tools::{
        crypto::Purpose,
        web::{Problem, ProblemCode},
    },
};

/// Asks for a code. The answer is the same whoever it is for.
pub(super) fn request(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    body: &AskRecoveryCode,
) -> Result<(), Stop> {
    let claim = match draft.answers.goal {
        Goal::Username => {
            draft.require(&[Stage::Code])?;
            None
        }
        Goal::Password => {
            draft.require(&[Stage::Identity, Stage::Code])?;
            let claim = body.parse(draft, tx.now.date_naive())?;
            count_tried(tx.core, draft, &claim).map_err(Stop::Keep)?;
            Some(claim)
        }
    };
    let key = draft.claim_key(claim.as_ref().or(draft.answers.claim.as_ref()))?;
    let binding =
        Binding { purpose: draft.purpose(), flow: draft.id, to: Addressee::Claimed(&key) };
    // When no code is sent, the one sent before goes with what was typed before.
    let challenge = otp::request(tx, binding)?;
    tx.audit(AuditKind::CodeRequested, AuditSubject::flow(draft.id))?;
    if claim.is_some() {
        draft.answers.claim = claim;
    }
    draft.answers.challenge = Some(challenge.id);
    draft.answers.codes_sent += 1;
    draft.stage = Stage::Code;
    Ok(())
}

/// Counts a document that was not tried before, and refuses more of them than
/// a recovery may try.
fn count_tried(core: &Core, draft: &mut Draft, claim: &Claim) -> Result<(), Problem> {
    let Claim::DocumentAndPhone { document, .. } = claim else { return Ok(()) };
    let latest = draft.absolute_expires_at.date_naive();
    let key = document.uniqueness_key(latest).ok_or_else(|| draft.bad())?;
    let index = core.keyring.blind(Purpose::Document, &key);
    let tried = &mut draft.answers.documents_tried;
    if tried.iter().any(|one| index.matches(one)) {
        return Ok(());
    }
    if tried.len() >= core.settings.limits.documents_per_flow as usize {
        return Err(Problem::new(ProblemCode::DocumentAttemptsExceeded));
    }
    tried.push(index.as_str().to_owned());
    Ok(())
}
