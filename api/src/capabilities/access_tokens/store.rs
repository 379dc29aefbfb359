//! The table of access tokens that were revoked.

use diesel::prelude::*;

use crate::{
    capabilities::{clients, grants},
    kernel::Timestamp,
    tools::db::{
        Conn, DbFault, claimed,
        schema::{clients as clients_table, grants as grants_table, revoked_tokens},
    },
};

pub(super) fn revoke(conn: &mut Conn, id: &str, until: Timestamp) -> Result<(), DbFault> {
    // Revoking it twice is no fault.
    claimed(
        conn,
        diesel::insert_into(revoked_tokens::table).values((
            revoked_tokens::token_id.eq(id),
            revoked_tokens::expires_at.eq(until.naive_utc()),
        )),
    )
    .map(drop)
}

/// A client, the grant when it is that client's, and the token when it was
/// revoked.
type Found = (clients::Row, Option<grants::Row>, Option<String>);

/// What decides whether a token is good, in one query: every use of a token asks.
pub(super) fn find(
    conn: &mut Conn,
    (client, grant): (&str, &str),
    token: &str,
) -> Result<Option<Found>, DbFault> {
    let of_client =
        grants_table::id.eq(grant.to_owned()).and(grants_table::client_id.eq(clients_table::id));
    Ok(clients_table::table
        .left_join(grants_table::table.on(of_client))
        .left_join(revoked_tokens::table.on(revoked_tokens::token_id.eq(token.to_owned())))
        .filter(clients_table::id.eq(client.to_owned()))
        .select((
            clients_table::all_columns,
            grants_table::all_columns.nullable(),
            revoked_tokens::token_id.nullable(),
        ))
        .first(conn)
        .optional()?)
}

/// Forgets tokens that have expired.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let over = revoked_tokens::table.filter(revoked_tokens::expires_at.lt(now.naive_utc()));
    Ok(diesel::delete(over).execute(conn)?)
}
