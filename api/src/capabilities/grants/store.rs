//! The tables of grants, codes, refresh tokens, consents and subjects.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{Grant, NewCode};
use crate::{
    kernel::Timestamp,
    tools::db::{
        Conn, DbFault, Repeat, claimed,
        schema::{authorization_codes, client_consents, grant_refresh_tokens, grants, subjects},
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = grants)]
pub(in crate::capabilities) struct Row {
    pub id: String,
    pub account_id: String,
    pub client_id: String,
    pub session_id: String,
    pub subject: String,
    pub scopes: String,
    pub claims: Option<String>,
    pub resources: String,
    pub offline: bool,
    pub auth_time: NaiveDateTime,
    pub created_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
}

#[derive(Queryable)]
pub(super) struct CodeRow {
    pub grant_id: String,
    pub redirect_uri: String,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    pub expires_at: NaiveDateTime,
}

#[derive(Queryable)]
pub(super) struct RefreshRow {
    pub grant_id: String,
    pub expires_at: NaiveDateTime,
    pub used_at: Option<NaiveDateTime>,
}

impl RefreshRow {
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now.naive_utc()
    }
}

#[derive(Queryable)]
pub(super) struct ConsentRow {
    pub account_id: String,
    pub client_id: String,
    pub scopes: String,
    pub given_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// Separated by spaces, which no URI has.
fn resources_text(grant: &Grant) -> String {
    let resources: Vec<&str> = grant.resources.iter().map(String::as_str).collect();
    resources.join(" ")
}

pub(super) fn insert(conn: &mut Conn, grant: &Grant) -> Result<(), DbFault> {
    let row = Row {
        id: grant.id.to_string(),
        account_id: grant.account.to_string(),
        client_id: grant.client.to_string(),
        session_id: grant.session.to_string(),
        subject: grant.subject.clone(),
        scopes: grant.scopes.to_string(),
        claims: grant.claims.clone(),
        resources: resources_text(grant),
        offline: grant.offline,
        auth_time: grant.auth_time.naive_utc(),
        created_at: grant.created_at.naive_utc(),
        expires_at: grant.expires_at.naive_utc(),
        ended_at: None,
    };
    diesel::insert_into(grants::table).values(row).repeated().execute(conn)?;
    Ok(())
}

pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Row>, DbFault> {
    Ok(grants::table.find(id).first(conn).optional()?)
}

pub(super) fn of_session(conn: &mut Conn, session: &str) -> Result<Vec<Row>, DbFault> {
    let open =
        grants::table.filter(grants::session_id.eq(session)).filter(grants::ended_at.is_null());
    Ok(open.order(grants::id).load(conn)?)
}

pub(super) fn of_account(conn: &mut Conn, account: &str) -> Result<Vec<Row>, DbFault> {
    let mine = grants::table.filter(grants::account_id.eq(account));
    Ok(mine.order(grants::id.desc()).load(conn)?)
}

/// Each client, and when its newest grant began.
pub(super) fn last_used(
    conn: &mut Conn,
    account: &str,
) -> Result<Vec<(String, Option<NaiveDateTime>)>, DbFault> {
    Ok(grants::table
        .filter(grants::account_id.eq(account))
        .group_by(grants::client_id)
        .select((grants::client_id, diesel::dsl::max(grants::created_at)))
        .load(conn)?)
}

pub(super) fn open_of_account(conn: &mut Conn, account: &str) -> Result<Vec<Row>, DbFault> {
    let open =
        grants::table.filter(grants::account_id.eq(account)).filter(grants::ended_at.is_null());
    Ok(open.order(grants::id).load(conn)?)
}

pub(super) fn prolong(conn: &mut Conn, id: &str, until: Timestamp) -> Result<(), DbFault> {
    diesel::update(grants::table.find(id))
        .set(grants::expires_at.eq(until.naive_utc()))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn end(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, DbFault> {
    let open = grants::table.find(id).filter(grants::ended_at.is_null());
    let ended = diesel::update(open)
        .set(grants::ended_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(ended == 1)
}

pub(super) fn end_of(
    conn: &mut Conn,
    (account, client): (&str, &str),
    now: Timestamp,
) -> Result<usize, DbFault> {
    let open = grants::table
        .filter(grants::account_id.eq(account))
        .filter(grants::client_id.eq(client))
        .filter(grants::ended_at.is_null());
    Ok(diesel::update(open)
        .set(grants::ended_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?)
}

pub(super) fn insert_code(
    conn: &mut Conn,
    (hash, grant): (&str, &str),
    code: &NewCode,
    expires_at: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(authorization_codes::table)
        .values((
            authorization_codes::code_hash.eq(hash),
            authorization_codes::grant_id.eq(grant),
            authorization_codes::redirect_uri.eq(&code.redirect_uri),
            authorization_codes::code_challenge.eq(&code.code_challenge),
            authorization_codes::nonce.eq(&code.nonce),
            authorization_codes::expires_at.eq(expires_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn find_code(conn: &mut Conn, hash: &str) -> Result<Option<CodeRow>, DbFault> {
    let columns = (
        authorization_codes::grant_id,
        authorization_codes::redirect_uri,
        authorization_codes::code_challenge,
        authorization_codes::nonce,
        authorization_codes::expires_at,
    );
    Ok(authorization_codes::table.find(hash).select(columns).first(conn).optional()?)
}

pub(super) fn use_code(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<bool, DbFault> {
    let unused =
        authorization_codes::table.find(hash).filter(authorization_codes::used_at.is_null());
    let used = diesel::update(unused)
        .set(authorization_codes::used_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(used == 1)
}

pub(super) fn insert_refresh(
    conn: &mut Conn,
    (hash, grant): (&str, &str),
    expires_at: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(grant_refresh_tokens::table)
        .values((
            grant_refresh_tokens::token_hash.eq(hash),
            grant_refresh_tokens::grant_id.eq(grant),
            grant_refresh_tokens::expires_at.eq(expires_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn find_refresh(conn: &mut Conn, hash: &str) -> Result<Option<RefreshRow>, DbFault> {
    let columns = (
        grant_refresh_tokens::grant_id,
        grant_refresh_tokens::expires_at,
        grant_refresh_tokens::used_at,
    );
    Ok(grant_refresh_tokens::table.find(hash).select(columns).first(conn).optional()?)
}

pub(super) fn use_refresh(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<bool, DbFault> {
    let unused =
        grant_refresh_tokens::table.find(hash).filter(grant_refresh_tokens::used_at.is_null());
    let used = diesel::update(unused)
        .set(grant_refresh_tokens::used_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(used == 1)
}

pub(super) fn consent(
    conn: &mut Conn,
    account: &str,
    client: &str,
) -> Result<Option<ConsentRow>, DbFault> {
    Ok(client_consents::table.find((account, client)).first(conn).optional()?)
}

pub(super) fn consents(conn: &mut Conn, account: &str) -> Result<Vec<ConsentRow>, DbFault> {
    Ok(client_consents::table
        .filter(client_consents::account_id.eq(account))
        .order(client_consents::updated_at.desc())
        .load(conn)?)
}

/// `false` when there is one already.
pub(super) fn insert_consent(
    conn: &mut Conn,
    (account, client): (&str, &str),
    scopes: &str,
    now: Timestamp,
) -> Result<bool, DbFault> {
    claimed(
        conn,
        diesel::insert_into(client_consents::table).values((
            client_consents::account_id.eq(account),
            client_consents::client_id.eq(client),
            client_consents::scopes.eq(scopes),
            client_consents::given_at.eq(now.naive_utc()),
            client_consents::updated_at.eq(now.naive_utc()),
        )),
    )
}

pub(super) fn update_consent(
    conn: &mut Conn,
    key: (&str, &str),
    scopes: &str,
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(client_consents::table.find(key))
        .set((client_consents::scopes.eq(scopes), client_consents::updated_at.eq(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// A write that changes nothing, because that is what makes others wait for the
/// row; `false` when it is not there.
pub(super) fn hold_consent(conn: &mut Conn, key: (&str, &str)) -> Result<bool, DbFault> {
    let held = diesel::update(client_consents::table.find(key))
        .set(client_consents::client_id.eq(key.1))
        .repeated()
        .execute(conn)?;
    Ok(held == 1)
}

pub(super) fn remove_consent(
    conn: &mut Conn,
    account: &str,
    client: &str,
) -> Result<bool, DbFault> {
    let removed = diesel::delete(client_consents::table.find((account, client))).execute(conn)?;
    Ok(removed == 1)
}

pub(super) fn remove_consents(conn: &mut Conn, account: &str) -> Result<(), DbFault> {
    diesel::delete(client_consents::table.filter(client_consents::account_id.eq(account)))
        .execute(conn)?;
    Ok(())
}

/// The accounts that have consented to a client.
pub(super) fn consenting(conn: &mut Conn, client: &str) -> Result<Vec<String>, DbFault> {
    Ok(client_consents::table
        .filter(client_consents::client_id.eq(client))
        .select(client_consents::account_id)
        .order(client_consents::account_id)
        .load(conn)?)
}

pub(super) fn open_of_client(conn: &mut Conn, client: &str) -> Result<Vec<Row>, DbFault> {
    let open =
        grants::table.filter(grants::client_id.eq(client)).filter(grants::ended_at.is_null());
    Ok(open.order(grants::id).load(conn)?)
}

pub(super) fn claim_subject(
    conn: &mut Conn,
    subject: &str,
    (account, sector): (&str, &str),
) -> Result<bool, DbFault> {
    if find_subject(conn, subject)?.is_some() {
        return Ok(false);
    }
    claimed(
        conn,
        diesel::insert_into(subjects::table).values((
            subjects::subject.eq(subject),
            subjects::account_id.eq(account),
            subjects::sector.eq(sector),
        )),
    )
}

/// Account and sector.
pub(super) fn find_subject(
    conn: &mut Conn,
    subject: &str,
) -> Result<Option<(String, String)>, DbFault> {
    let columns = (subjects::account_id, subjects::sector);
    Ok(subjects::table.find(subject).select(columns).first(conn).optional()?)
}

pub(super) fn subjects_of(
    conn: &mut Conn,
    account: &str,
) -> Result<Vec<(String, String)>, DbFault> {
    Ok(subjects::table
        .filter(subjects::account_id.eq(account))
        .select((subjects::subject, subjects::sector))
        .order(subjects::sector)
        .load(conn)?)
}

pub(super) fn erase(conn: &mut Conn, account: &str) -> Result<(), DbFault> {
    let mine = grants::table.filter(grants::account_id.eq(account));
    let ids: Vec<String> = mine.select(grants::id).load(conn)?;
    // Both databases take only so many values in a statement.
    for ids in ids.chunks(500) {
        let codes = authorization_codes::table.filter(authorization_codes::grant_id.eq_any(ids));
        diesel::delete(codes).execute(conn)?;
        let tokens = grant_refresh_tokens::table.filter(grant_refresh_tokens::grant_id.eq_any(ids));
        diesel::delete(tokens).execute(conn)?;
    }
    diesel::delete(mine).execute(conn)?;
    remove_consents(conn, account)?;
    diesel::delete(subjects::table.filter(subjects::account_id.eq(account))).execute(conn)?;
    Ok(())
}

/// Forgets codes and tokens that have expired before `until`, and grants that
/// ended or expired before `grants_until`: people are shown for longer when they
/// used a system last.
pub fn purge(
    conn: &mut Conn,
    (until, grants_until): (Timestamp, Timestamp),
) -> Result<usize, DbFault> {
    let (until, grants_until) = (until.naive_utc(), grants_until.naive_utc());
    let codes = diesel::delete(
        authorization_codes::table.filter(authorization_codes::expires_at.lt(until)),
    )
    .execute(conn)?;
    let tokens = diesel::delete(
        grant_refresh_tokens::table.filter(grant_refresh_tokens::expires_at.lt(until)),
    )
    .execute(conn)?;
    // Apart, so that each goes by its own index.
    let expired =
        diesel::delete(grants::table.filter(grants::expires_at.lt(grants_until))).execute(conn)?;
    let ended =
        diesel::delete(grants::table.filter(grants::ended_at.lt(grants_until))).execute(conn)?;
    Ok(codes + tokens + expired + ended)
}
