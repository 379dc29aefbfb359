//! Where a client wants to be told of events, and what became of telling it.

pub mod dto;
pub mod http;

use std::sync::Arc;

use chrono::TimeDelta;

use self::dto::{ChangeWebhook, DeliveryView, Fields, NewWebhook, NewWebhookSecret, WebhookView};
use crate::{
    capabilities::{
        core::Core,
        events::{self, Endpoint, EndpointState, NewEndpoint},
    },
    kernel::{
        Timestamp,
        ids::{ClientId, DeliveryId, WebhookId},
    },
    tools::{
        db::Conn,
        web::{Page, PageQuery, Problem, ProblemCode},
    },
};

/// Addresses of one client.
const MOST: usize = 20;
/// Seconds that messages bear the signature of the secret before, too, unless
/// it is said, and at most.
const OVERLAP_SECONDS: u32 = 86_400;
const LONGEST_OVERLAP: u32 = 7 * 86_400;
/// The list's name in cursors.
const LIST: &str = "deliveries";

fn unknown() -> Problem {
    Problem::new(ProblemCode::WebhookNotFound)
}

fn find(conn: &mut Conn, client: ClientId, id: WebhookId) -> Result<Endpoint, Problem> {
    events::endpoint(conn, client, id)?.ok_or_else(unknown)
}

/// Makes an address known.
fn create(
    core: &Core,
    conn: &mut Conn,
    (client, fields): (ClientId, Fields),
    now: Timestamp,
) -> Result<NewWebhook, Problem> {
    if events::endpoints(conn, client)?.len() >= MOST {
        return Err(Problem::field("/url", "too_many"));
    }
    let Fields { url, kinds } = fields;
    let new = (client, NewEndpoint { url, kinds });
    let (endpoint, secret) = events::add_endpoint(core, conn, new, now)?;
    Ok(NewWebhook::new(WebhookView::from(endpoint), secret))
}

/// Every address of a client.
async fn list(core: &Arc<Core>, client: ClientId) -> Result<Page<WebhookView>, Problem> {
    let found = core.db.read(move |conn| events::endpoints(conn, client)).await?;
    let items = found.into_iter().map(WebhookView::from).collect();
    Ok(Page { items, next_cursor: None, has_more: false })
}

async fn show(
    core: &Arc<Core>,
    (client, id): (ClientId, WebhookId),
) -> Result<WebhookView, Problem> {
    core.db.read(move |conn| find(conn, client, id)).await.map(WebhookView::from)
}

/// Changes what is said, and nothing else.
async fn change(
    core: &Arc<Core>,
    (client, id): (ClientId, WebhookId),
    change: ChangeWebhook,
) -> Result<WebhookView, Problem> {
    let (url, kinds, state) = change.parse(&core.settings)?;
    core.db
        .write(move |conn| {
            let mut endpoint = find(conn, client, id)?;
            endpoint.url = url.unwrap_or(endpoint.url);
            endpoint.kinds = kinds.unwrap_or(endpoint.kinds);
            endpoint.state = state.unwrap_or(endpoint.state);
            if !events::save_endpoint(conn, &endpoint)? {
                return Err(unknown());
            }
            Ok(WebhookView::from(endpoint))
        })
        .await
}

async fn remove(core: &Arc<Core>, (client, id): (ClientId, WebhookId)) -> Result<(), Problem> {
    core.db
        .write(move |conn| {
            find(conn, client, id)?;
            Ok(events::remove_endpoint(conn, id)?)
        })
        .await
}

fn rotate(
    core: &Core,
    conn: &mut Conn,
    (client, id, overlap): (ClientId, WebhookId, Option<u32>),
    now: Timestamp,
) -> Result<NewWebhookSecret, Problem> {
    let overlap = overlap.unwrap_or(OVERLAP_SECONDS);
    if overlap > LONGEST_OVERLAP {
        return Err(Problem::field("/overlap_seconds", "out_of_range"));
    }
    find(conn, client, id)?;
    let overlap = TimeDelta::seconds(overlap.into());
    let secret = events::rotate_endpoint_secret(core, conn, (id, overlap), now)?;
    let busy = || Problem::new(ProblemCode::RequestInProgress).retry_after(1);
    Ok(NewWebhookSecret::new(secret.ok_or_else(busy)?, now + overlap))
}

/// A page of what was sent to an address.
async fn deliveries(
    core: &Arc<Core>,
    (client, id): (ClientId, WebhookId),
    (filter, query): (Option<events::DeliveryState>, PageQuery),
) -> Result<Page<DeliveryView>, Problem> {
    let (before, most) = (query.position::<DeliveryId>(LIST)?, query.look_for());
    let found = core
        .db
        .read(move |conn| {
            find(conn, client, id)?;
            Ok::<_, Problem>(events::deliveries(conn, id, (filter, before), most)?)
        })
        .await?;
    let page = query.page(LIST, found, |delivery| delivery.id.to_string());
    Ok(page.map(DeliveryView::from))
}

/// Sends something again.
fn replay(
    core: &Core,
    conn: &mut Conn,
    (client, id): (ClientId, DeliveryId),
    now: Timestamp,
) -> Result<DeliveryView, Problem> {
    events::delivery(conn, client, id)?.ok_or_else(unknown)?;
    events::replay(core, conn, (client, id), now)?;
    events::delivery(conn, client, id)?.ok_or_else(unknown).map(DeliveryView::from)
}

/// Whether an address is told of events.
pub type WebhookState = EndpointState;
