//! The table of codes.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::{Timestamp, ids::FlowId},
    tools::db::{Conn, DbFault, Repeat, schema::otp_challenges},
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = otp_challenges)]
pub(super) struct Row {
    pub id: String,
    pub purpose: String,
    pub flow_id: String,
    pub phone_index: String,
    pub state: String,
    pub code_hash: Option<String>,
    pub wrong_tries: i32,
    pub requested_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
}

const OPEN: [&str; 2] = ["requested", "sent"];

pub(super) fn insert(conn: &mut Conn, row: &Row) -> Result<(), DbFault> {
    diesel::insert_into(otp_challenges::table).values(row).repeated().execute(conn)?;
    Ok(())
}

pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Row>, DbFault> {
    Ok(otp_challenges::table.find(id).first(conn).optional()?)
}

pub(super) fn newest(conn: &mut Conn, flow: &str, purpose: &str) -> Result<Option<Row>, DbFault> {
    Ok(otp_challenges::table
        .filter(otp_challenges::flow_id.eq(flow))
        .filter(otp_challenges::purpose.eq(purpose))
        .order(otp_challenges::requested_at.desc())
        .first(conn)
        .optional()?)
}

/// Only the newest code of a flow is any good.
pub(super) fn kill_open(conn: &mut Conn, flow: &str, purpose: &str) -> Result<(), DbFault> {
    let open = otp_challenges::table
        .filter(otp_challenges::flow_id.eq(flow))
        .filter(otp_challenges::purpose.eq(purpose))
        .filter(otp_challenges::state.eq_any(OPEN));
    diesel::update(open).set(otp_challenges::state.eq("dead")).repeated().execute(conn)?;
    Ok(())
}

pub(super) fn draw(
    conn: &mut Conn,
    id: &str,
    hash: &str,
    expires_at: Timestamp,
) -> Result<bool, DbFault> {
    let open = otp_challenges::table.find(id).filter(otp_challenges::state.eq_any(OPEN));
    let drawn = diesel::update(open)
        .set((
            otp_challenges::state.eq("sent"),
            otp_challenges::code_hash.eq(Some(hash)),
            otp_challenges::expires_at.eq(expires_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(drawn == 1)
}

/// Notes whose phone a challenge turned out to be for; `false` when that was
/// noted before.
pub(super) fn address(conn: &mut Conn, id: &str, phone_index: &str) -> Result<bool, DbFault> {
    let row = otp_challenges::table.find(id).filter(otp_challenges::phone_index.eq(""));
    let noted = diesel::update(row)
        .set(otp_challenges::phone_index.eq(phone_index))
        .repeated()
        .execute(conn)?;
    Ok(noted == 1)
}

pub(super) fn use_up(conn: &mut Conn, id: &str) -> Result<bool, DbFault> {
    let sent = otp_challenges::table.find(id).filter(otp_challenges::state.eq("sent"));
    Ok(diesel::update(sent).set(otp_challenges::state.eq("used")).repeated().execute(conn)? == 1)
}

/// Counts a wrong try in one statement; the last one kills the code. `false`
/// when another request has killed or used it meanwhile.
pub(super) fn count_wrong(conn: &mut Conn, id: &str, most: i32) -> Result<bool, DbFault> {
    let open = otp_challenges::table
        .find(id)
        .filter(otp_challenges::state.eq_any(OPEN))
        .filter(otp_challenges::wrong_tries.lt(most));
    let counted = diesel::update(open)
        .set(otp_challenges::wrong_tries.eq(otp_challenges::wrong_tries + 1))
        .repeated()
        .execute(conn)?;
    let spent = otp_challenges::table.find(id).filter(otp_challenges::wrong_tries.ge(most));
    diesel::update(spent).set(otp_challenges::state.eq("dead")).repeated().execute(conn)?;
    Ok(counted == 1)
}

/// Erases the codes of a flow.
pub fn erase(conn: &mut Conn, flow: FlowId) -> Result<(), DbFault> {
    let own = otp_challenges::table.filter(otp_challenges::flow_id.eq(flow.to_string()));
    diesel::delete(own).execute(conn)?;
    Ok(())
}

/// Forgets codes that expired before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(
        otp_challenges::table.filter(otp_challenges::expires_at.lt(until.naive_utc())),
    )
    .execute(conn)?)
}
