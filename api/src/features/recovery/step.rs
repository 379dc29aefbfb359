//! What every step has in common.

use std::sync::Arc;

use super::{
    draft::Draft,
    view::{self, Recovery},
};
use crate::{
    capabilities::{
        core::Core,
        flows,
        proving::{busy, not_found},
    },
    kernel::{Timestamp, ids::FlowId},
    tools::{
        db::Conn,
        web::{Problem, RequestMeta},
    },
};

/// Whether a step was done. A refusal inside is committed, with what it
/// counted.
pub(super) type Outcome = Result<Result<(), Problem>, Problem>;

/// The recovery with this id.
pub(super) fn find(
    core: &Core,
    conn: &mut Conn,
    id: FlowId,
    now: Timestamp,
) -> Result<Draft, Problem> {
    flows::find(core, conn, id, now)?.ok_or_else(not_found)
}

/// Writes a recovery and shows it.
pub(super) fn keep(
    core: &Core,
    conn: &mut Conn,
    (draft, done): (&mut Draft, Result<(), Problem>),
) -> Result<Result<Recovery, Problem>, Problem> {
    if !flows::save(core, conn, draft)? {
        return Err(busy());
    }
    Ok(match done {
        Ok(()) => Ok(view::of(core, conn, draft)?),
        Err(refused) => Err(refused),
    })
}

/// Takes a step in one transaction, and has the messages sent that it causes.
pub(super) async fn take(
    core: &Arc<Core>,
    (meta, id): (&RequestMeta, FlowId),
    step: impl FnOnce(&Core, &mut Conn, &RequestMeta, &mut Draft) -> Outcome + Send + 'static,
) -> Result<Recovery, Problem> {
    let (own, meta) = (Arc::clone(core), meta.clone());
    let taken = core.db.write(move |conn| in_transaction(&own, conn, (&meta, id), step)).await;
    core.outbox_bell.notify_one();
    taken?
}

/// Takes a step in the transaction of `conn`.
pub(super) fn in_transaction(
    core: &Core,
    conn: &mut Conn,
    (meta, id): (&RequestMeta, FlowId),
    step: impl FnOnce(&Core, &mut Conn, &RequestMeta, &mut Draft) -> Outcome,
) -> Result<Result<Recovery, Problem>, Problem> {
    let mut draft = find(core, conn, id, meta.now)?;
    let done = step(core, conn, meta, &mut draft)?;
    keep(core, conn, (&mut draft, done))
}
