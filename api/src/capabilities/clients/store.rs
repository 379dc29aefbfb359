//! The tables of clients, their secrets and the assertions they have used.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    tools::db::{
        Conn, DbFault, claimed,
        schema::{client_assertions, client_secrets, clients},
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = clients)]
pub(super) struct Row {
    pub id: String,
    pub metadata: String,
    pub state: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = client_secrets)]
pub(super) struct SecretRow {
    pub id: String,
    pub client_id: String,
    pub secret_hash: String,
    pub created_at: NaiveDateTime,
    pub expires_at: Option<NaiveDateTime>,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> Result<(), DbFault> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(&row.id),
            clients::metadata.eq(&row.metadata),
            clients::state.eq(&row.state),
            clients::created_at.eq(row.created_at),
            clients::updated_at.eq(row.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Row>, DbFault> {
    Ok(clients::table.find(id).first(conn).optional()?)
}

/// Those after a client, by id, which is in the order of their registration.
pub(super) fn list(conn: &mut Conn, after: &str, most: i64) -> Result<Vec<Row>, DbFault> {
    Ok(clients::table.filter(clients::id.gt(after)).order(clients::id).limit(most).load(conn)?)
}

pub(super) fn set_metadata(
    conn: &mut Conn,
    id: &str,
    metadata: &str,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let written = diesel::update(clients::table.find(id))
        .set((clients::metadata.eq(metadata), clients::updated_at.eq(now.naive_utc())))
        .execute(conn)?;
    Ok(written == 1)
}

pub(super) fn set_state(
    conn: &mut Conn,
    id: &str,
    state: &str,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let other = clients::table.find(id).filter(clients::state.ne(state));
    let written = diesel::update(other)
        .set((clients::state.eq(state), clients::updated_at.eq(now.naive_utc())))
        .execute(conn)?;
    Ok(written == 1)
}

pub(super) fn insert_secret(conn: &mut Conn, row: &SecretRow) -> Result<(), DbFault> {
    diesel::insert_into(client_secrets::table)
        .values((
            client_secrets::id.eq(&row.id),
            client_secrets::client_id.eq(&row.client_id),
            client_secrets::secret_hash.eq(&row.secret_hash),
            client_secrets::created_at.eq(row.created_at),
            client_secrets::expires_at.eq(row.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The secrets of a client that hold at `now`, the newest first.
pub(super) fn secrets(
    conn: &mut Conn,
    client: &str,
    now: Timestamp,
) -> Result<Vec<SecretRow>, DbFault> {
    let holds =
        client_secrets::expires_at.is_null().or(client_secrets::expires_at.gt(now.naive_utc()));
    Ok(client_secrets::table
        .filter(client_secrets::client_id.eq(client))
        .filter(holds)
        .order((client_secrets::created_at.desc(), client_secrets::id.desc()))
        .load(conn)?)
}

/// The secrets that hold at `now` of the clients after one and up to another,
/// by client, the newest first.
pub(super) fn secrets_between(
    conn: &mut Conn,
    (after, last): (&str, &str),
    now: Timestamp,
) -> Result<Vec<SecretRow>, DbFault> {
    let holds =
        client_secrets::expires_at.is_null().or(client_secrets::expires_at.gt(now.naive_utc()));
    Ok(client_secrets::table
        .filter(client_secrets::client_id.gt(after))
        .filter(client_secrets::client_id.le(last))
        .filter(holds)
        .order((client_secrets::created_at.desc(), client_secrets::id.desc()))
        .load(conn)?)
}

/// Lets every secret of a client that would hold longer end at `until`.
pub(super) fn expire_secrets(
    conn: &mut Conn,
    client: &str,
    until: Timestamp,
) -> Result<usize, DbFault> {
    let until = until.naive_utc();
    let longer = client_secrets::expires_at.is_null().or(client_secrets::expires_at.gt(until));
    let ending = client_secrets::table.filter(client_secrets::client_id.eq(client)).filter(longer);
    Ok(diesel::update(ending).set(client_secrets::expires_at.eq(Some(until))).execute(conn)?)
}

/// `false` when the assertion was used before.
pub(super) fn use_assertion(
    conn: &mut Conn,
    hash: &str,
    expires_at: Timestamp,
) -> Result<bool, DbFault> {
    claimed(conn, |conn| {
        diesel::insert_into(client_assertions::table)
            .values((
                client_assertions::assertion_hash.eq(hash),
                client_assertions::expires_at.eq(expires_at.naive_utc()),
            ))
            .execute(conn)
    })
}

/// Forgets assertions and secrets whose time is over.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let now = now.naive_utc();
    let assertions = client_assertions::table.filter(client_assertions::expires_at.lt(now));
    let secrets = client_secrets::table.filter(client_secrets::expires_at.lt(now));
    Ok(diesel::delete(assertions).execute(conn)? + diesel::delete(secrets).execute(conn)?)
}
