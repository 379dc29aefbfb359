//! 注销: asking for it, and taking it back.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use super::{charge, own, still_signed_in};
use crate::{
    capabilities::{
        accounts,
        audit::{self, AuditKind, AuditSubject},
        core::Core,
        outbox,
        sessions::Session,
    },
    kernel::{Timestamp, time::beijing},
    tools::{
        db::Conn,
        ports::Notice,
        web::{Problem, RequestMeta},
    },
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
pub(super) async fn request(
    core: &Arc<Core>,
    meta: &RequestMeta,
    session: Session,
) -> Result<Closure, Problem> {
    session.require_fresh_password(core, meta.now)?;
    let (own_core, meta) = (Arc::clone(core), meta.clone());
    core.db.write(move |conn| requested(&own_core, conn, (&meta, &session))).await?
}

/// A refusal inside is committed: nothing else was written.
fn requested(
    core: &Core,
    conn: &mut Conn,
    (meta, session): (&RequestMeta, &Session),
) -> Result<Result<Closure, Problem>, Problem> {
    let account = own(core, conn, session)?;
    let days = TimeDelta::days(core.settings.account.closing_days.into());
    let closure = accounts::Closure { requested_at: meta.now, closes_at: meta.now + days };
    if accounts::closure(conn, account.id)?.is_none() {
        if let Err(refused) = charge(core, conn, session, (REQUESTS, meta.now))? {
            return Ok(Err(refused));
        }
        if accounts::request_closure(conn, account.id, closure)? {
            let closes_on = beijing(closure.closes_at).format("%Y-%m-%d").to_string();
            let notice = Notice::ClosureRequested { closes_on };
            outbox::notify(core, conn, (&account.elements.phone, notice), meta.now)?;
            let event = (AuditKind::ClosureRequested, AuditSubject::account(account.id));
            audit::record(core, conn, meta, event)?;
        }
    }
    let stands = accounts::closure(conn, account.id)?.unwrap_or(closure);
    still_signed_in(conn, session, meta.now)?;
    Ok(Ok(Closure { closes_at: stands.closes_at }))
}

/// Keeps the account.
pub(super) async fn cancel(
    core: &Arc<Core>,
    meta: &RequestMeta,
    session: Session,
) -> Result<(), Problem> {
    let (own_core, meta) = (Arc::clone(core), meta.clone());
    core.db
        .write(move |conn| -> Result<(), Problem> {
            if accounts::cancel_closure(conn, session.account)? {
                let event = (AuditKind::ClosureCancelled, AuditSubject::account(session.account));
                audit::record(&own_core, conn, &meta, event)?;
            }
            still_signed_in(conn, &session, meta.now)
        })
        .await
}
