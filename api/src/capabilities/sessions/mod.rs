//! Sessions: a signed-in browser (cookie) or app (access and refresh token).
//!
//! The session row is the truth: ending it ends its cookie, its refresh tokens
//! and, because every request looks it up, its access tokens at once.

pub mod http;
mod store;

use chrono::TimeDelta;
use subtle::ConstantTimeEq;

use crate::{
    capabilities::{
        core::{Core, Ctx, Tx, corrupt},
        grants,
    },
    kernel::{
        Timestamp,
        ids::{AccountId, SessionId, TokenId},
    },
    tools::{
        crypto::{
            Place, SigningAlg,
            blind::token_hash,
            signing::{AccessClaims, Expected},
        },
        db::{Conn, DbFault},
        web::{Problem, ProblemCode},
    },
};

pub use http::{MaybeSignedIn, SignedIn, of_browser};
pub use store::purge;

/// Whom access tokens are for.
const AUDIENCE: &str = "shiming-api";
/// What access tokens are (RFC 9068 §2.1).
const TOKEN_TYPE: &str = "at+jwt";
/// How stale `last_seen_at` may get before it is written again: a write for
/// every request would cost more than it tells.
const SEEN_EVERY: TimeDelta = TimeDelta::seconds(60);

/// What signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A browser, by cookie.
    Browser,
    /// An app, by tokens.
    App,
}

impl Kind {
    /// The name that is stored and shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::App => "app",
        }
    }
}

/// A session of an account.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, which is no secret.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// What signed in.
    pub kind: Kind,
    /// What the browser or app said it is.
    pub device: Option<String>,
    /// Where from, coarsely.
    pub ip_prefix: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When the password was entered last.
    pub password_at: Timestamp,
}

impl Session {
    /// Until when what needs a password can be done without entering it again.
    pub fn password_fresh_until(&self, core: &Core) -> Timestamp {
        let fresh = core.settings.account.password_fresh_minutes;
        self.password_at + TimeDelta::minutes(fresh.into())
    }

    /// Refuses what needs a password that was entered a short while ago.
    pub fn require_fresh_password(&self, core: &Core, now: Timestamp) -> Result<(), Problem> {
        if now < self.password_fresh_until(core) {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::PasswordNeeded))
    }
}

/// A new browser session and the value of its cookie.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Session,
    /// `<id>.<secret>`; only its hash is stored.
    pub cookie: String,
}

/// The tokens of an app.
#[derive(Debug)]
pub struct Tokens {
    /// JWT, for `Authorization: Bearer`.
    pub access: String,
    /// Seconds the access token lives.
    pub access_seconds: i64,
    /// For one use.
    pub refresh: String,
    /// Seconds the refresh token lives.
    pub refresh_seconds: i64,
    /// The session.
    pub session: SessionId,
}

fn new_session(
    tx: &Tx<'_>,
    account: AccountId,
    kind: Kind,
    device: Option<String>,
) -> Result<Session, DbFault> {
    let settings = &tx.core.settings.sessions;
    let lifetime = match kind {
        Kind::Browser => TimeDelta::hours(settings.absolute_hours.into()),
        Kind::App => TimeDelta::days(settings.refresh_token_days.into()),
    };
    Ok(Session {
        id: SessionId::new(tx.now, &*tx.core.entropy)?,
        account,
        kind,
        device,
        ip_prefix: tx.origin.coarse_address(),
        created_at: tx.now,
        last_seen_at: tx.now,
        expires_at: tx.now + lifetime,
        password_at: tx.now,
    })
}

/// Opens a browser session, or the one of the same account that the browser has
/// already anew: with another secret and from now on, but under the same id, so
/// that what was granted in it still ends with it.
pub fn open_browser(
    tx: &mut Tx<'_>,
    account: AccountId,
    had: Option<Session>,
) -> Result<Opened, DbFault> {
    let device = tx.origin.device().map(str::to_owned);
    let session = new_session(tx, account, Kind::Browser, device)?;
    let secret = tx.core.random_token()?;
    let hash = token_hash(&secret);
    if let Some(had) = had.filter(|had| had.account == account && had.kind == Kind::Browser) {
        let renewed = Session { id: had.id, created_at: had.created_at, ..session.clone() };
        if store::renew(tx.conn, &renewed, &hash)? {
            return Ok(Opened { cookie: format!("{}.{secret}", renewed.id), session: renewed });
        }
        // It was ended meanwhile, with all that hangs on it.
    }
    store::insert(tx.conn, &session, &hash)?;
    Ok(Opened { cookie: format!("{}.{secret}", session.id), session })
}

/// Opens an app session and issues its first tokens.
pub fn open_app(
    tx: &mut Tx<'_>,
    account: AccountId,
    device: Option<String>,
) -> Result<Tokens, DbFault> {
    let session = new_session(tx, account, Kind::App, device)?;
    // Apps prove themselves by tokens; nothing matches an empty hash.
    store::insert(tx.conn, &session, "")?;
    issue_tokens(tx, session.id, account)
}

fn issue_tokens(
    tx: &mut Tx<'_>,
    session: SessionId,
    account: AccountId,
) -> Result<Tokens, DbFault> {
    let settings = &tx.core.settings.sessions;
    let access_seconds = i64::from(settings.access_token_minutes) * 60;
    let refresh_for = TimeDelta::days(settings.refresh_token_days.into());
    let refresh = tx.core.random_token()?;
    store::insert_refresh(tx.conn, &token_hash(&refresh), session, tx.now + refresh_for)?;
    store::prolong(tx.conn, session, tx.now, tx.now + refresh_for)?;
    let claims = AccessClaims {
        iss: tx.core.settings.server.public_url.clone(),
        aud: AUDIENCE.into(),
        sub: account.to_string(),
        sid: session.to_string(),
        jti: TokenId::new(tx.now, &*tx.core.entropy)?.to_string(),
        iat: tx.now.timestamp(),
        exp: tx.now.timestamp() + access_seconds,
    };
    Ok(Tokens {
        access: tx
            .core
            .keyring
            .with_tokens(|keys| keys.sign((SigningAlg::EdDSA, TOKEN_TYPE), &claims, tx.now))?,
        access_seconds,
        refresh,
        refresh_seconds: refresh_for.num_seconds(),
        session,
    })
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// New tokens; the old refresh token is used up.
    Tokens(Tokens),
    /// Unknown, expired, or its session has ended.
    Invalid,
    /// It was used before: somebody has a copy, so the session was ended.
    Reused(SessionId, AccountId),
}

/// Trades a refresh token for new tokens (RFC 9700 §4.14.2: rotation).
pub fn refresh(tx: &mut Tx<'_>, token: &str) -> Result<Refreshed, DbFault> {
    let hash = token_hash(token);
    let Some(found) = store::find_refresh(tx.conn, &hash)? else { return Ok(Refreshed::Invalid) };
    let Some(session) = live(tx, &found.session_id)? else {
        return Ok(Refreshed::Invalid);
    };
    if found.expires_at <= tx.now.naive_utc() {
        return Ok(Refreshed::Invalid);
    }
    // Of two requests with one token only one marks it as used.
    if !store::use_refresh(tx.conn, &hash, tx.now)? {
        store::end(tx.conn, &session.id.to_string(), tx.now)?;
        return Ok(Refreshed::Reused(session.id, session.account));
    }
    issue_tokens(tx, session.id, session.account).map(Refreshed::Tokens)
}

/// The live session with this id, as long as it is neither ended nor expired
/// nor (for a browser) left alone for too long.
fn live(tx: &mut Tx<'_>, id: &str) -> Result<Option<Session>, DbFault> {
    let idle = TimeDelta::minutes(tx.core.settings.sessions.idle_minutes.into());
    let Some(row) = store::find(tx.conn, id)? else { return Ok(None) };
    let session = row.session()?;
    let idle_over = session.kind == Kind::Browser && session.last_seen_at + idle <= tx.now;
    Ok((session.expires_at > tx.now && !idle_over).then_some(session))
}

/// The session that a cookie opens.
pub fn by_cookie(tx: &mut Tx<'_>, cookie: &str) -> Result<Option<Session>, DbFault> {
    let Some((id, secret)) = cookie.split_once('.') else { return Ok(None) };
    // PostgreSQL takes no text with a NUL, which a cookie may hold.
    if id.parse::<SessionId>().is_err() {
        return Ok(None);
    }
    let Some(row) = store::find(tx.conn, id)? else { return Ok(None) };
    let right: bool = token_hash(secret).as_bytes().ct_eq(row.secret_hash.as_bytes()).into();
    if right { live(tx, id) } else { Ok(None) }
}

/// The session that an access token names.
pub fn by_access_token(tx: &mut Tx<'_>, token: &str) -> Result<Option<Session>, DbFault> {
    let issuer = &tx.core.settings.server.public_url;
    let expected = Expected { typ: TOKEN_TYPE, issuer, audience: Some(AUDIENCE), expired: false };
    let claims =
        tx.core.keyring.with_tokens(|keys| keys.verify::<AccessClaims>(token, &expected, tx.now));
    let Some(claims) = claims else { return Ok(None) };
    let session = live(tx, &claims.sid)?;
    Ok(session.filter(|session| session.account.to_string() == claims.sub))
}

/// Whether it is time to note that the session was used.
pub fn is_stale(session: &Session, now: Timestamp) -> bool {
    session.last_seen_at + SEEN_EVERY <= now
}

/// Notes that the session was used.
pub fn touch(conn: &mut Conn, session: &Session, now: Timestamp) -> Result<(), DbFault> {
    store::touch(conn, &session.id.to_string(), now)
}

/// The live sessions of an account, the newest first.
pub fn list(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Session>, DbFault> {
    let idle = TimeDelta::minutes(tx.core.settings.sessions.idle_minutes.into());
    let rows = store::live_of(tx.conn, account, tx.now, tx.now - idle)?;
    rows.into_iter().map(store::Row::session).collect()
}

/// Ends a session of `account` and what hangs on it; `false` when it has none
/// with this id. Ring [`Core::outbox_bell`] after it: clients are told.
pub fn end(tx: &mut Tx<'_>, account: AccountId, id: SessionId) -> Result<bool, DbFault> {
    let ended = store::end_of(tx.conn, account, &id.to_string(), tx.now)?;
    if ended {
        grants::end_of_session(tx, id)?;
    }
    Ok(ended)
}

/// Sessions looked for at a time.
const AT_ONCE: i64 = 500;

/// Ends the sessions of browsers that were left alone for too long, or are over,
/// and what hangs on them; returns how many. Nobody can use them any more, but
/// clients are to be told, and grants to end.
pub async fn end_idle(ctx: &Ctx) -> Result<usize, DbFault> {
    let ctx = &ctx.later();
    let left_at = ctx.now - TimeDelta::minutes(ctx.core.settings.sessions.idle_minutes.into());
    let mut ended = 0;
    loop {
        let found = ctx.read(move |tx| store::idle(tx.conn, left_at, AT_ONCE)).await?;
        let (looked, before) = (found.len(), ended);
        for id in found {
            // One transaction each: whoever ends several in one might wait in a
            // circle with somebody who ends all of an account.
            let end = move |tx: &mut Tx<'_>| -> Result<bool, DbFault> {
                let over = store::end_idle(tx.conn, &id, (left_at, tx.now))?;
                if over {
                    let bad = || corrupt(Place { table: "sessions", column: "id", row: &id });
                    let id = id.parse().map_err(|_| bad())?;
                    grants::end_of_session(tx, id)?;
                }
                Ok(over)
            };
            match ctx.write(end).await {
                Ok(over) => ended += usize::from(over),
                Err(fault) => tracing::error!(%fault, "an idle session was not ended"),
            }
        }
        // What cannot be ended is found again: by the next round, not by this one.
        if looked < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) || ended == before {
            break;
        }
    }
    Ok(ended)
}

/// Ends every session of `account`, except one when it is named, and every
/// sign-in to a client but those of that session: the password is another, and
/// who knew the old one must be out everywhere.
pub fn end_all(
    tx: &mut Tx<'_>,
    account: AccountId,
    except: Option<SessionId>,
) -> Result<usize, DbFault> {
    let ended = store::end_all(tx.conn, account, except, tx.now)?;
    grants::end_of_account(tx, account, except)?;
    Ok(ended)
}

/// Holds a session to the end of the transaction; `false` when it was ended
/// after the request had found it alive. To be asked last: whoever ends
/// sessions touches their rows last, too, so that nobody waits in a circle.
pub fn hold(conn: &mut Conn, session: &Session, now: Timestamp) -> Result<bool, DbFault> {
    store::hold(conn, &session.id.to_string(), now)
}

/// Every session of an account that has not been forgotten yet, the newest
/// first, and when it was ended.
pub fn held(
    conn: &mut Conn,
    account: AccountId,
) -> Result<Vec<(Session, Option<Timestamp>)>, DbFault> {
    let with_end = |row: store::Row| {
        let ended_at = row.ended_at.map(|at| at.and_utc());
        row.session().map(|session| (session, ended_at))
    };
    store::of_account(conn, account)?.into_iter().map(with_end).collect()
}

/// Notes that the password was entered in a session.
pub fn password_entered(
    conn: &mut Conn,
    session: SessionId,
    now: Timestamp,
) -> Result<(), DbFault> {
    store::password_entered(conn, session, now)
}

/// Erases the sessions of an account, with their tokens, and ends every sign-in
/// to a client.
pub fn erase(tx: &mut Tx<'_>, account: AccountId) -> Result<(), DbFault> {
    store::erase(tx.conn, account)?;
    grants::end_of_account(tx, account, None)
}

impl store::Row {
    fn session(self) -> Result<Session, DbFault> {
        let bad = |column| corrupt(Place { table: "sessions", column, row: &self.id });
        Ok(Session {
            id: self.id.parse().map_err(|_| bad("id"))?,
            account: self.account_id.parse().map_err(|_| bad("account_id"))?,
            kind: match self.kind.as_str() {
                "browser" => Kind::Browser,
                "app" => Kind::App,
                _ => return Err(bad("kind")),
            },
            device: self.device,
            ip_prefix: self.ip_prefix,
            created_at: self.created_at.and_utc(),
            last_seen_at: self.last_seen_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
            password_at: self.password_at.and_utc(),
        })
    }
}
