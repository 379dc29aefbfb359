//! Erasing accounts whose time is over.
//!
//! Each goes in a transaction of its own: it is there as before, or it is gone
//! with everything about it, and its username and document are free. What
//! remains is the audit trail, which names the account by its id alone and is
//! kept for `retention.audit_days`, because the law asks for logs
//! (Cybersecurity Law art. 21) and because whoever disputes a closing must be
//! answered. What else of the person lies about for a while
//! ([`crate::tools::db::inventory`] says where) names no account and expires.

use crate::{
    capabilities::audit::{self},
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        cases,
        core::{Ctx, Tx},
        events::{self, EventKind},
        flows, grants, identity_checks, otp, outbox, proving, security_questions, sessions,
    },
    kernel::ids::{AccountId, FlowId},
    tools::{
        db::{Conn, DbFault},
        ports::Notice,
    },
};

/// Accounts looked for at a time.
const AT_ONCE: i64 = 100;

/// Erases the accounts that are to be closed now; returns how many. One that
/// cannot be erased keeps none of the others from being.
pub async fn erase_due(ctx: &Ctx) -> Result<usize, DbFault> {
    let ctx = &ctx.later();
    let now = ctx.now;
    let due = ctx.read(move |tx| accounts::due_closures(tx.conn, now, AT_ONCE)).await?;
    let mut erased = 0;
    for account in due {
        match ctx.write(move |tx| erase(tx, account)).await {
            Ok(true) => erased += 1,
            Ok(false) => {}
            Err(fault) => tracing::error!(%account, %fault, "an account was not erased"),
        }
    }
    Ok(erased)
}

/// Erases one account; `false` when its owner keeps it after all, or another
/// node was quicker.
fn erase(tx: &mut Tx<'_>, id: AccountId) -> Result<bool, DbFault> {
    if !accounts::take_due_closure(tx.conn, id, tx.now)? {
        return Ok(false);
    }
    let Some(account) = accounts::find(tx, id)? else { return Ok(false) };
    if !accounts::hold(tx, &account)? {
        return Ok(false);
    }
    // The change, and what the trail links to the account: the registration
    // that it came from, and recoveries.
    let mut its_flows = audit::flows_of(tx.conn, id)?;
    its_flows.push(FlowId::of_account(id));
    // In the order in which requests touch these rows.
    erase_proofs(tx.conn, &its_flows)?;
    security_questions::remove(tx.conn, id)?;
    cases::erase(tx.conn, id)?;
    accounts::erase(tx, &account)?;
    erase_flows(tx.conn, &its_flows)?;
    outbox::notify(tx, &account.elements.phone, Notice::AccountClosed)?;
    tx.audit(AuditKind::AccountClosed, AuditSubject::account(id))?;
    events::emit(tx, id, EventKind::AccountClosed)?;
    grants::withdraw_all(tx.conn, id)?;
    sessions::erase(tx, id)?;
    grants::erase(tx.conn, id)?;
    identity_checks::erase(tx.conn, id)?;
    // Waiting for its sessions may have let one of them finish what it wrote.
    erase_proofs(tx.conn, &its_flows)?;
    security_questions::remove(tx.conn, id)?;
    cases::erase(tx.conn, id)?;
    grants::erase(tx.conn, id)?;
    erase_flows(tx.conn, &its_flows)?;
    Ok(true)
}

fn erase_proofs(conn: &mut Conn, its_flows: &[FlowId]) -> Result<(), DbFault> {
    for flow in its_flows {
        proving::erase(conn, *flow)?;
        otp::erase(conn, *flow)?;
    }
    Ok(())
}

fn erase_flows(conn: &mut Conn, its_flows: &[FlowId]) -> Result<(), DbFault> {
    for flow in its_flows {
        flows::remove(conn, *flow)?;
    }
    Ok(())
}
