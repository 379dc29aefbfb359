//! The table of authorization requests.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, schema::authorization_requests},
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = authorization_requests)]
pub struct Row {
    pub request_hash: String,
    pub client_id: String,
    pub parameters_sealed: Vec<u8>,
    pub browser_hash: Option<String>,
    pub created_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
}

pub fn insert(conn: &mut Conn, row: &Row) -> Result<(), DbFault> {
    diesel::insert_into(authorization_requests::table)
        .values((
            authorization_requests::request_hash.eq(&row.request_hash),
            authorization_requests::client_id.eq(&row.client_id),
            authorization_requests::parameters_sealed.eq(&row.parameters_sealed),
            authorization_requests::browser_hash.eq(&row.browser_hash),
            authorization_requests::created_at.eq(row.created_at),
            authorization_requests::expires_at.eq(row.expires_at),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// A request that has not expired.
pub fn find(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<Option<Row>, DbFault> {
    let open = authorization_requests::table
        .find(hash)
        .filter(authorization_requests::expires_at.gt(now.naive_utc()));
    Ok(open.first(conn).optional()?)
}

/// `false` when it was not there: of two that use one request up, one wins.
pub fn remove(conn: &mut Conn, hash: &str) -> Result<bool, DbFault> {
    Ok(diesel::delete(authorization_requests::table.find(hash)).execute(conn)? == 1)
}

/// Forgets requests that have expired.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let expired = authorization_requests::table
        .filter(authorization_requests::expires_at.le(now.naive_utc()));
    Ok(diesel::delete(expired).execute(conn)?)
}
