//! The tables of events, of the addresses that are told, and of deliveries.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::Event;
use crate::{
    kernel::{Timestamp, ids::ClientId},
    tools::db::{
        Conn, DbFault, Repeat,
        schema::{client_events, webhook_deliveries, webhook_endpoints},
    },
};

#[derive(Queryable)]
pub(super) struct EventRow {
    pub id: String,
    pub subject: String,
    pub kind: String,
    pub happened_at: NaiveDateTime,
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = webhook_endpoints)]
pub(super) struct EndpointRow {
    pub id: String,
    pub client_id: String,
    pub url: String,
    pub kinds: String,
    pub state: String,
    pub secret_sealed: Vec<u8>,
    pub previous_secret_sealed: Option<Vec<u8>>,
    pub previous_until: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = webhook_deliveries)]
pub(super) struct DeliveryRow {
    pub id: String,
    pub client_id: String,
    pub endpoint_id: String,
    pub event_id: String,
    pub state: String,
    pub attempts: i32,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

type EventColumns =
    (client_events::id, client_events::subject, client_events::kind, client_events::happened_at);

const EVENT: EventColumns =
    (client_events::id, client_events::subject, client_events::kind, client_events::happened_at);

pub(super) fn insert(conn: &mut Conn, client: ClientId, event: &Event) -> Result<(), DbFault> {
    diesel::insert_into(client_events::table)
        .values((
            client_events::id.eq(event.id.to_string()),
            client_events::client_id.eq(client.to_string()),
            client_events::subject.eq(&event.subject),
            client_events::kind.eq(event.kind.code()),
            client_events::happened_at.eq(event.happened_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Events between two positions, by id, the oldest first.
pub(super) fn list(
    conn: &mut Conn,
    client: ClientId,
    (after, before): (&str, &str),
    most: i64,
) -> Result<Vec<EventRow>, DbFault> {
    Ok(client_events::table
        .filter(client_events::client_id.eq(client.to_string()))
        .filter(client_events::id.gt(after))
        .filter(client_events::id.lt(before))
        .order(client_events::id)
        .limit(most)
        .select(EVENT)
        .load(conn)?)
}

pub(super) fn event(conn: &mut Conn, id: &str) -> Result<Option<EventRow>, DbFault> {
    Ok(client_events::table.find(id).select(EVENT).first(conn).optional()?)
}

pub(super) fn insert_endpoint(conn: &mut Conn, row: &EndpointRow) -> Result<(), DbFault> {
    diesel::insert_into(webhook_endpoints::table).values(row).repeated().execute(conn)?;
    Ok(())
}

pub(super) fn endpoint(conn: &mut Conn, id: &str) -> Result<Option<EndpointRow>, DbFault> {
    Ok(webhook_endpoints::table.find(id).first(conn).optional()?)
}

pub(super) fn endpoints(conn: &mut Conn, client: &str) -> Result<Vec<EndpointRow>, DbFault> {
    let own = webhook_endpoints::table.filter(webhook_endpoints::client_id.eq(client));
    Ok(own.order(webhook_endpoints::id).load(conn)?)
}

pub(super) fn update_endpoint(
    conn: &mut Conn,
    id: &str,
    (url, kinds, state): (&str, &str, &str),
) -> Result<bool, DbFault> {
    let updated = diesel::update(webhook_endpoints::table.find(id))
        .set((
            webhook_endpoints::url.eq(url),
            webhook_endpoints::kinds.eq(kinds),
            webhook_endpoints::state.eq(state),
        ))
        .repeated()
        .execute(conn)?;
    Ok(updated == 1)
}

/// Replaces the secrets of an endpoint, unless somebody else did so since
/// `seen` was read.
pub(super) fn update_secret(
    conn: &mut Conn,
    (id, seen): (&str, &[u8]),
    (secret, previous): (&[u8], &[u8]),
    previous_until: Timestamp,
) -> Result<bool, DbFault> {
    let row = webhook_endpoints::table.find(id).filter(webhook_endpoints::secret_sealed.eq(seen));
    let updated = diesel::update(row)
        .set((
            webhook_endpoints::secret_sealed.eq(secret),
            webhook_endpoints::previous_secret_sealed.eq(Some(previous)),
            webhook_endpoints::previous_until.eq(Some(previous_until.naive_utc())),
        ))
        .repeated()
        .execute(conn)?;
    Ok(updated == 1)
}

/// Removes an endpoint with everything that was to go to it.
pub(super) fn remove_endpoint(conn: &mut Conn, id: &str) -> Result<(), DbFault> {
    diesel::delete(webhook_endpoints::table.find(id)).execute(conn)?;
    diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::endpoint_id.eq(id)))
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert_delivery(conn: &mut Conn, row: &DeliveryRow) -> Result<(), DbFault> {
    diesel::insert_into(webhook_deliveries::table).values(row).repeated().execute(conn)?;
    Ok(())
}

pub(super) fn delivery(conn: &mut Conn, id: &str) -> Result<Option<DeliveryRow>, DbFault> {
    Ok(webhook_deliveries::table.find(id).first(conn).optional()?)
}

/// The deliveries of an endpoint (in a state) before a position, the newest
/// first.
pub(super) fn deliveries(
    conn: &mut Conn,
    endpoint: &str,
    (state, before): (Option<&str>, Option<&str>),
    most: i64,
) -> Result<Vec<DeliveryRow>, DbFault> {
    let mut query =
        webhook_deliveries::table.filter(webhook_deliveries::endpoint_id.eq(endpoint)).into_boxed();
    if let Some(state) = state {
        query = query.filter(webhook_deliveries::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(webhook_deliveries::id.lt(before));
    }
    Ok(query.order(webhook_deliveries::id.desc()).limit(most).load(conn)?)
}

/// Takes a delivery that is over up again; `false` when it is still waiting.
pub(super) fn reopen_delivery(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, DbFault> {
    let over = webhook_deliveries::table.find(id).filter(webhook_deliveries::state.ne("waiting"));
    let reopened = diesel::update(over)
        .set((
            webhook_deliveries::state.eq("waiting"),
            webhook_deliveries::updated_at.eq(now.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(reopened == 1)
}

/// What an attempt has left, or, without one, why there was none.
pub(super) struct Trace<'a> {
    pub state: &'a str,
    pub attempts: i32,
    pub status: Option<i32>,
    pub error: Option<&'a str>,
}

pub(super) fn note_delivery(
    conn: &mut Conn,
    id: &str,
    trace: &Trace<'_>,
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(webhook_deliveries::table.find(id))
        .set((
            webhook_deliveries::state.eq(trace.state),
            webhook_deliveries::attempts.eq(webhook_deliveries::attempts + trace.attempts),
            webhook_deliveries::last_status.eq(trace.status),
            webhook_deliveries::last_error.eq(trace.error),
            webhook_deliveries::updated_at.eq(now.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Forgets events, and deliveries that are over, from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let until = until.naive_utc();
    let over = webhook_deliveries::table
        .filter(webhook_deliveries::created_at.lt(until))
        .filter(webhook_deliveries::updated_at.lt(until));
    let events = client_events::table.filter(client_events::happened_at.lt(until));
    Ok(diesel::delete(over).execute(conn)? + diesel::delete(events).execute(conn)?)
}
