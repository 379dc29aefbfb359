//! Where clients want to be told of events.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventKind, signature, store};
use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::{
        Timestamp,
        ids::{ClientId, WebhookId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
    },
};

/// Whether an address is told of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookState)]
pub enum EndpointState {
    /// It is.
    Enabled,
    /// It is not, and misses what happens meanwhile.
    Disabled,
}

impl EndpointState {
    const fn code(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// An address that is told of events.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub client: ClientId,
    /// The address.
    pub url: String,
    /// What it is told of.
    pub kinds: BTreeSet<EventKind>,
    /// Whether it is told.
    pub state: EndpointState,
    /// When it was made known.
    pub created_at: Timestamp,
    /// Until when messages bear the signature of the secret before this one,
    /// too.
    pub previous_until: Option<Timestamp>,
}

/// What a client says of a new address.
#[derive(Debug)]
pub struct NewEndpoint {
    /// The address.
    pub url: String,
    /// What it is to be told of.
    pub kinds: BTreeSet<EventKind>,
}

fn place<'a>(column: &'static str, row: &'a str) -> Place<'a> {
    Place { table: "webhook_endpoints", column, row }
}

fn kinds_text(kinds: &BTreeSet<EventKind>) -> String {
    let codes: Vec<_> = kinds.iter().map(|kind| kind.code()).collect();
    codes.join(" ")
}

fn new_secret(core: &Core) -> Result<String, DbFault> {
    Ok(signature::secret(&core.entropy.bytes::<32>()?))
}

/// Makes an address known; returns it with its secret in clear, for the only
/// time.
pub fn add_endpoint(
    tx: &mut Tx<'_>,
    client: ClientId,
    new: NewEndpoint,
) -> Result<(Endpoint, String), DbFault> {
    let id = WebhookId::new(tx.now, &*tx.core.entropy)?;
    let (secret, row) = (new_secret(tx.core)?, id.to_string());
    store::insert_endpoint(
        tx.conn,
        &store::EndpointRow {
            secret_sealed: tx.core.seal(place("secret_sealed", &row), &secret)?,
            id: row,
            client_id: client.to_string(),
            url: new.url.clone(),
            kinds: kinds_text(&new.kinds),
            state: EndpointState::Enabled.code().to_owned(),
            previous_secret_sealed: None,
            previous_until: None,
            created_at: tx.now.naive_utc(),
        },
    )?;
    let NewEndpoint { url, kinds } = new;
    let endpoint = Endpoint {
        id,
        client,
        url,
        kinds,
        state: EndpointState::Enabled,
        created_at: tx.now,
        previous_until: None,
    };
    Ok((endpoint, secret))
}

/// The address of a client with this id.
pub fn endpoint(
    conn: &mut Conn,
    client: ClientId,
    id: WebhookId,
) -> Result<Option<Endpoint>, DbFault> {
    let found = store::endpoint(conn, &id.to_string())?;
    let endpoint = found.map(|row| row.endpoint()).transpose()?;
    Ok(endpoint.filter(|endpoint| endpoint.client == client))
}

/// Every address of a client, the oldest first.
pub fn endpoints(conn: &mut Conn, client: ClientId) -> Result<Vec<Endpoint>, DbFault> {
    let rows = store::endpoints(conn, &client.to_string())?;
    rows.iter().map(store::EndpointRow::endpoint).collect()
}

/// Writes address, kinds and state; `false` when it is gone.
pub fn save_endpoint(conn: &mut Conn, endpoint: &Endpoint) -> Result<bool, DbFault> {
    let texts = (endpoint.url.as_str(), &*kinds_text(&endpoint.kinds), endpoint.state.code());
    store::update_endpoint(conn, &endpoint.id.to_string(), texts)
}

/// Forgets an address and what was to go there.
pub fn remove_endpoint(conn: &mut Conn, id: WebhookId) -> Result<(), DbFault> {
    store::remove_endpoint(conn, &id.to_string())
}

/// Gives an address another secret and returns it in clear, for the only time.
/// For `overlap` longer, messages are signed with the one before, too. `None`
/// when the address is gone or got another secret this very moment.
pub fn rotate_endpoint_secret(
    tx: &mut Tx<'_>,
    id: WebhookId,
    overlap: TimeDelta,
) -> Result<Option<String>, DbFault> {
    let row = id.to_string();
    let Some(found) = store::endpoint(tx.conn, &row)? else { return Ok(None) };
    let secret = new_secret(tx.core)?;
    let old = tx.core.open(place("secret_sealed", &row), &found.secret_sealed)?;
    let sealed = tx.core.seal(place("secret_sealed", &row), &secret)?;
    let previous = tx.core.seal(place("previous_secret_sealed", &row), &old)?;
    let seen = (row.as_str(), found.secret_sealed.as_slice());
    let rotated = store::update_secret(tx.conn, seen, (&sealed, &previous), tx.now + overlap)?;
    Ok(rotated.then_some(secret))
}

impl store::EndpointRow {
    pub(super) fn endpoint(&self) -> Result<Endpoint, DbFault> {
        let bad = |column| corrupt(place(column, &self.id));
        Ok(Endpoint {
            id: self.id.parse().map_err(|_| bad("id"))?,
            client: self.client_id.parse().map_err(|_| bad("client_id"))?,
            url: self.url.clone(),
            // One that this version does not know: a newer node wrote it.
            kinds: self.kinds.split(' ').filter_map(EventKind::from_code).collect(),
            state: match self.state.as_str() {
                "enabled" => EndpointState::Enabled,
                "disabled" => EndpointState::Disabled,
                _ => return Err(bad("state")),
            },
            created_at: self.created_at.and_utc(),
            previous_until: self.previous_until.map(|until| until.and_utc()),
        })
    }

    /// The secrets that sign at `now`, the newest first.
    pub(super) fn secrets(&self, core: &Core, now: Timestamp) -> Result<Vec<String>, DbFault> {
        let mut secrets = vec![core.open(place("secret_sealed", &self.id), &self.secret_sealed)?];
        let holds = self.previous_until.is_some_and(|until| until > now.naive_utc());
        if let Some(sealed) = self.previous_secret_sealed.as_deref().filter(|_| holds) {
            secrets.push(core.open(place("previous_secret_sealed", &self.id), sealed)?);
        }
        Ok(secrets)
    }
}
