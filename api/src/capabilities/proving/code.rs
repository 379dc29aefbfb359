//! The code that was sent: what it proves.

use super::{Proving, bank_matched, binding, problems};
use crate::{
    capabilities::{
        accounts::{BankMatched, Elements},
        audit::{AuditKind, AuditSubject},
        core::{Core, Tx},
        flows::Flow,
        otp::{self, PhoneProved},
    },
    tools::{identity::OtpCode, web::Problem},
};

/// Redeems a code. A refusal inside is to be committed: a wrong try counts.
/// Once a code was right the phone stays proved for the flow, whatever else
/// is in the way, and no code is needed any more.
pub fn prove_phone<A: Proving>(
    tx: &mut Tx<'_>,
    flow: &mut Flow<A>,
    elements: &Elements,
    code: Option<&OtpCode>,
) -> Result<Result<PhoneProved, Problem>, Problem> {
    let kept = flow.answers.proof().proved_phone.clone();
    if let Some(proof) = kept.filter(|proof| proof.is_for(tx.core, &elements.phone)) {
        return Ok(Ok(proof));
    }
    let Some(code) = code else { return Err(Problem::field("/code", "required")) };
    let Some(challenge) = flow.answers.proof().challenge else {
        return Err(problems::wrong_stage(flow.stage));
    };
    let binding = binding(flow, elements);
    let proof = match otp::redeem(tx, (challenge, binding), code)? {
        Ok(proof) => proof,
        Err(refused) => {
            tx.audit(AuditKind::CodeWrong, AuditSubject::flow(flow.id))?;
            return Ok(Err(problems::code_refused(refused)));
        }
    };
    flow.answers.proof_mut().proved_phone = Some(proof.clone());
    flow.keep_alive(tx.core, tx.now);
    Ok(Ok(proof))
}

/// The proof that the bank matched what the flow says now.
pub fn settled<A: Proving>(
    core: &Core,
    flow: &Flow<A>,
    elements: &Elements,
) -> Result<BankMatched, Problem> {
    bank_matched(core, flow, elements).ok_or_else(|| problems::wrong_stage(flow.stage))
}
