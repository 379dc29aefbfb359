//! 注销: asking for it, and taking it back.

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use super::{charge, own, still_signed_in};
use crate::{
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        core::{Ctx, Stop, Tx},
        outbox,
        sessions::Session,
    },
    kernel::{Timestamp, time::beijing},
    tools::{ports::Notice, web::Problem},
};

/// How often closing may be asked for in a day: each is told to the phone.
const REQUESTS: (&str, u32) = ("closure_day", 5);

/// A closing that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Closure {
    /// When the account is erased. Until then it can be kept.
    #[schema(value_type = String, format = DateTime, example = "2026-12-08T02:00:00Z")]
    closes_at: Timestamp,
}

/// Asks for the account to be closed. What was asked before stands.
pub(super) async fn request(ctx: &Ctx, session: Session) -> Result<Closure, Problem> {
    session.require_fresh_password(&ctx.core, ctx.now)?;
    Ok(ctx.write(move |tx| requested(tx, &session)).await?)
}

fn requested(tx: &mut Tx<'_>, session: &Session) -> Result<Closure, Stop> {
    let account = own(tx, session)?;
    let days = TimeDelta::days(tx.core.settings.account.closing_days.into());
    let closure = accounts::Closure { requested_at: tx.now, closes_at: tx.now + days };
    if accounts::closure(tx.conn, account.id)?.is_none() {
        charge(tx, session, REQUESTS.0, REQUESTS.1)?;
        if accounts::request_closure(tx.conn, account.id, closure)? {
            let closes_on = beijing(closure.closes_at).format("%Y-%m-%d").to_string();
            let notice = Notice::ClosureRequested { closes_on };
            outbox::notify(tx, &account.elements.phone, notice)?;
            tx.audit(AuditKind::ClosureRequested, AuditSubject::account(account.id))?;
        }
    }
    let stands = accounts::closure(tx.conn, account.id)?.unwrap_or(closure);
    still_signed_in(tx.conn, session, tx.now)?;
    Ok(Closure { closes_at: stands.closes_at })
}

/// Keeps the account.
pub(super) async fn cancel(ctx: &Ctx, session: Session) -> Result<(), Problem> {
    ctx.write(move |tx| -> Result<(), Problem> {
        if accounts::cancel_closure(tx.conn, session.account)? {
            tx.audit(AuditKind::ClosureCancelled, AuditSubject::account(session.account))?;
        }
        still_signed_in(tx.conn, &session, tx.now)
    })
    .await
}
