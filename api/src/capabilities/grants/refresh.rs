//! Refresh tokens of clients: rotated at each use; one that comes twice takes
//! its grant with it (RFC 9700 §4.14.2).

use super::{Grant, live, refresh_lifetime, store};
use crate::{
    capabilities::{
        clients::Client,
        core::{Tx, corrupt},
    },
    kernel::Timestamp,
    tools::{
        crypto::{Place, blind::token_hash},
        db::{Conn, DbFault},
    },
};

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// It is used up now; the grant lives.
    Once(Box<Grant>),
    /// It was used before: somebody has a copy, so its grant is to be ended.
    Again(Box<Grant>),
    /// Unknown or expired, another client's, or its grant has ended.
    Invalid,
}

/// Makes a refresh token for a grant; only its hash is kept. An offline grant
/// lives on with it.
pub fn issue_refresh(tx: &mut Tx<'_>, grant: &Grant, client: &Client) -> Result<String, DbFault> {
    let clear = tx.core.random_token()?;
    let longest = tx.now + refresh_lifetime(tx.core, client);
    let expires_at = if grant.offline { longest } else { longest.min(grant.expires_at) };
    let id = grant.id.to_string();
    store::insert_refresh(tx.conn, (&token_hash(&clear), &id), expires_at)?;
    if grant.offline {
        store::prolong(tx.conn, &id, expires_at)?;
    }
    Ok(clear)
}

/// The grant of a client's refresh token that can be used, without using it,
/// and when the token expires.
pub fn peek_refresh(
    conn: &mut Conn,
    (token, client): (&str, &Client),
    now: Timestamp,
) -> Result<Option<(Grant, Timestamp)>, DbFault> {
    let found = find(conn, (token, client), now)?;
    let usable = found.filter(|(_, row, _)| row.used_at.is_none() && !row.is_over(now));
    Ok(usable.map(|(grant, row, _)| (grant, row.expires_at.and_utc())))
}

/// The live grant of a client's refresh token that is not over, used or not:
/// whoever wants to end it may have lost the answer to its last use.
pub fn of_refresh(
    conn: &mut Conn,
    (token, client): (&str, &Client),
    now: Timestamp,
) -> Result<Option<Grant>, DbFault> {
    let found = find(conn, (token, client), now)?.filter(|(_, row, _)| !row.is_over(now));
    Ok(found.map(|(grant, ..)| grant))
}

/// The live grant that a refresh token hangs on, when it is the client's; the
/// token's row, and its hash.
fn find(
    conn: &mut Conn,
    (token, client): (&str, &Client),
    now: Timestamp,
) -> Result<Option<(Grant, store::RefreshRow, String)>, DbFault> {
    let hash = token_hash(token);
    let Some(row) = store::find_refresh(conn, &hash)? else { return Ok(None) };
    let bad = || corrupt(Place { table: "grant_refresh_tokens", column: "grant_id", row: &hash });
    let id = row.grant_id.parse().map_err(|_| bad())?;
    let grant = live(conn, id, now)?.filter(|grant| grant.client == client.id);
    Ok(grant.map(|grant| (grant, row, hash)))
}

/// Uses a client's refresh token up. Ending the grant when it is used again is
/// for the caller.
pub fn refresh(
    conn: &mut Conn,
    (token, client): (&str, &Client),
    now: Timestamp,
) -> Result<Refreshed, DbFault> {
    let found = find(conn, (token, client), now)?;
    let Some((grant, _, hash)) = found.filter(|(_, row, _)| !row.is_over(now)) else {
        return Ok(Refreshed::Invalid);
    };
    // Of two requests with one token only one marks it as used.
    if !store::use_refresh(conn, &hash, now)? {
        return Ok(Refreshed::Again(Box::new(grant)));
    }
    Ok(Refreshed::Once(Box::new(grant)))
}
