//! The tables of clients, their secrets and the assertions they have used.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamp as SqlTimestamp},
};

use crate::{
    kernel::Timestamp,
    tools::db::{
        Conn, DbFault, Repeat, claimed,
        schema::{client_assertions, client_secrets, clients},
        with_placeholders,
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = clients)]
pub(in crate::capabilities) struct Row {
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

/// A client that wants to prove itself, and one of its secrets.
#[derive(QueryableByName)]
pub(super) struct Applicant {
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    metadata: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    created_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    updated_at: Option<NaiveDateTime>,
    /// Hash of a secret that holds.
    #[diesel(sql_type = Nullable<Text>)]
    pub secret_hash: Option<String>,
    /// When failures are counted anew; `None` while there may be more of them.
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    pub blocked_until: Option<NaiveDateTime>,
}

impl Applicant {
    /// The client, when there is one.
    pub fn row(&self) -> Option<Row> {
        Some(Row {
            id: self.id.clone()?,
            metadata: self.metadata.clone()?,
            state: self.state.clone()?,
            created_at: self.created_at?,
            updated_at: self.updated_at?,
        })
    }
}

/// How failures of clients are counted.
pub(super) struct Failures {
    /// The key of the counter of this client.
    pub of_client: String,
    /// The key of the counter of all clients that there are not.
    pub of_strangers: String,
    /// At most so many.
    pub most: i64,
}

/// A client, once for each secret that holds at `now`, and whether it failed too
/// often. One query, whether there is such a client or not: every request of a
/// client begins with it, and time tells nothing about which clients there are.
pub(super) fn applicant(
    conn: &mut Conn,
    (client, failures): (&str, &Failures),
    now: Timestamp,
) -> Result<Vec<Applicant>, DbFault> {
    let query = with_placeholders(
        conn,
        "SELECT c.id, c.metadata, c.state, c.created_at, c.updated_at, s.secret_hash, \
         l.window_ends_at AS blocked_until FROM (SELECT 1 AS one) AS o \
         LEFT JOIN clients c ON c.id = $1 \
         LEFT JOIN limits l ON l.subject = CASE WHEN c.id IS NULL THEN $2 ELSE $3 END \
         AND l.window_ends_at > $4 AND l.used >= $5 \
         LEFT JOIN client_secrets s ON s.client_id = $1 \
         AND (s.expires_at IS NULL OR s.expires_at > $4)",
    );
    Ok(sql_query(query)
        .bind::<Text, _>(client)
        .bind::<Text, _>(&failures.of_strangers)
        .bind::<Text, _>(&failures.of_client)
        .bind::<SqlTimestamp, _>(now.naive_utc())
        .bind::<BigInt, _>(failures.most)
        .repeated()
        .load(conn)?)
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
    claimed(
        conn,
        diesel::insert_into(client_assertions::table).values((
            client_assertions::assertion_hash.eq(hash),
            client_assertions::expires_at.eq(expires_at.naive_utc()),
        )),
    )
}

/// Forgets assertions and secrets whose time is over.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let now = now.naive_utc();
    let assertions = client_assertions::table.filter(client_assertions::expires_at.lt(now));
    let secrets = client_secrets::table.filter(client_secrets::expires_at.lt(now));
    Ok(diesel::delete(assertions).execute(conn)? + diesel::delete(secrets).execute(conn)?)
}
