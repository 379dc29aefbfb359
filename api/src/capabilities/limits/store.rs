//! The table of counters.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
};

use super::Rule;
use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, schema::limits},
};

/// Counts one use; `Some(seconds)` when there is none left.
///
/// One statement, whose row count decides: two requests at the same time cannot
/// both take the last use. And it is the same one whether the subject was
/// counted before or not: nobody learns from the time it takes that a phone is
/// one that has had messages.
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
    let sign = match conn {
        Conn::Postgres(_) => '$',
        Conn::Sqlite(_) => '?',
    };
    let counted = sql_query(format!(
        "INSERT INTO limits (subject, used, window_ends_at) VALUES ({sign}1, 1, {sign}2) \
         ON CONFLICT (subject) DO UPDATE SET \
         used = CASE WHEN limits.window_ends_at <= {sign}3 THEN 1 ELSE limits.used + 1 END, \
         window_ends_at = CASE WHEN limits.window_ends_at <= {sign}3 \
         THEN excluded.window_ends_at ELSE limits.window_ends_at END \
         WHERE limits.window_ends_at <= {sign}3 OR limits.used < {sign}4"
    ))
    .bind::<Text, _>(key)
    .bind::<SqlTimestamp, _>(ends_at)
    .bind::<SqlTimestamp, _>(now)
    .bind::<BigInt, _>(i64::from(rule.most))
    .repeated()
    .execute(conn)?;
    if counted == 1 {
        return Ok(None);
    }
    Ok(Some(seconds_left(conn, key, now)?.unwrap_or(1)))
}

/// Uncounts one use.
pub(super) fn refund(conn: &mut Conn, key: &str) -> Result<(), DbFault> {
    diesel::update(limits::table.find(key).filter(limits::used.gt(0)))
        .set(limits::used.eq(limits::used - 1))
        .repeated()
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
