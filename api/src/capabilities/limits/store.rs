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
    tools::db::{Conn, DbFault, Repeat, schema::limits, with_placeholders},
};

/// A counter whose window runs.
#[derive(Queryable)]
pub(super) struct Running {
    pub subject: String,
    pub used: i64,
    window_ends_at: NaiveDateTime,
}

impl Running {
    /// Seconds until the count starts anew.
    pub fn seconds_left(&self, now: NaiveDateTime) -> i64 {
        seconds_until(self.window_ends_at, now)
    }
}

fn seconds_until(end: NaiveDateTime, now: NaiveDateTime) -> i64 {
    (end - now).num_seconds().max(0) + 1
}

#[derive(QueryableByName)]
struct Charged {
    #[diesel(sql_type = Text)]
    subject: String,
}

/// Counts one use of each rule, whose keys are in order and each of them once;
/// returns the keys of those that had a use left.
///
/// One statement, whose answer decides: two requests at the same time cannot both
/// take the last use, and wait for each other in the order of the keys. And it is
/// the same one whether a subject was counted before or not: nobody learns from
/// the time it takes that a phone is one that has had messages.
pub(super) fn charge(
    conn: &mut Conn,
    keyed: &[(String, Rule)],
    now: Timestamp,
) -> Result<Vec<String>, DbFault> {
    let keyed: Vec<_> = keyed.iter().filter(|(_, rule)| rule.most > 0).collect();
    if keyed.is_empty() {
        return Ok(Vec::new());
    }
    // $1 is the moment; each rule has three more. At most four rules are charged
    // together, so that few texts are kept prepared.
    let places: Vec<usize> = (0..keyed.len()).map(|position| 2 + 3 * position).collect();
    let rows: Vec<String> = places.iter().map(|at| format!("(${at}, 1, ${})", at + 1)).collect();
    let most: Vec<String> =
        places.iter().map(|at| format!("WHEN ${at} THEN ${}", at + 2)).collect();
    let statement = format!(
        "INSERT INTO limits (subject, used, window_ends_at) VALUES {} \
         ON CONFLICT (subject) DO UPDATE SET \
         used = CASE WHEN limits.window_ends_at <= $1 THEN 1 ELSE limits.used + 1 END, \
         window_ends_at = CASE WHEN limits.window_ends_at <= $1 \
         THEN excluded.window_ends_at ELSE limits.window_ends_at END \
         WHERE limits.window_ends_at <= $1 OR limits.used < CASE limits.subject {} END \
         RETURNING subject",
        rows.join(", "),
        most.join(" "),
    );
    let mut query = sql_query(with_placeholders(conn, &statement))
        .into_boxed::<<Conn as Connection>::Backend>()
        .bind::<SqlTimestamp, _>(now.naive_utc());
    for (key, rule) in keyed {
        let ends_at = now + TimeDelta::seconds(rule.window_seconds.into());
        query = query
            .bind::<Text, _>(key.as_str())
            .bind::<SqlTimestamp, _>(ends_at.naive_utc())
            .bind::<BigInt, _>(i64::from(rule.most));
    }
    let charged: Vec<Charged> = query.repeated().load(conn)?;
    Ok(charged.into_iter().map(|one| one.subject).collect())
}

/// Uncounts one use.
pub(super) fn refund(conn: &mut Conn, key: &str) -> Result<(), DbFault> {
    diesel::update(limits::table.find(key).filter(limits::used.gt(0)))
        .set(limits::used.eq(limits::used - 1))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Those of the counters whose window runs.
pub(super) fn running(
    conn: &mut Conn,
    keys: &[String],
    now: NaiveDateTime,
) -> Result<Vec<Running>, DbFault> {
    Ok(limits::table
        .filter(limits::subject.eq_any(keys))
        .filter(limits::window_ends_at.gt(now))
        .select((limits::subject, limits::used, limits::window_ends_at))
        .load(conn)?)
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
    Ok(ends_at.map(|ends_at| seconds_until(ends_at, now)))
}

/// Forgets counters whose window is over.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(limits::table.filter(limits::window_ends_at.le(now.naive_utc())))
        .execute(conn)?)
}
