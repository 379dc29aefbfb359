//! The table of cases.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{Case, place};
use crate::{
    core::{Core, corrupt},
    db::{Conn, DbFault, schema::support_cases},
    kernel::ids::AccountId,
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

pub(super) fn find(conn: &mut Conn, number: &str) -> Result<Option<Row>, DbFault> {
    Ok(support_cases::table.find(number).first(conn).optional()?)
}

pub(super) fn of_account(conn: &mut Conn, account: AccountId) -> Result<Vec<Row>, DbFault> {
    Ok(support_cases::table
        .filter(support_cases::account_id.eq(account.to_string()))
        .order((support_cases::created_at.desc(), support_cases::number))
        .load(conn)?)
}

/// Erases the cases of an account.
pub fn erase(conn: &mut Conn, account: AccountId) -> Result<(), DbFault> {
    let own = support_cases::table.filter(support_cases::account_id.eq(account.to_string()));
    diesel::delete(own).execute(conn)?;
    Ok(())
}

pub(super) fn case(core: &Core, row: Row) -> Result<Case, DbFault> {
    let account = row.account_id.as_deref().map(str::parse).transpose();
    Ok(Case {
        body: core.open_json(place(&row.number), &row.body_sealed)?,
        account: account.map_err(|_| corrupt(place(&row.number)))?,
        created_at: row.created_at.and_utc(),
        number: row.number,
    })
}
