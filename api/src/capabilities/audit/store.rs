//! The table of events.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{AuditKind, AuditSubject};
use crate::{
    capabilities::core::{Tx, corrupt},
    kernel::{
        Timestamp,
        ids::{AccountId, AuditEventId, FlowId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault, Repeat, schema::audit_events},
    },
};

impl Tx<'_> {
    /// Writes one event, caused by the origin of the work at its moment.
    pub fn audit(&mut self, kind: AuditKind, subject: AuditSubject<'_>) -> Result<(), DbFault> {
        let id = AuditEventId::new(self.now, &*self.core.entropy)?;
        diesel::insert_into(audit_events::table)
            .values((
                audit_events::id.eq(id.to_string()),
                audit_events::kind.eq(kind.code()),
                audit_events::account_id.eq(subject.account.map(|id| id.to_string())),
                audit_events::flow_id.eq(subject.flow.map(|id| id.to_string())),
                audit_events::request_id.eq(self.origin.to_string()),
                audit_events::ip_prefix.eq(self.origin.coarse_address()),
                audit_events::detail.eq(subject.detail),
                audit_events::at.eq(self.now.naive_utc()),
                audit_events::device.eq(self.origin.device()),
            ))
            .repeated()
            .execute(self.conn)?;
        Ok(())
    }
}

/// An event about an account, as its owner may read it.
#[derive(Debug)]
pub struct Event {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AuditKind,
    /// A code or an id.
    pub detail: Option<String>,
    /// From where, coarsely; nothing when no request caused it.
    pub ip_prefix: Option<String>,
    /// What the browser or app said it is.
    pub device: Option<String>,
}

#[derive(Queryable)]
struct EventRow {
    id: String,
    kind: String,
    at: NaiveDateTime,
    detail: Option<String>,
    ip_prefix: String,
    device: Option<String>,
}

impl EventRow {
    /// `None` for a kind that this version does not know: a newer node of the
    /// same installation wrote it.
    fn event(self) -> Result<Option<Event>, DbFault> {
        let place = Place { table: "audit_events", column: "id", row: &self.id };
        let Some(kind) = AuditKind::from_code(&self.kind) else { return Ok(None) };
        let filled = |text: &String| !text.is_empty();
        Ok(Some(Event {
            id: self.id.parse().map_err(|_| corrupt(place))?,
            at: self.at.and_utc(),
            kind,
            detail: self.detail,
            ip_prefix: Some(self.ip_prefix).filter(filled),
            device: self.device.filter(filled),
        }))
    }
}

type Columns = (
    audit_events::id,
    audit_events::kind,
    audit_events::at,
    audit_events::detail,
    audit_events::ip_prefix,
    audit_events::device,
);

const COLUMNS: Columns = (
    audit_events::id,
    audit_events::kind,
    audit_events::at,
    audit_events::detail,
    audit_events::ip_prefix,
    audit_events::device,
);

/// What an account's owner reads of its history: up to `most` events from
/// before the event `before`, the newest first.
pub fn history(
    conn: &mut Conn,
    account: AccountId,
    before: Option<AuditEventId>,
    most: i64,
) -> Result<Vec<Event>, DbFault> {
    let of_account =
        || audit_events::table.filter(audit_events::account_id.eq(account.to_string()));
    let kinds = AuditKind::ALL.iter().filter(|kind| kind.is_for_owner());
    let kinds: Vec<&str> = kinds.map(|kind| kind.code()).collect();
    let mut query = of_account().filter(audit_events::kind.eq_any(kinds)).into_boxed();
    if let Some(before) = before {
        let id = before.to_string();
        let at: Option<NaiveDateTime> = of_account()
            .filter(audit_events::id.eq(&id))
            .select(audit_events::at)
            .first(conn)
            .optional()?;
        // It was forgotten meanwhile, and what came before it, too.
        let Some(at) = at else { return Ok(Vec::new()) };
        let same_moment = audit_events::at.eq(at).and(audit_events::id.lt(id));
        query = query.filter(audit_events::at.lt(at).or(same_moment));
    }
    let rows: Vec<EventRow> = query
        .order((audit_events::at.desc(), audit_events::id.desc()))
        .limit(most)
        .select(COLUMNS)
        .load(conn)?;
    events(rows)
}

/// Every event about an account, the newest first.
pub fn everything(conn: &mut Conn, account: AccountId) -> Result<Vec<Event>, DbFault> {
    let rows: Vec<EventRow> = audit_events::table
        .filter(audit_events::account_id.eq(account.to_string()))
        .order((audit_events::at.desc(), audit_events::id.desc()))
        .select(COLUMNS)
        .load(conn)?;
    events(rows)
}

/// Flows that led to something about an account.
pub fn flows_of(conn: &mut Conn, account: AccountId) -> Result<Vec<FlowId>, DbFault> {
    let ids: Vec<Option<String>> = audit_events::table
        .filter(audit_events::account_id.eq(account.to_string()))
        .filter(audit_events::flow_id.is_not_null())
        .select(audit_events::flow_id)
        .distinct()
        .load(conn)?;
    let bad = |row: &str| corrupt(Place { table: "audit_events", column: "flow_id", row });
    ids.iter().flatten().map(|id| id.parse().map_err(|_| bad(id))).collect()
}

fn events(rows: Vec<EventRow>) -> Result<Vec<Event>, DbFault> {
    rows.into_iter().filter_map(|row| row.event().transpose()).collect()
}

/// Forgets events from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(audit_events::table.filter(audit_events::at.lt(until.naive_utc())))
        .execute(conn)?)
}
