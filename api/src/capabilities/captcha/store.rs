//! The table of open captchas.

use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, schema::captchas},
};

pub(super) fn insert(
    conn: &mut Conn,
    id: &str,
    answer: &[u8],
    expires_at: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(captchas::table)
        .values((
            captchas::id.eq(id),
            captchas::answer_sealed.eq(answer),
            captchas::expires_at.eq(expires_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn find(conn: &mut Conn, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, DbFault> {
    Ok(captchas::table
        .find(id)
        .filter(captchas::expires_at.gt(now.naive_utc()))
        .select(captchas::answer_sealed)
        .first(conn)
        .optional()?)
}

/// Whether the row was there and is gone now.
pub(super) fn remove(conn: &mut Conn, id: &str) -> Result<bool, DbFault> {
    Ok(diesel::delete(captchas::table.find(id)).execute(conn)? == 1)
}

/// Forgets captchas that nobody answered in time.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(captchas::table.filter(captchas::expires_at.le(now.naive_utc())))
        .execute(conn)?)
}
