//! Step 2: who registers. For a unit first the unit, then its agent.

use super::{
    draft::{
        Draft, Identity, IdentityAnswers, Stage, Unit, UnitAnswers, count_tried, refuse_taken,
        tells_at_identity_step,
    },
    dto::{EnterIdentity, EnterUnit},
    start::change,
    view::Registration,
};
use crate::{
    capabilities::{
        accounts,
        core::{Ctx, Stop, Tx},
        flows::wrong_stage,
        proving::answers::WhoAnswers,
    },
    kernel::ids::FlowId,
    tools::web::{Problem, ProblemCode},
};

/// Enters or changes the identity. A document that counts as tried stays tried
/// when it is refused, or the cap would cap nothing.
pub(super) async fn enter_identity(
    ctx: &Ctx,
    id: FlowId,
    body: EnterIdentity,
) -> Result<Registration, Problem> {
    change(ctx, id, move |tx, draft| {
        if draft.is_unit() && draft.answers.unit.is_none() {
            return Err(wrong_stage(draft.stage).into());
        }
        let identity = body.parse(draft, tx.now)?;
        may_use(tx, draft, &identity)?;
        keep(draft, &identity);
        Ok(())
    })
    .await
}

/// Enters or changes the unit.
pub(super) async fn enter_unit(
    ctx: &Ctx,
    id: FlowId,
    body: EnterUnit,
) -> Result<Registration, Problem> {
    change(ctx, id, move |tx, draft| {
        if !draft.is_unit() {
            return Err(wrong_stage(draft.stage).into());
        }
        let unit = body.parse(draft)?;
        may_use_unit(tx, draft, &unit)?;
        keep_unit(draft, &unit);
        Ok(())
    })
    .await
}

/// Counts a document that was not tried before, and refuses one that has an
/// account, if that is to be said at this step.
fn may_use(tx: &mut Tx<'_>, draft: &mut Draft, identity: &Identity) -> Result<(), Stop> {
    count_tried(tx.core, draft, &identity.document.uniqueness_key())?;
    let told = !draft.is_unit() && tells_at_identity_step(tx.core);
    let taken = told && accounts::document_in_use(tx, &identity.document)?;
    refuse_taken(taken, ProblemCode::DocumentInUse)
}

fn may_use_unit(tx: &mut Tx<'_>, draft: &mut Draft, unit: &Unit) -> Result<(), Stop> {
    count_tried(tx.core, draft, &unit.credit_code.uniqueness_key())?;
    let told = tells_at_identity_step(tx.core);
    let taken = told && accounts::credit_code_in_use(tx, &unit.credit_code)?;
    refuse_taken(taken, ProblemCode::CreditCodeInUse)
}

/// Keeps the answers. Proofs about another name or document are dropped; with
/// the same ones the draft stays where it was.
fn keep(draft: &mut Draft, identity: &Identity) {
    let answers = IdentityAnswers {
        who: WhoAnswers::of(&identity.name, &identity.document),
        gender: identity.gender,
        birth_date: identity.birth_date,
    };
    let same = draft.answers.identity.as_ref().is_some_and(|old| old.who == answers.who);
    draft.answers.identity = Some(answers);
    if !same || draft.stage == Stage::Identity {
        draft.answers.proof.forget();
        draft.stage = Stage::Bank;
    }
}

fn keep_unit(draft: &mut Draft, unit: &Unit) {
    draft.answers.unit = Some(UnitAnswers {
        name: unit.name.as_str().to_owned(),
        credit_code: unit.credit_code.as_str().to_owned(),
        legal_representative: unit.legal_representative.raw().to_owned(),
    });
    if draft.stage == Stage::Unit {
        draft.stage = Stage::Identity;
    }
}
