//! The table of events.

use diesel::prelude::*;

use super::{AuditKind, AuditSubject};
use crate::{
    core::Core,
    db::{Conn, DbFault, schema::audit_events},
    kernel::{Timestamp, ids::AuditEventId},
    web::RequestMeta,
};

/// Writes one event.
pub fn record(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (kind, subject): (AuditKind, AuditSubject<'_>),
) -> Result<(), DbFault> {
    let id = AuditEventId::new(meta.now, &*core.entropy)?;
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::id.eq(id.to_string()),
            audit_events::kind.eq(kind.code()),
            audit_events::account_id.eq(subject.account.map(|id| id.to_string())),
            audit_events::flow_id.eq(subject.flow.map(|id| id.to_string())),
            audit_events::request_id.eq(meta.id.to_string()),
            audit_events::ip_prefix.eq(meta.address.coarse()),
            audit_events::detail.eq(subject.detail),
            audit_events::at.eq(meta.now.naive_utc()),
            audit_events::device.eq(meta.device.as_deref()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets events from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(audit_events::table.filter(audit_events::at.lt(until.naive_utc())))
        .execute(conn)?)
}
