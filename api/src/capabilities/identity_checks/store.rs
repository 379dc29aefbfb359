//! The table of identity checks.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::IdentityCheck;
use crate::{
    kernel::{Timestamp, ids::AccountId},
    tools::db::{Conn, DbFault, Repeat, schema::identity_checks},
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = identity_checks)]
pub(super) struct Row {
    pub id: String,
    pub account_id: Option<String>,
    pub client_id: String,
    pub purpose: String,
    pub matched: bool,
    pub checked_at: NaiveDateTime,
}

pub(super) fn insert(conn: &mut Conn, check: &IdentityCheck) -> Result<(), DbFault> {
    let row = Row {
        id: check.id.to_string(),
        account_id: check.account.map(|id| id.to_string()),
        client_id: check.client.to_string(),
        purpose: check.purpose.clone(),
        matched: check.matched,
        checked_at: check.checked_at.naive_utc(),
    };
    diesel::insert_into(identity_checks::table).values(row).repeated().execute(conn)?;
    Ok(())
}

pub(super) fn list(
    conn: &mut Conn,
    account: &str,
    before: Option<&str>,
    most: i64,
) -> Result<Vec<Row>, DbFault> {
    let mut query =
        identity_checks::table.filter(identity_checks::account_id.eq(account)).into_boxed();
    if let Some(before) = before {
        query = query.filter(identity_checks::id.lt(before));
    }
    Ok(query.order(identity_checks::id.desc()).limit(most).load(conn)?)
}

/// Forgets the checks of an account.
pub fn erase(conn: &mut Conn, account: AccountId) -> Result<(), DbFault> {
    let mine = identity_checks::table.filter(identity_checks::account_id.eq(account.to_string()));
    diesel::delete(mine).execute(conn)?;
    Ok(())
}

/// Forgets checks from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let old = identity_checks::table.filter(identity_checks::checked_at.lt(until.naive_utc()));
    Ok(diesel::delete(old).execute(conn)?)
}
