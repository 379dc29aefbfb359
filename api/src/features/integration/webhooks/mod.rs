//! Where a client wants to be told of events, and what became of telling it.

pub mod dto;
pub mod http;

use chrono::TimeDelta;

use self::dto::{ChangeWebhook, DeliveryView, Fields, NewWebhook, NewWebhookSecret, WebhookView};
use crate::{
    capabilities::{
        core::{Ctx, Tx},
        events::{self, Endpoint, EndpointState, NewEndpoint},
    },
    kernel::ids::{ClientId, DeliveryId, WebhookId},
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
fn create(tx: &mut Tx<'_>, client: ClientId, fields: Fields) -> Result<NewWebhook, Problem> {
    if events::endpoints(tx.conn, client)?.len() >= MOST {
        return Err(Problem::field("/url", "too_many"));
    }
    let Fields { url, kinds } = fields;
    let new = (client, NewEndpoint { url, kinds });
    let (endpoint, secret) = events::add_endpoint(tx, new.0, new.1)?;
    Ok(NewWebhook::new(WebhookView::from(endpoint), secret))
}

/// Every address of a client.
async fn list(ctx: &Ctx, client: ClientId) -> Result<Page<WebhookView>, Problem> {
    let found = ctx.read(move |tx| events::endpoints(tx.conn, client)).await?;
    let items = found.into_iter().map(WebhookView::from).collect();
    Ok(Page { items, next_cursor: None, has_more: false })
}

async fn show(ctx: &Ctx, client: ClientId, id: WebhookId) -> Result<WebhookView, Problem> {
    ctx.read(move |tx| find(tx.conn, client, id)).await.map(WebhookView::from)
}

/// Changes what is said, and nothing else.
async fn change(
    ctx: &Ctx,
    client: ClientId,
    id: WebhookId,
    change: ChangeWebhook,
) -> Result<WebhookView, Problem> {
    let (url, kinds, state) = change.parse(&ctx.core.settings)?;
    ctx.write(move |tx| {
        let mut endpoint = find(tx.conn, client, id)?;
        endpoint.url = url.unwrap_or(endpoint.url);
        endpoint.kinds = kinds.unwrap_or(endpoint.kinds);
        endpoint.state = state.unwrap_or(endpoint.state);
        if !events::save_endpoint(tx.conn, &endpoint)? {
            return Err(unknown());
        }
        Ok(WebhookView::from(endpoint))
    })
    .await
}

async fn remove(ctx: &Ctx, client: ClientId, id: WebhookId) -> Result<(), Problem> {
    ctx.write(move |tx| {
        find(tx.conn, client, id)?;
        Ok(events::remove_endpoint(tx.conn, id)?)
    })
    .await
}

fn rotate(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: WebhookId,
    overlap: Option<u32>,
) -> Result<NewWebhookSecret, Problem> {
    let overlap = overlap.unwrap_or(OVERLAP_SECONDS);
    if overlap > LONGEST_OVERLAP {
        return Err(Problem::field("/overlap_seconds", "out_of_range"));
    }
    find(tx.conn, client, id)?;
    let overlap = TimeDelta::seconds(overlap.into());
    let secret = events::rotate_endpoint_secret(tx, id, overlap)?;
    let busy = || Problem::new(ProblemCode::RequestInProgress).retry_after(1);
    Ok(NewWebhookSecret::new(secret.ok_or_else(busy)?, tx.now + overlap))
}

/// A page of what was sent to an address.
async fn deliveries(
    ctx: &Ctx,
    (client, id): (ClientId, WebhookId),
    (filter, query): (Option<events::DeliveryState>, PageQuery),
) -> Result<Page<DeliveryView>, Problem> {
    let (before, most) = (query.position::<DeliveryId>(LIST)?, query.look_for());
    let found = ctx
        .read(move |tx| {
            find(tx.conn, client, id)?;
            Ok::<_, Problem>(events::deliveries(tx.conn, id, (filter, before), most)?)
        })
        .await?;
    let page = query.page(LIST, found, |delivery| delivery.id.to_string());
    Ok(page.map(DeliveryView::from))
}

/// Sends something again.
fn replay(tx: &mut Tx<'_>, client: ClientId, id: DeliveryId) -> Result<DeliveryView, Problem> {
    events::delivery(tx.conn, client, id)?.ok_or_else(unknown)?;
    events::replay(tx, client, id)?;
    events::delivery(tx.conn, client, id)?.ok_or_else(unknown).map(DeliveryView::from)
}

/// Whether an address is told of events.
pub type WebhookState = EndpointState;
