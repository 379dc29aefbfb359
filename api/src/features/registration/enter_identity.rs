//! Step 2: who registers. For a unit first the unit, then its agent.

use super::{
    draft::{
        Draft, Identity, IdentityAnswers, Stage, Unit, UnitAnswers, count_tried,
        tells_at_identity_step,
    },
    dto::{EnterIdentity, EnterUnit},
    start::open,
    view::{self, Registration},
};
use crate::{
    capabilities::{
        accounts,
        core::{Ctx, Tx},
        flows,
        proving::{answers::WhoAnswers, busy, wrong_stage},
    },
    kernel::ids::FlowId,
    tools::web::{Problem, ProblemCode},
};

/// Enters or changes the identity.
pub(super) async fn enter_identity(
    ctx: &Ctx,
    id: FlowId,
    body: EnterIdentity,
) -> Result<Registration, Problem> {
    enter(ctx, id, move |tx, draft| {
        if draft.is_unit() && draft.answers.unit.is_none() {
            return Err(wrong_stage(draft.stage));
        }
        let identity = body.parse(draft, tx.now)?;
        // A document that counts as tried stays tried when it is refused, or
        // the cap would cap nothing.
        let outcome = may_use(tx, draft, &identity)?;
        if outcome.is_ok() {
            keep(draft, &identity);
        }
        Ok(outcome)
    })
    .await
}

/// Enters or changes the unit.
pub(super) async fn enter_unit(
    ctx: &Ctx,
    id: FlowId,
    body: EnterUnit,
) -> Result<Registration, Problem> {
    enter(ctx, id, move |tx, draft| {
        if !draft.is_unit() {
            return Err(wrong_stage(draft.stage));
        }
        let unit = body.parse(draft)?;
        let outcome = may_use_unit(tx, draft, &unit)?;
        if outcome.is_ok() {
            keep_unit(draft, &unit);
        }
        Ok(outcome)
    })
    .await
}

/// Changes an open draft; a refusal inside is committed.
async fn enter(
    ctx: &Ctx,
    id: FlowId,
    change: impl FnOnce(&mut Tx<'_>, &mut Draft) -> Result<Result<(), Problem>, Problem>
    + Send
    + 'static,
) -> Result<Registration, Problem> {
    ctx.write(move |tx| -> Result<_, Problem> {
        let mut draft = open(tx, id)?;
        let outcome = change(tx, &mut draft)?;
        draft.keep_alive(tx.core, tx.now);
        if !flows::save(tx, &mut draft)? {
            return Err(busy());
        }
        Ok(match outcome {
            Ok(()) => Ok(view::of(tx, &draft)?),
            Err(refused) => Err(refused),
        })
    })
    .await?
}

/// Counts a document that was not tried before, and refuses one that has an
/// account, if that is to be said at this step.
fn may_use(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    identity: &Identity,
) -> Result<Result<(), Problem>, Problem> {
    if let Err(refused) = count_tried(tx.core, draft, &identity.document.uniqueness_key()) {
        return Ok(Err(refused));
    }
    let claimed = !draft.is_unit() && tells_at_identity_step(tx.core);
    if claimed && accounts::document_in_use(tx, &identity.document)? {
        return Ok(Err(Problem::new(ProblemCode::DocumentInUse)));
    }
    Ok(Ok(()))
}

fn may_use_unit(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    unit: &Unit,
) -> Result<Result<(), Problem>, Problem> {
    if let Err(refused) = count_tried(tx.core, draft, &unit.credit_code.uniqueness_key()) {
        return Ok(Err(refused));
    }
    if tells_at_identity_step(tx.core) && accounts::credit_code_in_use(tx, &unit.credit_code)? {
        return Ok(Err(Problem::new(ProblemCode::CreditCodeInUse)));
    }
    Ok(Ok(()))
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
