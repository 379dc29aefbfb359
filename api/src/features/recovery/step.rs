//! What every step has in common.

use super::{
    draft::Draft,
    view::{self, Recovery},
};
use crate::{
    capabilities::{
        core::{Ctx, Tx},
        flows,
        proving::{busy, not_found},
    },
    kernel::ids::FlowId,
    tools::web::Problem,
};

/// Whether a step was done. A refusal inside is committed, with what it
/// counted.
pub(super) type Outcome = Result<Result<(), Problem>, Problem>;

/// The recovery with this id.
pub(super) fn find(tx: &mut Tx<'_>, id: FlowId) -> Result<Draft, Problem> {
    flows::find(tx, id)?.ok_or_else(not_found)
}

/// Writes a recovery and shows it.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    draft: &mut Draft,
    done: Result<(), Problem>,
) -> Result<Result<Recovery, Problem>, Problem> {
    if !flows::save(tx, draft)? {
        return Err(busy());
    }
    Ok(match done {
        Ok(()) => Ok(view::of(tx, draft)?),
        Err(refused) => Err(refused),
    })
}

/// Takes a step in one transaction, and has the messages sent that it causes.
pub(super) async fn take(
    ctx: &Ctx,
    id: FlowId,
    step: impl FnOnce(&mut Tx<'_>, &mut Draft) -> Outcome + Send + 'static,
) -> Result<Recovery, Problem> {
    let taken = ctx.write(move |tx| in_transaction(tx, id, step)).await;
    taken?
}

/// Takes a step in the transaction of `conn`.
pub(super) fn in_transaction(
    tx: &mut Tx<'_>,
    id: FlowId,
    step: impl FnOnce(&mut Tx<'_>, &mut Draft) -> Outcome,
) -> Result<Result<Recovery, Problem>, Problem> {
    let mut draft = find(tx, id)?;
    let done = step(tx, &mut draft)?;
    keep(tx, &mut draft, done)
}
