//! The table of cases.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::{Timestamp, ids::AccountId},
    tools::db::{Conn, DbFault, claimed, schema::support_cases},
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = support_cases)]
pub(super) struct Row {
    pub number: String,
    pub account_id: Option<String>,
    pub topic: String,
    pub body_sealed: Vec<u8>,
    pub created_at: NaiveDateTime,
}

#[derive(Queryable)]
pub(super) struct SummaryRow {
    pub number: String,
    pub account_id: Option<String>,
    pub topic: String,
    pub created_at: NaiveDateTime,
}

/// Writes a case; `false` when another one has its number.
pub(super) fn claim(conn: &mut Conn, row: &Row) -> Result<bool, DbFault> {
    claimed(conn, diesel::insert_into(support_cases::table).values(row))
}

pub(super) fn find(conn: &mut Conn, number: &str) -> Result<Option<Row>, DbFault> {
    Ok(support_cases::table.find(number).first(conn).optional()?)
}

pub(super) fn of_account(conn: &mut Conn, account: AccountId) -> Result<Vec<Row>, DbFault> {
    Ok(support_cases::table
        .filter(support_cases::account_id.eq(account.to_string()))
        .order((support_cases::created_at.desc(), support_cases::number))
        .load(conn)?)
}

pub(super) fn summaries(conn: &mut Conn) -> Result<Vec<SummaryRow>, DbFault> {
    Ok(support_cases::table
        .order((support_cases::created_at.desc(), support_cases::number))
        .select((
            support_cases::number,
            support_cases::account_id,
            support_cases::topic,
            support_cases::created_at,
        ))
        .load(conn)?)
}

/// Erases the cases of an account.
pub fn erase(conn: &mut Conn, account: AccountId) -> Result<(), DbFault> {
    let own = support_cases::table.filter(support_cases::account_id.eq(account.to_string()));
    diesel::delete(own).execute(conn)?;
    Ok(())
}

/// Forgets cases from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let old = support_cases::table.filter(support_cases::created_at.lt(until.naive_utc()));
    Ok(diesel::delete(old).execute(conn)?)
}
