//! The table of chosen questions.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{
        Conn, DbFault, claimed,
        schema::{security_answers, username_claims},
    },
};

#[derive(Queryable)]
pub(super) struct Row {
    pub account_id: String,
    pub questions: String,
    pub wrong_sets: i32,
    pub set_at: NaiveDateTime,
}

type Columns = (
    security_answers::account_id,
    security_answers::questions,
    security_answers::wrong_sets,
    security_answers::set_at,
);

const COLUMNS: Columns = (
    security_answers::account_id,
    security_answers::questions,
    security_answers::wrong_sets,
    security_answers::set_at,
);

pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Row>, DbFault> {
    Ok(security_answers::table.find(id).select(COLUMNS).first(conn).optional()?)
}

/// Two queries in any case. In one that joins, the database would look at the
/// second table for somebody only.
pub(super) fn find_by_username(conn: &mut Conn, index: &str) -> Result<Option<Row>, DbFault> {
    let owner: Option<String> = username_claims::table
        .find(index)
        .select(username_claims::account_id)
        .first(conn)
        .optional()?;
    find(conn, &owner.unwrap_or_default())
}

pub(super) fn replace(
    conn: &mut Conn,
    id: &str,
    (questions, hash): (&str, &str),
    now: Timestamp,
) -> Result<(), DbFault> {
    let values = (
        security_answers::questions.eq(questions),
        security_answers::answers_hash.eq(hash),
        security_answers::wrong_sets.eq(0),
        security_answers::set_at.eq(now.naive_utc()),
    );
    let update = |conn: &mut Conn| {
        diesel::update(security_answers::table.find(id)).set(values).execute(conn)
    };
    if update(conn)? == 1 {
        return Ok(());
    }
    let first = claimed(
        conn,
        diesel::insert_into(security_answers::table).values((
            security_answers::account_id.eq(id),
            values.0,
            values.1,
            values.2,
            values.3,
        )),
    )?;
    // Somebody else may have chosen the first ones this very moment.
    if !first {
        update(conn)?;
    }
    Ok(())
}

pub(super) fn remove(conn: &mut Conn, id: &str) -> Result<bool, DbFault> {
    Ok(diesel::delete(security_answers::table.find(id)).execute(conn)? == 1)
}

/// Counts a wrong set in one statement; `false` when none is left.
pub(super) fn count(conn: &mut Conn, id: &str, most: i32) -> Result<bool, DbFault> {
    let left = security_answers::table.find(id).filter(security_answers::wrong_sets.lt(most));
    let counted = diesel::update(left)
        .set(security_answers::wrong_sets.eq(security_answers::wrong_sets + 1))
        .execute(conn)?;
    Ok(counted == 1)
}

pub(super) fn answers_hash(conn: &mut Conn, id: &str) -> Result<Option<String>, DbFault> {
    Ok(security_answers::table
        .find(id)
        .select(security_answers::answers_hash)
        .first(conn)
        .optional()?)
}

/// Starts the count anew, unless none is left.
pub(super) fn start_anew(conn: &mut Conn, id: &str, most: i32) -> Result<(), DbFault> {
    let left = security_answers::table.find(id).filter(security_answers::wrong_sets.lt(most));
    diesel::update(left).set(security_answers::wrong_sets.eq(0)).execute(conn)?;
    Ok(())
}
