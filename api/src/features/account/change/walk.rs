//! How a change is opened and shown.

use super::{
    draft::{Answers, Change, begin, open},
    view::{self, AccountChange},
};
use crate::{
    capabilities::{
        accounts,
        core::{Stop, Tx},
        flows::{self, Walk, busy},
    },
    kernel::ids::FlowId,
    tools::{
        db::DbFault,
        web::{Problem, ProblemCode},
    },
};

impl Walk for Answers {
    type View = AccountChange;

    /// The open change, or a new one.
    fn open(tx: &mut Tx<'_>, id: FlowId) -> Result<Change, Stop> {
        let account = accounts::find(tx, id.account())?
            .ok_or_else(|| Problem::new(ProblemCode::NotSignedIn))?;
        // Looked at before the change itself: what another request begins in
        // between is never taken for the worthless one.
        let seen = flows::begun_at(tx.conn, id)?;
        if let Some(change) = open(tx, &account)? {
            return Ok(change);
        }
        // The one that is worthless, or one that has expired and was not
        // forgotten yet.
        if let Some(began) = seen {
            flows::remove_begun_at(tx.conn, id, began)?;
        }
        let change = begin(tx, &account)?;
        if flows::claim(tx, &change)? { Ok(change) } else { Err(busy().into()) }
    }

    fn view(tx: &mut Tx<'_>, flow: &Change) -> Result<AccountChange, DbFault> {
        view::of(tx, flow)
    }
}
