//! The code that was sent: what it proves.

use super::{Proving, bank_matched, binding};
use crate::{
    capabilities::{
        accounts::{BankMatched, Elements},
        audit::{AuditKind, AuditSubject},
        core::{Core, Stop, Tx},
        flows::{Flow, wrong_stage},
        otp::{self, PhoneProved},
    },
    tools::{identity::OtpCode, web::Problem},
};

/// Redeems a code. The refusal is kept: a wrong try counts.
/// Once a code was right the phone stays proved for the flow, whatever else
/// is in the way, and no code is needed any more.
pub fn prove_phone<A: Proving>(
    tx: &mut Tx<'_>,
    flow: &mut Flow<A>,
    elements: &Elements,
    code: Option<&OtpCode>,
) -> Result<PhoneProved, Stop> {
    let kept = flow.answers.proof().proved_phone.clone();
    if let Some(proof) = kept.filter(|proof| proof.is_for(tx.core, &elements.phone)) {
        return Ok(proof);
    }
    let Some(code) = code else { return Err(Problem::field("/code", "required").into()) };
    let Some(challenge) = flow.answers.proof().challenge else {
        return Err(wrong_stage(flow.stage).into());
    };
    let binding = binding(flow, elements);
    let redeemed = otp::redeem(tx, (challenge, binding), code);
    if let Err(Stop::Keep(_)) = redeemed {
        tx.audit(AuditKind::CodeWrong, AuditSubject::flow(flow.id))?;
    }
    let proof = redeemed?;
    flow.answers.proof_mut().proved_phone = Some(proof.clone());
    flow.keep_alive(tx.core, tx.now);
    Ok(proof)
}

/// The proof that the bank matched what the flow says now.
pub fn settled<A: Proving>(
    core: &Core,
    flow: &Flow<A>,
    elements: &Elements,
) -> Result<BankMatched, Problem> {
    bank_matched(core, flow, elements).ok_or_else(|| wrong_stage(flow.stage))
}
