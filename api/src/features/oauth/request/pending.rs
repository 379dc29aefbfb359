//! Requests that wait: pushed ones for a browser that brings them, and a
//! browser's for the person who signs in, registers or consents.

use chrono::TimeDelta;
use subtle::ConstantTimeEq;

use super::{Request, resource, store};
use crate::{
    capabilities::{
        clients::{self, Client},
        core::{Core, Tx, corrupt},
    },
    kernel::Timestamp,
    tools::{
        crypto::{Place, blind::token_hash},
        db::{Conn, DbFault},
    },
};

/// What a pushed request is called by (RFC 9126 §2.2).
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// A request that waits in a browser.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Key of its row.
    key: String,
    /// Who asks; it is enabled.
    pub client: Client,
    /// What for.
    pub request: Request,
    /// When the browser brought it.
    pub arrived: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "authorization_requests", column: "parameters_sealed", row }
}

/// Whose a request is, and how long it waits.
struct Holder<'a> {
    browser: Option<&'a str>,
    seconds: i64,
}

fn keep(tx: &mut Tx<'_>, request: &Request, holder: &Holder<'_>) -> Result<String, DbFault> {
    let id = tx.core.random_token()?;
    let key = token_hash(&id);
    let row = store::Row {
        parameters_sealed: tx.core.seal_json(place(&key), request)?,
        request_hash: key,
        client_id: request.client.to_string(),
        browser_hash: holder.browser.map(token_hash),
        created_at: tx.now.naive_utc(),
        expires_at: (tx.now + TimeDelta::seconds(holder.seconds)).naive_utc(),
    };
    store::insert(tx.conn, &row)?;
    Ok(id)
}

/// Keeps a request for the browser that has this secret; returns its id.
pub fn keep_for_browser(
    tx: &mut Tx<'_>,
    request: &Request,
    secret: &str,
) -> Result<String, DbFault> {
    let seconds = i64::from(tx.core.settings.oauth.request_minutes) * 60;
    keep(tx, request, &Holder { browser: Some(secret), seconds })
}

/// Keeps a request for whichever browser brings it; returns its `request_uri`
/// and the seconds it waits.
pub fn keep_pushed(tx: &mut Tx<'_>, request: &Request) -> Result<(String, i64), DbFault> {
    let seconds = i64::from(tx.core.settings.oauth.pushed_request_seconds);
    let id = keep(tx, request, &Holder { browser: None, seconds })?;
    Ok((format!("{URN}{id}"), seconds))
}

/// Whether a `request_uri` may be one of ours.
pub fn is_pushed(uri: &str) -> bool {
    uri.starts_with(URN)
}

/// Whether a client may still ask for this: what is registered of it may have
/// changed while the request waited.
fn may_still(core: &Core, client: &Client, request: &Request) -> bool {
    client.is_enabled()
        && client.metadata.redirect_uris.contains(&request.target.uri)
        && client.metadata.scopes().cover(&request.scopes)
        && request.resources.iter().all(|one| resource::may_name(core, client, one))
}

/// Uses up what a client has pushed. Another client's is left alone.
pub fn take_pushed(
    tx: &mut Tx<'_>,
    client: &Client,
    uri: &str,
) -> Result<Option<Request>, DbFault> {
    let Some(id) = uri.strip_prefix(URN) else { return Ok(None) };
    let key = token_hash(id);
    let Some(row) = store::find(tx.conn, &key, tx.now)? else { return Ok(None) };
    if row.browser_hash.is_some() || row.client_id != client.id.to_string() {
        return Ok(None);
    }
    let request: Request = tx.core.open_json(place(&key), &row.parameters_sealed)?;
    Ok((store::remove(tx.conn, &key)? && may_still(tx.core, client, &request)).then_some(request))
}

/// The request with this id, as long as it waits in the browser that has this
/// secret.
pub fn find(tx: &mut Tx<'_>, id: &str, secret: &str) -> Result<Option<Pending>, DbFault> {
    let key = token_hash(id);
    let Some(row) = store::find(tx.conn, &key, tx.now)? else { return Ok(None) };
    let theirs = row.browser_hash.unwrap_or_default();
    if !bool::from(theirs.as_bytes().ct_eq(token_hash(secret).as_bytes())) {
        return Ok(None);
    }
    let request: Request = tx.core.open_json(place(&key), &row.parameters_sealed)?;
    let client = clients::find(tx.conn, request.client)?
        .ok_or_else(|| corrupt(Place { column: "client_id", ..place(&key) }))?;
    if !may_still(tx.core, &client, &request) {
        return Ok(None);
    }
    Ok(Some(Pending {
        client,
        request,
        arrived: row.created_at.and_utc(),
        expires_at: row.expires_at.and_utc(),
        key,
    }))
}

impl Pending {
    /// A request that never waits, because it is answered at once.
    pub fn passing(client: Client, request: Request, now: Timestamp) -> Self {
        Self { key: String::new(), client, request, arrived: now, expires_at: now }
    }

    /// What its row is found by.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Uses the request up; `false` when another one did. One that never waited
    /// is used up as it comes.
    pub fn take(&self, conn: &mut Conn) -> Result<bool, DbFault> {
        if self.key.is_empty() { Ok(true) } else { store::remove(conn, &self.key) }
    }
}
