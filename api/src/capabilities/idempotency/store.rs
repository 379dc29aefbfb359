//! The table of keys.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::Lease;
use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, claimed, schema::idempotency_keys},
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = idempotency_keys)]
pub(super) struct Row {
    pub key_hash: String,
    pub request_hash: String,
    pub state: String,
    pub reply_sealed: Option<Vec<u8>>,
    pub lease_ends_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
}

pub(super) fn claim(conn: &mut Conn, row: &Row) -> Result<bool, DbFault> {
    claimed(conn, diesel::insert_into(idempotency_keys::table).values(row))
}

pub(super) fn find(conn: &mut Conn, key: &str) -> Result<Option<Row>, DbFault> {
    Ok(idempotency_keys::table.find(key).first(conn).optional()?)
}

/// Takes over a lease that is over, unless another request did so first.
pub(super) fn renew(
    conn: &mut Conn,
    key: &str,
    seen: NaiveDateTime,
    lease: Lease,
) -> Result<bool, DbFault> {
    let row = idempotency_keys::table.find(key).filter(idempotency_keys::lease_ends_at.eq(seen));
    let renewed = diesel::update(row)
        .set(idempotency_keys::lease_ends_at.eq(lease.ends_at))
        .repeated()
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Leaves the answer, unless another request has taken over.
pub(super) fn finish(
    conn: &mut Conn,
    (key, lease): (&str, Lease),
    reply: &[u8],
) -> Result<(), DbFault> {
    let own = idempotency_keys::table.find(key);
    diesel::update(own.filter(idempotency_keys::lease_ends_at.eq(lease.ends_at)))
        .set((idempotency_keys::state.eq("done"), idempotency_keys::reply_sealed.eq(Some(reply))))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Gives the key back, unless another request has taken over.
pub(super) fn release(conn: &mut Conn, key: &str, lease: Lease) -> Result<(), DbFault> {
    let running = idempotency_keys::table.find(key).filter(idempotency_keys::state.eq("running"));
    diesel::delete(running.filter(idempotency_keys::lease_ends_at.eq(lease.ends_at)))
        .execute(conn)?;
    Ok(())
}

/// Forgets answers that are no longer kept.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let old = idempotency_keys::table.filter(idempotency_keys::expires_at.le(now.naive_utc()));
    Ok(diesel::delete(old).execute(conn)?)
}
