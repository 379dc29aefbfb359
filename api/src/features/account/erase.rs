//! Erasing accounts whose time is over.
//!
//! Each goes in a transaction of its own: it is there as before, or it is gone
//! with everything about it, and its username and document are free. What
//! remains is the audit trail, which names the account by its id alone and is
//! kept for `retention.audit_days`, because the law asks for logs
//! (Cybersecurity Law art. 21) and because whoever disputes a closing must be
//! answered. What else of the person lies about for a while
//! ([`crate::tools::db::inventory`] says where) names no account and expires.

use std::sync::Arc;

use crate::{
    capabilities::{
        accounts,
        audit::{self, AuditKind, AuditSubject, Origin},
        cases,
        core::Core,
        events::{self, EventKind},
        flows, grants, identity_checks, otp, outbox, proving, security_questions, sessions,
    },
    kernel::{
        Timestamp,
        ids::{AccountId, FlowId},
    },
    tools::{
        db::{Conn, DbFault},
        ports::Notice,
    },
};

/// Accounts looked for at a time.
const AT_ONCE: i64 = 100;

/// Erases the accounts that are to be closed now; returns how many. One that
/// cannot be erased keeps none of the others from being.
pub async fn erase_due(core: &Arc<Core>) -> Result<usize, DbFault> {
    let now = core.clock.now();
    let due = core.db.read(move |conn| accounts::due_closures(conn, now, AT_ONCE)).await?;
    let mut erased = 0;
    for account in due {
        let own = Arc::clone(core);
        match core.db.write(move |conn| erase(&own, conn, account, now)).await {
            Ok(true) => erased += 1,
            Ok(false) => {}
            Err(fault) => tracing::error!(%account, %fault, "an account was not erased"),
        }
    }
    if erased > 0 {
        core.outbox_bell.notify_one();
    }
    Ok(erased)
}

/// Erases one account; `false` when its owner keeps it after all, or another
/// node was quicker.
fn erase(core: &Core, conn: &mut Conn, id: AccountId, now: Timestamp) -> Result<bool, DbFault> {
    if !accounts::take_due_closure(conn, id, now)? {
        return Ok(false);
    }
    let Some(account) = accounts::find(core, conn, id)? else { return Ok(false) };
    if !accounts::hold(core, conn, &account)? {
        return Ok(false);
    }
    // The change, and what the trail links to the account: the registration
    // that it came from, and recoveries.
    let mut its_flows = audit::flows_of(conn, id)?;
    its_flows.push(FlowId::of_account(id));
    // In the order in which requests touch these rows.
    erase_proofs(conn, &its_flows)?;
    security_questions::remove(conn, id)?;
    cases::erase(conn, id)?;
    accounts::erase(core, conn, &account)?;
    erase_flows(conn, &its_flows)?;
    outbox::notify(core, conn, (&account.elements.phone, Notice::AccountClosed), now)?;
    let event = (AuditKind::AccountClosed, AuditSubject::account(id));
    audit::record(core, conn, Origin::service(now), event)?;
    events::emit(core, conn, (id, EventKind::AccountClosed), now)?;
    grants::withdraw_all(conn, id)?;
    sessions::erase(core, conn, id, now)?;
    grants::erase(conn, id)?;
    identity_checks::erase(conn, id)?;
    // Waiting for its sessions may have let one of them finish what it wrote.
    erase_proofs(conn, &its_flows)?;
    security_questions::remove(conn, id)?;
    cases::erase(conn, id)?;
    grants::erase(conn, id)?;
    erase_flows(conn, &its_flows)?;
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
