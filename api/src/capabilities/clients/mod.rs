//! Clients: the business systems that people sign in to and that ask us
//! things, with their secrets.

mod authenticate;
pub mod http;
mod keys;
mod metadata;
mod store;
mod validate;
mod view;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    capabilities::core::{Tx, corrupt},
    kernel::{
        Timestamp,
        ids::{ClientId, ClientSecretId},
    },
    tools::{
        crypto::{Place, blind::token_hash},
        db::{Conn, DbFault},
    },
};

pub use crate::tools::crypto::SigningAlg;
pub use http::FromClient;
pub use metadata::{AuthMethod, GrantType, Metadata, NumberGrant, Scope, Scopes, SubjectType};
pub(super) use store::Row;
pub use store::purge;
pub use validate::target_uri;
pub use view::{ClientView, Item};

/// Whether a client may do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientState {
    /// It may.
    Enabled,
    /// It may not: no sign-in, no token, and the tokens it has are of no use.
    Disabled,
}

impl ClientState {
    const fn code(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What is known of it.
    pub metadata: Metadata,
    /// Whether it may do anything.
    pub state: ClientState,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Client {
    /// Whether it may do anything.
    pub fn is_enabled(&self) -> bool {
        self.state == ClientState::Enabled
    }

    /// The sector that it shares the names of its users with (OpenID Connect
    /// Core §8.1).
    pub fn sector(&self) -> String {
        if self.metadata.subject_type == SubjectType::Public {
            return validate::PUBLIC_SECTOR.to_owned();
        }
        let named = self.metadata.sector_identifier.clone();
        named
            .or_else(|| validate::sector_host(self.metadata.redirect_uris.first()?))
            .unwrap_or_else(|| self.id.to_string())
    }
}

/// A secret of a client that holds.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its id, which is no secret.
    pub id: ClientSecretId,
    /// Hash of the secret ([`token_hash`]): it is random, so it needs no slow one.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` while it is the newest.
    pub expires_at: Option<Timestamp>,
}

fn metadata_text(id: &str, metadata: &Metadata) -> Result<String, DbFault> {
    serde_json::to_string(metadata)
        .map_err(|_| corrupt(Place { table: "clients", column: "metadata", row: id }))
}

/// Registers a client.
pub fn create(tx: &mut Tx<'_>, metadata: Metadata) -> Result<Client, DbFault> {
    let id = ClientId::new(tx.now, &*tx.core.entropy)?;
    let row = store::Row {
        metadata: metadata_text(&id.to_string(), &metadata)?,
        id: id.to_string(),
        state: ClientState::Enabled.code().to_owned(),
        created_at: tx.now.naive_utc(),
        updated_at: tx.now.naive_utc(),
    };
    store::insert(tx.conn, &row)?;
    Ok(Client { id, metadata, state: ClientState::Enabled, created_at: tx.now, updated_at: tx.now })
}

/// Writes what is known of a client; `false` when there is none.
pub fn set_metadata(
    conn: &mut Conn,
    (client, metadata): (ClientId, &Metadata),
    now: Timestamp,
) -> Result<bool, DbFault> {
    let id = client.to_string();
    store::set_metadata(conn, &id, &metadata_text(&id, metadata)?, now)
}

/// Lets a client do anything or nothing; `false` when there is none, or it is
/// so already.
pub fn set_state(
    conn: &mut Conn,
    (client, state): (ClientId, ClientState),
    now: Timestamp,
) -> Result<bool, DbFault> {
    store::set_state(conn, &client.to_string(), state.code(), now)
}

/// The client with this id, whatever its state.
pub fn find(conn: &mut Conn, id: ClientId) -> Result<Option<Client>, DbFault> {
    store::find(conn, &id.to_string())?.map(store::Row::client).transpose()
}

/// Up to `most` clients registered after `after`, the oldest first.
pub fn list(conn: &mut Conn, after: Option<ClientId>, most: i64) -> Result<Vec<Client>, DbFault> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    store::list(conn, &after, most)?.into_iter().map(store::Row::client).collect()
}

/// The secrets of a client that hold at `now`, the newest first.
pub fn secrets(conn: &mut Conn, client: ClientId, now: Timestamp) -> Result<Vec<Secret>, DbFault> {
    let rows = store::secrets(conn, &client.to_string(), now)?;
    rows.into_iter().map(store::SecretRow::secret).collect()
}

/// The secrets that hold at `now` of the clients after one and up to another,
/// each client's with the newest first.
pub fn secrets_between(
    conn: &mut Conn,
    (after, last): (Option<ClientId>, ClientId),
    now: Timestamp,
) -> Result<BTreeMap<ClientId, Vec<Secret>>, DbFault> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let mut secrets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in store::secrets_between(conn, (&after, &last.to_string()), now)? {
        let place = Place { table: "client_secrets", column: "client_id", row: &row.id };
        let client = row.client_id.parse().map_err(|_| corrupt(place))?;
        secrets.entry(client).or_default().push(row.secret()?);
    }
    Ok(secrets)
}

/// Gives a client another secret and returns it in clear, for the only time;
/// those it had hold for `overlap` longer.
pub fn add_secret(
    tx: &mut Tx<'_>,
    client: ClientId,
    overlap: TimeDelta,
) -> Result<(Secret, String), DbFault> {
    store::expire_secrets(tx.conn, &client.to_string(), tx.now + overlap)?;
    let clear = tx.core.random_token()?;
    let secret = Secret {
        id: ClientSecretId::new(tx.now, &*tx.core.entropy)?,
        hash: token_hash(&clear),
        created_at: tx.now,
        expires_at: None,
    };
    let row = store::SecretRow {
        id: secret.id.to_string(),
        client_id: client.to_string(),
        secret_hash: secret.hash.clone(),
        created_at: tx.now.naive_utc(),
        expires_at: None,
    };
    store::insert_secret(tx.conn, &row)?;
    Ok((secret, clear))
}

/// Notes that a client has used an assertion; `false` when it did before.
pub fn use_assertion(
    conn: &mut Conn,
    (client, jti): (ClientId, &str),
    expires_at: Timestamp,
) -> Result<bool, DbFault> {
    store::use_assertion(conn, &token_hash(&format!("{client} {jti}")), expires_at)
}

impl store::Row {
    pub fn client(self) -> Result<Client, DbFault> {
        let bad = |column| corrupt(Place { table: "clients", column, row: &self.id });
        Ok(Client {
            id: self.id.parse().map_err(|_| bad("id"))?,
            metadata: serde_json::from_str(&self.metadata).map_err(|_| bad("metadata"))?,
            state: match self.state.as_str() {
                "enabled" => ClientState::Enabled,
                "disabled" => ClientState::Disabled,
                _ => return Err(bad("state")),
            },
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}

impl store::SecretRow {
    fn secret(self) -> Result<Secret, DbFault> {
        let bad = || corrupt(Place { table: "client_secrets", column: "id", row: &self.id });
        Ok(Secret {
            id: self.id.parse().map_err(|_| bad())?,
            hash: self.secret_hash,
            created_at: self.created_at.and_utc(),
            expires_at: self.expires_at.map(|at| at.and_utc()),
        })
    }
}
