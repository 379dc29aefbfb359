//! The tables of sessions and refresh tokens.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::Session;
use crate::{
    kernel::{
        Timestamp,
        ids::{AccountId, SessionId},
    },
    tools::db::{
        Conn, DbFault, Repeat,
        schema::{refresh_tokens, sessions},
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = sessions)]
pub(super) struct Row {
    pub id: String,
    pub account_id: String,
    pub kind: String,
    pub secret_hash: String,
    pub device: Option<String>,
    pub ip_prefix: String,
    pub created_at: NaiveDateTime,
    pub last_seen_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
    pub password_at: NaiveDateTime,
}

#[derive(Queryable)]
pub(super) struct RefreshRow {
    pub session_id: String,
    pub expires_at: NaiveDateTime,
}

pub(super) fn insert(conn: &mut Conn, session: &Session, secret_hash: &str) -> Result<(), DbFault> {
    diesel::insert_into(sessions::table)
        .values(Row {
            id: session.id.to_string(),
            account_id: session.account.to_string(),
            kind: session.kind.code().to_owned(),
            secret_hash: secret_hash.to_owned(),
            device: session.device.clone(),
            ip_prefix: session.ip_prefix.clone(),
            created_at: session.created_at.naive_utc(),
            last_seen_at: session.last_seen_at.naive_utc(),
            expires_at: session.expires_at.naive_utc(),
            ended_at: None,
            password_at: session.password_at.naive_utc(),
        })
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Writes a session anew under its id; `false` when it was ended.
pub(super) fn renew(
    conn: &mut Conn,
    session: &Session,
    secret_hash: &str,
) -> Result<bool, DbFault> {
    let open = sessions::table.find(session.id.to_string()).filter(sessions::ended_at.is_null());
    let renewed = diesel::update(open)
        .set((
            sessions::secret_hash.eq(secret_hash),
            sessions::device.eq(&session.device),
            sessions::ip_prefix.eq(&session.ip_prefix),
            sessions::last_seen_at.eq(session.last_seen_at.naive_utc()),
            sessions::expires_at.eq(session.expires_at.naive_utc()),
            sessions::password_at.eq(session.password_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(renewed == 1)
}

/// A session that was not ended; whether it has expired is for the caller.
pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Row>, DbFault> {
    let open = sessions::table.find(id).filter(sessions::ended_at.is_null());
    Ok(open.first(conn).optional()?)
}

pub(super) fn live_of(
    conn: &mut Conn,
    account: AccountId,
    now: Timestamp,
    browsers_seen_after: Timestamp,
) -> Result<Vec<Row>, DbFault> {
    Ok(sessions::table
        .filter(sessions::account_id.eq(account.to_string()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now.naive_utc()))
        .filter(
            sessions::kind.eq("app").or(sessions::last_seen_at.gt(browsers_seen_after.naive_utc())),
        )
        .order(sessions::created_at.desc())
        .limit(200)
        .load(conn)?)
}

pub(super) fn of_account(conn: &mut Conn, account: AccountId) -> Result<Vec<Row>, DbFault> {
    Ok(sessions::table
        .filter(sessions::account_id.eq(account.to_string()))
        .order(sessions::created_at.desc())
        .load(conn)?)
}

/// A write, because that is what makes others wait for the row.
pub(super) fn hold(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, DbFault> {
    let alive = sessions::table.find(id).filter(sessions::ended_at.is_null());
    let held = diesel::update(alive)
        .set(sessions::last_seen_at.eq(now.naive_utc()))
        .repeated()
        .execute(conn)?;
    Ok(held == 1)
}

pub(super) fn touch(conn: &mut Conn, id: &str, now: Timestamp) -> Result<(), DbFault> {
    diesel::update(sessions::table.find(id))
        .set(sessions::last_seen_at.eq(now.naive_utc()))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn prolong(
    conn: &mut Conn,
    id: SessionId,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(sessions::table.find(id.to_string()))
        .set((
            sessions::last_seen_at.eq(now.naive_utc()),
            sessions::expires_at.eq(until.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn end(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, DbFault> {
    let open = sessions::table.find(id).filter(sessions::ended_at.is_null());
    let ended = diesel::update(open)
        .set(sessions::ended_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(ended == 1)
}

/// Sessions of browsers that nobody has used since `left_at`, the oldest use
/// first. One that reached its absolute end is used no more, and so is found a
/// little later.
pub(super) fn idle(conn: &mut Conn, left_at: Timestamp, most: i64) -> Result<Vec<String>, DbFault> {
    Ok(sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::kind.eq("browser"))
        .filter(sessions::last_seen_at.le(left_at.naive_utc()))
        .order(sessions::last_seen_at)
        .limit(most)
        .select(sessions::id)
        .load(conn)?)
}

/// Ends a session that is still so: it may have been used since it was found.
pub(super) fn end_idle(
    conn: &mut Conn,
    id: &str,
    (left_at, now): (Timestamp, Timestamp),
) -> Result<bool, DbFault> {
    let over = sessions::table
        .find(id)
        .filter(sessions::ended_at.is_null())
        .filter(sessions::last_seen_at.le(left_at.naive_utc()));
    let ended = diesel::update(over)
        .set(sessions::ended_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(ended == 1)
}

pub(super) fn end_of(
    conn: &mut Conn,
    account: AccountId,
    id: &str,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let mine = sessions::table
        .find(id)
        .filter(sessions::account_id.eq(account.to_string()))
        .filter(sessions::ended_at.is_null());
    let ended = diesel::update(mine)
        .set(sessions::ended_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(ended == 1)
}

pub(super) fn end_all(
    conn: &mut Conn,
    account: AccountId,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<usize, DbFault> {
    let kept = except.map(|id| id.to_string()).unwrap_or_default();
    let open = sessions::table
        .filter(sessions::account_id.eq(account.to_string()))
        .filter(sessions::id.ne(kept))
        .filter(sessions::ended_at.is_null());
    Ok(diesel::update(open)
        .set(sessions::ended_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?)
}

pub(super) fn password_entered(
    conn: &mut Conn,
    session: SessionId,
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(sessions::table.find(session.to_string()))
        .set(sessions::password_at.eq(now.naive_utc()))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn erase(conn: &mut Conn, account: AccountId) -> Result<(), DbFault> {
    let mine = sessions::table.filter(sessions::account_id.eq(account.to_string()));
    let ids: Vec<String> = mine.select(sessions::id).load(conn)?;
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(&ids)))
        .execute(conn)?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(&ids))).execute(conn)?;
    Ok(())
}

pub(super) fn insert_refresh(
    conn: &mut Conn,
    hash: &str,
    session: SessionId,
    expires_at: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(hash),
            refresh_tokens::session_id.eq(session.to_string()),
            refresh_tokens::expires_at.eq(expires_at.naive_utc()),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

pub(super) fn find_refresh(conn: &mut Conn, hash: &str) -> Result<Option<RefreshRow>, DbFault> {
    Ok(refresh_tokens::table
        .find(hash)
        .select((refresh_tokens::session_id, refresh_tokens::expires_at))
        .first(conn)
        .optional()?)
}

pub(super) fn use_refresh(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<bool, DbFault> {
    let unused = refresh_tokens::table.find(hash).filter(refresh_tokens::used_at.is_null());
    let used = diesel::update(unused)
        .set(refresh_tokens::used_at.eq(Some(now.naive_utc())))
        .repeated()
        .execute(conn)?;
    Ok(used == 1)
}

/// Forgets sessions that ended or expired before `until`, and tokens that
/// have expired.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let until = until.naive_utc();
    let tokens = diesel::delete(refresh_tokens::table.filter(refresh_tokens::expires_at.lt(until)))
        .execute(conn)?;
    let ended =
        sessions::table.filter(sessions::expires_at.lt(until).or(sessions::ended_at.lt(until)));
    Ok(tokens + diesel::delete(ended).execute(conn)?)
}
