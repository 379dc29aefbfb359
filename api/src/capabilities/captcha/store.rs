//! The table of open captchas.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Binary, Text, Timestamp as SqlTimestamp},
};

use crate::{
    kernel::Timestamp,
    tools::db::{Conn, DbFault, Repeat, schema::captchas, with_placeholders},
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

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Binary)]
    answer_sealed: Vec<u8>,
}

/// Deletes the row, and returns its answer.
pub(super) fn take(conn: &mut Conn, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, DbFault> {
    let delete = "DELETE FROM captchas WHERE id = $1 AND expires_at > $2 RETURNING answer_sealed";
    let taken: Option<Taken> = sql_query(with_placeholders(conn, delete))
        .bind::<Text, _>(id)
        .bind::<SqlTimestamp, _>(now.naive_utc())
        .repeated()
        .get_result(conn)
        .optional()?;
    Ok(taken.map(|taken| taken.answer_sealed))
}

/// Forgets captchas that nobody answered in time.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    Ok(diesel::delete(captchas::table.filter(captchas::expires_at.le(now.naive_utc())))
        .execute(conn)?)
}
