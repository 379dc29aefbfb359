//! The table of counters.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::Rule;
use crate::{
    db::{Conn, DbFault, claimed, schema::limits},
    kernel::Timestamp,
};

/// Counts one use; `Some(seconds)` when there is none left.
///
/// Each step is one statement whose row count decides, so two requests at the
/// same time cannot both take the last use.
pub(super) fn charge(
    conn: &mut Conn,
    key: &str,
    rule: Rule,
    now: Timestamp,
) -> Result<Option<i64>, DbFault> {
    if rule.most == 0 {
        return Ok(Some(rule.window_seconds.into()));
    }
    let ends_at = (now + TimeDelta::seconds(rule.window_seconds.into())).naive_utc();
    let now = now.naive_utc();
    let row = limits::table.find(key);
    let use_one = |conn: &mut Conn| {
        let left = limits::used.lt(i64::from(rule.most));
        diesel::update(row.filter(limits::window_ends_at.gt(now)).filter(left))
            .set(limits::used.eq(limits::used + 1))
            .execute(conn)
    };
    if use_one(conn)? == 1 {
        return Ok(None);
    }
    let restarted = diesel::update(row.filter(limits::window_ends_at.le(now)))
        .set((limits::used.eq(1), limits::window_ends_at.eq(ends_at)))
        .execute(conn)?;
    if restarted == 1 {
        return Ok(None);
    }
    let first = claimed(conn, |conn| {
        diesel::insert_into(limits::table)
            .values((
                limits::subject.eq(key),
                limits::used.eq(1),
                limits::window_ends_at.eq(ends_at),
            ))
            .execute(conn)
    })?;
    // Somebody else may have begun the count this very moment.
    if first || use_one(conn)? == 1 {
        return Ok(None);
    }
    Ok(Some(seconds_left(conn, key, now)?.unwrap_or(1)))
}

/// Uncounts one use.
pub(super) fn refund(conn: &mut Conn, key: &str) -> Result<(), DbFault> {
    diesel::update(limits::table.find(key).filter(limits::used.gt(0)))
        .set(limits::used.eq(limits::used - 1))
        .execute(conn)?;
    Ok(())
}

/// `Some(seconds)` when there is no use left.
pub(super) fn peek(
    conn: &mut Conn,
    key: &str,
    rule: Rule,
    now: Timestamp,
) -> Result<Option<i64>, DbFault> {
    if rule.most == 0 {
        return Ok(Some(rule.window_seconds.into()));
    }
    let now = now.naive_utc();
    let spent: i64 = limits::table
        .find(key)
        .filter(limits::window_ends_at.gt(now))
        .filter(limits::used.ge(i64::from(rule.most)))
        .count()
        .get_result(conn)?;
    if spent == 0 { Ok(None) } else { Ok(Some(seconds_left(conn, key, now)?.unwrap_or(1))) }
}

/// How often a rule was used in the window that runs now.
pub(super) fn used(conn: &mut Conn, key: &str, now: Timestamp) -> Result<i64, DbFault> {
    let running = limits::table.find(key).filter(limits::window_ends_at.gt(now.naive_utc()));
    Ok(running.select(limits::used).first(conn).optional()?.unwrap_or(0))
}

pub(super) fn seconds_left(
    conn: &mut Conn,
    key: &str,
    now: NaiveDateTime,
) -> Result<Option<i64>, DbFault> {
    let ends_at: Option<NaiveDateTime> =
        limits::table.find(key).select(limits::window_ends_at).first(conn).optional()?;
    Ok(ends_at.map(|ends_at| (ends_at - now).num_seconds().max(0) + 1))
}

/// Forgets counters whose window is over.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(limits::table.filter(limits::window_ends_at.le(now.naive_utc())))
        .execute(conn)?)
}
