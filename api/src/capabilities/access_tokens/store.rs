//! The table of access tokens that were revoked.

use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, claimed, schema::revoked_tokens},
};

pub(super) fn revoke(conn: &mut Conn, id: &str, until: Timestamp) -> Result<(), DbFault> {
    // Revoking it twice is no fault.
    claimed(conn, |conn| {
        diesel::insert_into(revoked_tokens::table)
            .values((
                revoked_tokens::token_id.eq(id),
                revoked_tokens::expires_at.eq(until.naive_utc()),
            ))
            .repeated()
            .execute(conn)
    })
    .map(drop)
}

pub(super) fn is_revoked(conn: &mut Conn, id: &str) -> Result<bool, DbFault> {
    let found: i64 = revoked_tokens::table.find(id).count().get_result(conn)?;
    Ok(found > 0)
}

/// Forgets tokens that have expired.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let over = revoked_tokens::table.filter(revoked_tokens::expires_at.lt(now.naive_utc()));
    Ok(diesel::delete(over).execute(conn)?)
}
