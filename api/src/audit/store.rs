//! The table of events.

use diesel::prelude::*;

use super::{AuditKind, AuditSubject, Origin};
use crate::{
    core::Core,
    db::{Conn, DbFault, schema::audit_events},
    kernel::{Timestamp, ids::AuditEventId},
};

/// Writes one event; `origin` is a request, or what else caused it.
pub fn record<'a>(
    core: &Core,
    conn: &mut Conn,
    origin: impl Into<Origin<'a>>,
    (kind, subject): (AuditKind, AuditSubject<'_>),
) -> Result<(), DbFault> {
    let origin = origin.into();
    let id = AuditEventId::new(origin.at, &*core.entropy)?;
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::id.eq(id.to_string()),
            audit_events::kind.eq(kind.code()),
            audit_events::account_id.eq(subject.account.map(|id| id.to_string())),
            audit_events::flow_id.eq(subject.flow.map(|id| id.to_string())),
            audit_events::request_id.eq(origin.request),
            audit_events::ip_prefix.eq(origin.ip_prefix),
            audit_events::detail.eq(subject.detail),
            audit_events::at.eq(origin.at.naive_utc()),
            audit_events::device.eq(origin.device),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets events from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(audit_events::table.filter(audit_events::at.lt(until.naive_utc())))
        .execute(conn)?)
}
