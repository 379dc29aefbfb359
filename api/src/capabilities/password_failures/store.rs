//! The table of wrong passwords.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, claimed, schema::password_failures},
};

#[derive(Queryable)]
struct Row {
    subject: String,
    failures: i64,
    blocked_until: NaiveDateTime,
    forgotten_at: NaiveDateTime,
}

/// A count as it was found.
pub(super) struct Seen {
    pub failures: i64,
    blocked_until: Option<NaiveDateTime>,
    exists: bool,
}

impl Seen {
    /// Seconds until the next try is allowed.
    pub fn blocked_for(&self, now: Timestamp) -> Option<i64> {
        let left = self.blocked_until? - now.naive_utc();
        (left.num_milliseconds() > 0).then(|| left.num_seconds() + 1)
    }
}

/// The counts of these keys, in their order.
pub(super) fn find(conn: &mut Conn, keys: &[&str], now: Timestamp) -> Result<Vec<Seen>, DbFault> {
    let rows: Vec<Row> =
        password_failures::table.filter(password_failures::subject.eq_any(keys)).load(conn)?;
    let row = |key: &str| rows.iter().find(|row| row.subject == key);
    keys.iter().map(|key| seen(conn, (key, row(key)), now)).collect()
}

fn seen(
    conn: &mut Conn,
    (key, row): (&str, Option<&Row>),
    now: Timestamp,
) -> Result<Seen, DbFault> {
    Ok(match row {
        None => Seen { failures: 0, blocked_until: None, exists: false },
        Some(&Row { failures, blocked_until, forgotten_at, .. })
            if forgotten_at > now.naive_utc() =>
        {
            Seen { failures, blocked_until: Some(blocked_until), exists: true }
        }
        // Old enough to be forgotten; the row is used again, unless somebody
        // else did so meanwhile: then his count stands, and ours will not fit.
        Some(_) => {
            let old = password_failures::table
                .find(key)
                .filter(password_failures::forgotten_at.le(now.naive_utc()));
            diesel::update(old).set(password_failures::failures.eq(0)).repeated().execute(conn)?;
            Seen { failures: 0, blocked_until: None, exists: true }
        }
    })
}

/// Writes the new count, unless somebody else has written since it was read.
pub(super) fn count(
    conn: &mut Conn,
    key: &str,
    seen: &Seen,
    (failures, blocked_until, forgotten_at): (i64, Timestamp, Timestamp),
) -> Result<bool, DbFault> {
    let values = (
        password_failures::failures.eq(failures),
        password_failures::blocked_until.eq(blocked_until.naive_utc()),
        password_failures::forgotten_at.eq(forgotten_at.naive_utc()),
    );
    if seen.exists {
        let row = password_failures::table
            .find(key)
            .filter(password_failures::failures.eq(seen.failures));
        return Ok(diesel::update(row).set(values).repeated().execute(conn)? == 1);
    }
    claimed(
        conn,
        diesel::insert_into(password_failures::table).values((
            password_failures::subject.eq(key),
            values.0,
            values.1,
            values.2,
        )),
    )
}

pub(super) fn clear(conn: &mut Conn, key: &str) -> Result<(), DbFault> {
    diesel::delete(password_failures::table.find(key)).execute(conn)?;
    Ok(())
}

pub(super) fn take_back(conn: &mut Conn, key: &str) -> Result<(), DbFault> {
    let counted = password_failures::table.find(key).filter(password_failures::failures.gt(0));
    diesel::update(counted)
        .set(password_failures::failures.eq(password_failures::failures - 1))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Forgets counts that are old enough.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let old = password_failures::table.filter(password_failures::forgotten_at.le(now.naive_utc()));
    Ok(diesel::delete(old).execute(conn)?)
}
