//! A flow that is walked: shown, changed step by step, and given up.

use serde::Serialize;

use super::{Answers, Flow, find, problems, remove, save};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        core::{Stop, Tx},
    },
    kernel::ids::FlowId,
    tools::db::{DbFault, is_committed},
};

/// A kind of flow that people walk through.
pub trait Walk: Answers {
    /// The flow as its owner sees it.
    type View: Serialize + Send + 'static;
    /// The event of giving it up, if there is one.
    const ABANDONED: Option<AuditKind> = None;

    /// The flow that is worked on. Refuses with `flow_not_found`.
    fn open(tx: &mut Tx<'_>, id: FlowId) -> Result<Flow<Self>, Stop>
    where
        Self: Sized,
    {
        find(tx, id)?.ok_or_else(|| problems::not_found().into())
    }

    /// Shows the flow.
    fn view(tx: &mut Tx<'_>, flow: &Flow<Self>) -> Result<Self::View, DbFault>
    where
        Self: Sized;
}

/// Shows a flow. Refuses with `flow_not_found`.
pub fn show<A: Walk>(tx: &mut Tx<'_>, id: FlowId) -> Result<A::View, Stop> {
    let flow = find::<A>(tx, id)?.ok_or_else(problems::not_found)?;
    Ok(A::view(tx, &flow)?)
}

/// Changes a flow by `work`, keeps it alive and shows it. A kept refusal of
/// `work` is saved with what it has counted. Refuses with
/// `request_in_progress` when another request was quicker.
pub fn step<A: Walk>(
    tx: &mut Tx<'_>,
    id: FlowId,
    work: impl FnOnce(&mut Tx<'_>, &mut Flow<A>) -> Result<(), Stop>,
) -> Result<A::View, Stop> {
    let mut flow = A::open(tx, id)?;
    let done = work(tx, &mut flow);
    flow.keep_alive(tx.core, tx.now);
    save_with(tx, &mut flow, done)?;
    Ok(A::view(tx, &flow)?)
}

/// Saves a flow with what was done to it, and returns that. Nothing is saved
/// when the transaction is rolled back. Refuses with `request_in_progress` when
/// another request was quicker.
pub fn save_with<A: Answers, T>(
    tx: &mut Tx<'_>,
    flow: &mut Flow<A>,
    done: Result<T, Stop>,
) -> Result<T, Stop> {
    if is_committed(&done) && !save(tx, flow)? {
        return Err(problems::busy().into());
    }
    done
}

/// Gives a flow up: everything typed is erased. Refuses with `flow_not_found`.
pub fn abandon<A: Walk>(tx: &mut Tx<'_>, id: FlowId) -> Result<(), Stop> {
    if !remove(tx.conn, id)? {
        return Err(problems::not_found().into());
    }
    if let Some(kind) = A::ABANDONED {
        tx.audit(kind, AuditSubject::flow(id))?;
    }
    Ok(())
}
