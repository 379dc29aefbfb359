//! What people have let clients see, and each of their sign-ins to one.
//!
//! A consent says which scopes a person has granted to a client. A grant is
//! one sign-in to a client; its code, its refresh tokens and its access tokens
//! hang on it and die with it. A subject is the name by which a sector of
//! clients knows an account.
//!
//! Rows are touched in one order, so that nobody waits in a circle: consents,
//! then the session, then grants that there are.

mod codes;
mod consents;
mod endings;
mod refresh;
mod store;
mod subjects;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use crate::{
    capabilities::{
        clients::{Client, Scopes},
        core::{Core, Tx, corrupt},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId, GrantId, SessionId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
    },
};

pub use codes::{NewCode, Redeemed, issue_code, redeem_code};
pub use consents::{
    Consent, consent, consent_of, consents_of, hold_consent, withdraw, withdraw_all,
};
pub use endings::{
    client_session, end_of_account, end_of_client, end_of_everybody, end_of_session,
};
pub use refresh::{Refreshed, issue_refresh, of_refresh, peek_refresh, refresh};
pub(super) use store::Row;
pub use store::purge;
pub use subjects::{account_of, subject_of, subjects_of};

/// One sign-in of a person to a client.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Who.
    pub account: AccountId,
    /// To what.
    pub client: ClientId,
    /// In which session of the browser.
    pub session: SessionId,
    /// The name by which the client knows the account.
    pub subject: String,
    /// What was granted.
    pub scopes: Scopes,
    /// The `claims` parameter (OpenID Connect Core §5.5), as JSON.
    pub claims: Option<String>,
    /// Whom its access tokens may be for, when the request said so (RFC 8707).
    pub resources: BTreeSet<String>,
    /// Whether it outlives the session (OpenID Connect Core §11).
    pub offline: bool,
    /// When the password was entered.
    pub auth_time: Timestamp,
    /// When.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// The session of a browser in which somebody signs in to a client.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// When the password was entered.
    pub auth_time: Timestamp,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// What is granted.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the client may see.
    pub scopes: Scopes,
    /// The `claims` parameter, as JSON.
    pub claims: Option<String>,
    /// Whom access tokens may be for; whomever the client may name when it is
    /// empty.
    pub resources: BTreeSet<String>,
}

impl Grant {
    /// Whether it was not ended and has not expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// Begins a grant. It ends with the session, or, when offline access was
/// granted, once its refresh tokens are left alone for as long as they live.
pub fn begin(
    tx: &mut Tx<'_>,
    client: &Client,
    occasion: &Occasion,
    terms: Terms,
) -> Result<Grant, DbFault> {
    let Terms { scopes, claims, resources } = terms;
    let offline = scopes.has(crate::capabilities::clients::Scope::OfflineAccess);
    let grant = Grant {
        id: GrantId::new(tx.now, &*tx.core.entropy)?,
        account: occasion.account,
        client: client.id,
        session: occasion.session,
        subject: subject_of(tx, client, occasion.account)?,
        scopes,
        claims,
        resources,
        offline,
        auth_time: occasion.auth_time,
        created_at: tx.now,
        expires_at: if offline {
            tx.now + refresh_lifetime(tx.core, client)
        } else {
            occasion.expires_at
        },
        ended_at: None,
    };
    store::insert(tx.conn, &grant)?;
    Ok(grant)
}

/// How long a client's refresh tokens live.
pub fn refresh_lifetime(core: &Core, client: &Client) -> TimeDelta {
    let days = client.metadata.refresh_token_days.unwrap_or(core.settings.oauth.refresh_token_days);
    TimeDelta::days(days.into())
}

/// The grant with this id, as long as it was not ended and has not expired.
pub fn live(conn: &mut Conn, id: GrantId, now: Timestamp) -> Result<Option<Grant>, DbFault> {
    let grant = store::find(conn, &id.to_string())?.map(store::Row::grant).transpose()?;
    Ok(grant.filter(|grant| grant.is_live(now)))
}

/// Ends a grant; `false` when it was ended before.
pub fn end(conn: &mut Conn, id: GrantId, now: Timestamp) -> Result<bool, DbFault> {
    store::end(conn, &id.to_string(), now)
}

/// The grants of a session that were not ended.
pub fn of_session(conn: &mut Conn, session: SessionId) -> Result<Vec<Grant>, DbFault> {
    let rows = store::of_session(conn, &session.to_string())?;
    rows.into_iter().map(store::Row::grant).collect()
}

/// When an account signed in to each client last, as far as that has not been
/// forgotten yet.
pub fn last_used(
    conn: &mut Conn,
    account: AccountId,
) -> Result<BTreeMap<ClientId, Timestamp>, DbFault> {
    let bad = |row: &str| corrupt(Place { table: "grants", column: "client_id", row });
    let known = |(client, at): (String, Option<chrono::NaiveDateTime>)| {
        let id = client.parse().map_err(|_| bad(&client))?;
        Ok(at.map(|at| (id, at.and_utc())))
    };
    let rows = store::last_used(conn, &account.to_string())?;
    rows.into_iter().filter_map(|row| known(row).transpose()).collect()
}

/// Every grant of an account that has not been forgotten yet, the newest first.
pub fn held(conn: &mut Conn, account: AccountId) -> Result<Vec<Grant>, DbFault> {
    let rows = store::of_account(conn, &account.to_string())?;
    rows.into_iter().map(store::Row::grant).collect()
}

/// Erases what an account has granted, and the names by which it was known.
pub fn erase(conn: &mut Conn, account: AccountId) -> Result<(), DbFault> {
    store::erase(conn, &account.to_string())
}

impl store::Row {
    pub fn grant(self) -> Result<Grant, DbFault> {
        let bad = |column| corrupt(Place { table: "grants", column, row: &self.id });
        Ok(Grant {
            id: self.id.parse().map_err(|_| bad("id"))?,
            account: self.account_id.parse().map_err(|_| bad("account_id"))?,
            client: self.client_id.parse().map_err(|_| bad("client_id"))?,
            session: self.session_id.parse().map_err(|_| bad("session_id"))?,
            subject: self.subject,
            scopes: Scopes::parse(&self.scopes),
            claims: self.claims,
            resources: self.resources.split_whitespace().map(str::to_owned).collect(),
            offline: self.offline,
            auth_time: self.auth_time.and_utc(),
            created_at: self.created_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
            ended_at: self.ended_at.map(|at| at.and_utc()),
        })
    }
}
