//! Authorization codes (RFC 6749 §4.1.2): for one use, within a minute.

use chrono::TimeDelta;

use super::{Grant, store};
use crate::{
    capabilities::core::Tx,
    kernel::Timestamp,
    tools::{
        crypto::blind::token_hash,
        db::{Conn, DbFault},
    },
};

/// What a code is bound to.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// Where it is sent; the exchange must name the same.
    pub redirect_uri: String,
    /// S256 challenge (RFC 7636).
    pub code_challenge: Option<String>,
    /// For the ID token.
    pub nonce: Option<String>,
}

/// What became of a code.
#[derive(Debug)]
pub enum Redeemed {
    /// It is used up now; the grant lives.
    Once(Box<(Grant, NewCode)>),
    /// It was used before: somebody has a copy, so its grant is to be ended
    /// (RFC 6749 §4.1.2).
    Again(Box<Grant>),
    /// Unknown or expired, or its grant has ended.
    Invalid,
}

/// Makes a code for a grant; only its hash is kept.
pub fn issue_code(tx: &mut Tx<'_>, grant: &Grant, code: &NewCode) -> Result<String, DbFault> {
    let clear = tx.core.random_token()?;
    let expires_at = tx.now + TimeDelta::seconds(tx.core.settings.oauth.code_seconds.into());
    store::insert_code(tx.conn, (&token_hash(&clear), &grant.id.to_string()), code, expires_at)?;
    Ok(clear)
}

/// Uses a code up. Whether client, redirect URI and verifier are right is for
/// the caller, and so is ending the grant when it is used again.
pub fn redeem_code(conn: &mut Conn, code: &str, now: Timestamp) -> Result<Redeemed, DbFault> {
    let hash = token_hash(code);
    let Some(row) = store::find_code(conn, &hash)? else { return Ok(Redeemed::Invalid) };
    let Some(grant) = store::find(conn, &row.grant_id)? else { return Ok(Redeemed::Invalid) };
    let grant = grant.grant()?;
    // Of two requests with one code only one marks it as used.
    if !store::use_code(conn, &hash, now)? {
        return Ok(Redeemed::Again(Box::new(grant)));
    }
    let over = row.expires_at <= now.naive_utc() || grant.expires_at <= now;
    if over || grant.ended_at.is_some() {
        return Ok(Redeemed::Invalid);
    }
    let code = NewCode {
        redirect_uri: row.redirect_uri,
        code_challenge: row.code_challenge,
        nonce: row.nonce,
    };
    Ok(Redeemed::Once(Box::new((grant, code))))
}
