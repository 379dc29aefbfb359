//! What a person has let a client see, until it is withdrawn.

use super::store;
use crate::{
    capabilities::{clients::Scopes, core::corrupt},
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
    },
};

/// A person's consent to a client.
#[derive(Debug, Clone)]
pub struct Consent {
    /// To whom.
    pub client: ClientId,
    /// To what.
    pub scopes: Scopes,
    /// When it was given first.
    pub given_at: Timestamp,
    /// When scopes were added last.
    pub updated_at: Timestamp,
}

/// What an account has let a client see.
pub fn consent_of(
    conn: &mut Conn,
    account: AccountId,
    client: ClientId,
) -> Result<Option<Consent>, DbFault> {
    store::consent(conn, &account.to_string(), &client.to_string())?
        .map(store::ConsentRow::consent)
        .transpose()
}

/// Every consent of an account, the newest first.
pub fn consents_of(conn: &mut Conn, account: AccountId) -> Result<Vec<Consent>, DbFault> {
    let rows = store::consents(conn, &account.to_string())?;
    rows.into_iter().map(store::ConsentRow::consent).collect()
}

/// Adds scopes to what an account lets a client see.
pub fn consent(
    conn: &mut Conn,
    (account, client): (AccountId, ClientId),
    scopes: &Scopes,
    now: Timestamp,
) -> Result<(), DbFault> {
    let (account, client) = (account.to_string(), client.to_string());
    let key = (account.as_str(), client.as_str());
    // Held before it is read: it may be withdrawn at this moment, and is then
    // given anew.
    let row = loop {
        if store::insert_consent(conn, key, &scopes.to_string(), now)? {
            return Ok(());
        }
        if store::hold_consent(conn, key)?
            && let Some(row) = store::consent(conn, &account, &client)?
        {
            break row;
        }
    };
    let mut all = Scopes::parse(&row.scopes);
    all.0.extend(scopes.0.iter());
    store::update_consent(conn, (&account, &client), &all.to_string(), now)
}

/// Keeps a consent from being withdrawn to the end of the transaction; `false`
/// when it was.
pub fn hold_consent(
    conn: &mut Conn,
    account: AccountId,
    client: ClientId,
) -> Result<bool, DbFault> {
    store::hold_consent(conn, (&account.to_string(), &client.to_string()))
}

/// Takes a consent back; `false` when there was none. Ending the sign-ins to the
/// client ([`super::end_of_client`]) is for the caller, once the session is held.
pub fn withdraw(
    conn: &mut Conn,
    (account, client): (AccountId, ClientId),
) -> Result<bool, DbFault> {
    store::remove_consent(conn, &account.to_string(), &client.to_string())
}

/// Takes every consent of an account back, because it is erased. To be called
/// before its sessions are.
pub fn withdraw_all(conn: &mut Conn, account: AccountId) -> Result<(), DbFault> {
    store::remove_consents(conn, &account.to_string())
}

impl store::ConsentRow {
    fn consent(self) -> Result<Consent, DbFault> {
        let bad = || {
            corrupt(Place { table: "client_consents", column: "client_id", row: &self.account_id })
        };
        Ok(Consent {
            client: self.client_id.parse().map_err(|_| bad())?,
            scopes: Scopes::parse(&self.scopes),
            given_at: self.given_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}
