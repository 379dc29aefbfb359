//! The table of messages.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, schema::outbox},
};

#[derive(Insertable)]
#[diesel(table_name = outbox)]
pub(super) struct NewRow {
    pub id: String,
    pub kind: &'static str,
    pub client_id: Option<String>,
    pub payload_sealed: Vec<u8>,
    pub state: &'static str,
    pub attempts: i32,
    pub created_at: NaiveDateTime,
    pub due_at: NaiveDateTime,
    pub give_up_at: NaiveDateTime,
}

#[derive(Queryable)]
pub(super) struct DueRow {
    pub id: String,
    pub payload_sealed: Vec<u8>,
    pub due_at: NaiveDateTime,
    pub give_up_at: NaiveDateTime,
    pub attempts: i32,
    pub client_id: Option<String>,
}

pub(super) fn insert(conn: &mut Conn, row: &NewRow) -> Result<(), DbFault> {
    diesel::insert_into(outbox::table).values(row).repeated().execute(conn)?;
    Ok(())
}

/// What is due: of these kinds, or of all others, but nothing for these business
/// systems, and none of these messages.
pub(super) fn due(
    conn: &mut Conn,
    (of_these, kinds): (bool, &[&str]),
    (full, chosen, most): (&BTreeSet<String>, &[String], i64),
    now: Timestamp,
) -> Result<Vec<DueRow>, DbFault> {
    let mut query = outbox::table
        .filter(outbox::state.eq("waiting"))
        .filter(outbox::due_at.le(now.naive_utc()))
        .into_boxed();
    query = if of_these {
        query.filter(outbox::kind.eq_any(kinds))
    } else {
        query.filter(outbox::kind.ne_all(kinds))
    };
    if !full.is_empty() {
        query = query.filter(outbox::client_id.is_null().or(outbox::client_id.ne_all(full)));
    }
    if !chosen.is_empty() {
        query = query.filter(outbox::id.ne_all(chosen));
    }
    Ok(query
        .order(outbox::due_at)
        .limit(most)
        .select((
            outbox::id,
            outbox::payload_sealed,
            outbox::due_at,
            outbox::give_up_at,
            outbox::attempts,
            outbox::client_id,
        ))
        .load(conn)?)
}

/// Moves `due_at`, unless another worker did so first.
pub(super) fn postpone(
    conn: &mut Conn,
    id: &str,
    seen: NaiveDateTime,
    until: Timestamp,
) -> Result<bool, DbFault> {
    let row = outbox::table.find(id).filter(outbox::due_at.eq(seen));
    let moved = diesel::update(row.filter(outbox::state.eq("waiting")))
        .set((outbox::due_at.eq(until.naive_utc()), outbox::attempts.eq(outbox::attempts + 1)))
        .repeated()
        .execute(conn)?;
    Ok(moved == 1)
}

pub(super) fn reschedule(conn: &mut Conn, id: &str, due_at: Timestamp) -> Result<(), DbFault> {
    diesel::update(outbox::table.find(id))
        .set(outbox::due_at.eq(due_at.naive_utc()))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn give_up(conn: &mut Conn, id: &str) -> Result<(), DbFault> {
    diesel::update(outbox::table.find(id))
        .set(outbox::state.eq("failed"))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Gives up what is due and of no use any more, but for these kinds; returns how
/// many messages.
pub(super) fn give_up_late(
    conn: &mut Conn,
    kinds: &[&str],
    now: Timestamp,
) -> Result<usize, DbFault> {
    let now = now.naive_utc();
    let due = outbox::table.filter(outbox::state.eq("waiting")).filter(outbox::due_at.le(now));
    let late = due.filter(outbox::give_up_at.le(now)).filter(outbox::kind.ne_all(kinds));
    Ok(diesel::update(late).set(outbox::state.eq("failed")).execute(conn)?)
}

pub(super) fn remove(conn: &mut Conn, id: &str) -> Result<(), DbFault> {
    diesel::delete(outbox::table.find(id)).execute(conn)?;
    Ok(())
}

/// How many messages wait.
pub fn depth(conn: &mut Conn) -> Result<i64, DbFault> {
    Ok(outbox::table.filter(outbox::state.eq("waiting")).count().get_result(conn)?)
}

/// Forgets messages that were given up before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let failed = outbox::table.filter(outbox::state.eq("failed"));
    Ok(diesel::delete(failed.filter(outbox::created_at.lt(until.naive_utc()))).execute(conn)?)
}
