//! Events on their way: one delivery for each event and address.
//!
//! A delivery is waiting as long as a message of the outbox carries it, and
//! afterwards delivered or dead; both are written in one transaction with the
//! message. So it arrives at least once, and whatever does not arrive is there
//! to be seen and sent again.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{EndpointState, Event, signature, store};
use crate::{
    capabilities::{
        clients::{self, Client},
        core::{Tx, corrupt},
        outbox::{self, Message},
    },
    kernel::{
        Timestamp,
        ids::{ClientId, DeliveryId, EventId, WebhookId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
        ports::{HttpRequest, PostFault},
    },
};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried until it succeeds or `webhooks.give_up_hours` are over.
    Waiting,
    /// The address has taken it.
    Delivered,
    /// It was given up; it can be sent again.
    Dead,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// One event on its way to one address.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The address.
    pub endpoint: WebhookId,
    /// The event.
    pub event: EventId,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// What the address answered last.
    pub last_status: Option<i32>,
    /// Why the last attempt was none, in one word.
    pub last_error: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was tried last.
    pub updated_at: Timestamp,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "webhook_deliveries", column: "id", row }
}

/// Sends an event to every address of a client that wants to know.
pub(super) fn enqueue(tx: &mut Tx<'_>, client: ClientId, event: &Event) -> Result<(), DbFault> {
    for endpoint in super::endpoints(tx.conn, client)? {
        if endpoint.state == EndpointState::Disabled || !endpoint.kinds.contains(&event.kind) {
            continue;
        }
        let id = DeliveryId::new(tx.now, &*tx.core.entropy)?;
        let row = store::DeliveryRow {
            id: id.to_string(),
            client_id: client.to_string(),
            endpoint_id: endpoint.id.to_string(),
            event_id: event.id.to_string(),
            state: DeliveryState::Waiting.code().to_owned(),
            attempts: 0,
            last_status: None,
            last_error: None,
            created_at: tx.now.naive_utc(),
            updated_at: tx.now.naive_utc(),
        };
        store::insert_delivery(tx.conn, &row)?;
        outbox::enqueue(tx, &Message::Webhook { delivery: id, client })?;
    }
    Ok(())
}

/// The delivery of a client with this id.
pub fn delivery(
    conn: &mut Conn,
    client: ClientId,
    id: DeliveryId,
) -> Result<Option<Delivery>, DbFault> {
    let found = store::delivery(conn, &id.to_string())?;
    found.filter(|row| row.client_id == client.to_string()).map(opened).transpose()
}

/// Up to `most` deliveries to an address (in a state, or in any) from before
/// `before`, the newest first.
pub fn deliveries(
    conn: &mut Conn,
    endpoint: WebhookId,
    (state, before): (Option<DeliveryState>, Option<DeliveryId>),
    most: i64,
) -> Result<Vec<Delivery>, DbFault> {
    let before = before.map(|id| id.to_string());
    let filter = (state.map(DeliveryState::code), before.as_deref());
    let rows = store::deliveries(conn, &endpoint.to_string(), filter, most)?;
    rows.into_iter().map(opened).collect()
}

/// Sends a delivery again that is over, with the same ids; one that is waiting
/// goes on as it is.
pub fn replay(tx: &mut Tx<'_>, client: ClientId, id: DeliveryId) -> Result<(), DbFault> {
    if store::reopen_delivery(tx.conn, &id.to_string(), tx.now)? {
        outbox::enqueue(tx, &Message::Webhook { delivery: id, client })?;
    }
    Ok(())
}

/// The request that delivers, or `None` when there is nothing to deliver any
/// more: then it is over.
pub fn prepare(tx: &mut Tx<'_>, id: DeliveryId) -> Result<Option<HttpRequest>, DbFault> {
    let row = id.to_string();
    let Some(delivery) = store::delivery(tx.conn, &row)? else { return Ok(None) };
    if delivery.state != DeliveryState::Waiting.code() {
        return Ok(None);
    }
    let Some(found) = store::endpoint(tx.conn, &delivery.endpoint_id)? else { return Ok(None) };
    let (endpoint, secrets) = (found.endpoint()?, found.secrets(tx.core, tx.now)?);
    let client = clients::find(tx.conn, endpoint.client)?;
    let stopped = endpoint.state == EndpointState::Disabled;
    if stopped || !client.as_ref().is_some_and(Client::is_enabled) {
        dead(tx.conn, &row, "disabled", tx.now)?;
        return Ok(None);
    }
    let Some(event) = store::event(tx.conn, &delivery.event_id)? else {
        dead(tx.conn, &row, "event_forgotten", tx.now)?;
        return Ok(None);
    };
    let time = event.happened_at.and_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let told = json!({
        "type": event.kind,
        "timestamp": time,
        "data": { "id": event.id, "sub": event.subject },
    });
    let (body, seconds) = (told.to_string(), tx.now.timestamp());
    let signatures: Option<Vec<String>> =
        secrets.iter().map(|secret| signature::sign(secret, (&event.id, seconds), &body)).collect();
    let signatures = signatures.ok_or_else(|| corrupt(place(&row)))?;
    Ok(Some(HttpRequest {
        url: endpoint.url,
        content_type: "application/json",
        headers: vec![
            ("webhook-id", event.id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ],
        body: body.into_bytes(),
    }))
}

/// Notes that a delivery that could never be prepared is given up.
pub fn give_up_delivery(conn: &mut Conn, id: DeliveryId, now: Timestamp) -> Result<(), DbFault> {
    dead(conn, &id.to_string(), "internal", now)
}

fn dead(conn: &mut Conn, id: &str, error: &str, now: Timestamp) -> Result<(), DbFault> {
    let state = DeliveryState::Dead.code();
    let trace = store::Trace { state, attempts: 0, status: None, error: Some(error) };
    store::note_delivery(conn, id, &trace, now)
}

/// Notes what an attempt came to; `given_up` says that there will be no other
/// one. An address that is gone (410) is disabled, as Standard Webhooks have it.
pub fn settle_delivery(
    conn: &mut Conn,
    id: DeliveryId,
    (answer, given_up): (&Result<u16, PostFault>, bool),
    now: Timestamp,
) -> Result<(), DbFault> {
    let (row, mut given_up) = (id.to_string(), given_up);
    if *answer == Ok(GONE) {
        given_up = true;
        disable(conn, &row)?;
    }
    let state = match answer {
        Ok(200..=299) => DeliveryState::Delivered,
        _ if given_up => DeliveryState::Dead,
        _ => DeliveryState::Waiting,
    };
    let error = match answer {
        Ok(200..=299) => None,
        Ok(_) => Some("status"),
        Err(PostFault::AddressRefused) => Some("address_refused"),
        Err(PostFault::Timeout) => Some("timeout"),
        // The reason could tell what there is inside a network; the log has it.
        Err(PostFault::Broken(_)) => Some("unreachable"),
    };
    let status = answer.as_ref().ok().map(|status| i32::from(*status));
    let trace = store::Trace { state: state.code(), attempts: 1, status, error };
    store::note_delivery(conn, &row, &trace, now)
}

/// `410 Gone`: the address wants nothing any more.
pub const GONE: u16 = 410;

fn disable(conn: &mut Conn, delivery: &str) -> Result<(), DbFault> {
    let Some(delivery) = store::delivery(conn, delivery)? else { return Ok(()) };
    let Some(found) = store::endpoint(conn, &delivery.endpoint_id)? else { return Ok(()) };
    let endpoint = super::Endpoint { state: EndpointState::Disabled, ..found.endpoint()? };
    super::save_endpoint(conn, &endpoint).map(drop)
}

fn opened(row: store::DeliveryRow) -> Result<Delivery, DbFault> {
    let bad = || corrupt(place(&row.id));
    let state = DeliveryState::ALL.into_iter().find(|state| state.code() == row.state);
    Ok(Delivery {
        id: row.id.parse().map_err(|_| bad())?,
        endpoint: row.endpoint_id.parse().map_err(|_| bad())?,
        event: row.event_id.parse().map_err(|_| bad())?,
        state: state.ok_or_else(bad)?,
        attempts: row.attempts,
        last_status: row.last_status,
        last_error: row.last_error,
        created_at: row.created_at.and_utc(),
        updated_at: row.updated_at.and_utc(),
    })
}
