//! Webhooks over HTTP, under the scope `webhooks:manage`.

use actix_web::{HttpResponse, delete, get, http::StatusCode, patch, post, web};

use super::{
    dto::{
        ChangeWebhook, CreateWebhook, DeliveryFilter, DeliveryView, NewWebhook, NewWebhookSecret,
        RotateWebhookSecret, WebhookView,
    },
    unknown,
};
use crate::{
    capabilities::{
        callers::Caller,
        clients::Scope,
        core::Ctx,
        idempotency::{Idempotency, Reply},
    },
    tools::web::{JsonBody, Page, PageQuery, Problem, ProblemDocument},
};

/// An id that is none is the id of nothing.
fn id_of<T: std::str::FromStr>(path: &str) -> Result<T, Problem> {
    path.parse().map_err(|_| unknown())
}

/// Name an address that is to be told of events
///
/// Messages are signed as Standard Webhooks say (`webhook-id`,
/// `webhook-timestamp`, `webhook-signature`), hold no personal data, and are
/// repeated until the address answers 2xx or the time is over. One that answers
/// 410 is disabled.
#[utoipa::path(tag = "Webhooks", request_body = CreateWebhook, security(("client_token" = ["webhooks:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    responses(
    (status = 201, body = NewWebhook),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (`required`, `uri_format`, `uri_scheme`, `uri_fragment`, `uri_address`, `too_long`, `too_many`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/webhooks")]
pub async fn create_webhook(
    ctx: Ctx,
    (caller, idempotency): (Caller, Idempotency),
    body: JsonBody<CreateWebhook>,
) -> Result<HttpResponse, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    let JsonBody { value, bytes } = body;
    let fields = value.parse(&ctx.core.settings)?;
    let once = idempotency.of(&ctx, &client.to_string(), &bytes);
    once.write(move |tx| {
        let created = super::create(tx, client, fields)?;
        Ok(Reply::json(StatusCode::CREATED, &created)?)
    })
    .await
}

/// The addresses that are told of events
///
/// There are twenty at most, so there is one page.
#[utoipa::path(tag = "Webhooks", security(("client_token" = ["webhooks:manage"])), responses(
    (status = 200, body = Page<WebhookView>),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/webhooks")]
pub async fn list_webhooks(
    ctx: Ctx,
    caller: Caller,
) -> Result<web::Json<Page<WebhookView>>, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    super::list(&ctx, client).await.map(web::Json)
}

/// One address that is told of events
///
/// Its address, what it is told of and its state, never its secret. Scope
/// `webhooks:manage`.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the webhook")),
    security(("client_token" = ["webhooks:manage"])), responses(
    (status = 200, body = WebhookView),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "webhook_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/webhooks/{id}")]
pub async fn get_webhook(
    ctx: Ctx,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<WebhookView>, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    super::show(&ctx, client, id_of(&id)?).await.map(web::Json)
}

/// Change an address, what it is told of, or whether
///
/// What is on its way to a disabled address is given up, and can be sent again.
#[utoipa::path(tag = "Webhooks", request_body = ChangeWebhook,
    params(("id" = String, Path, description = "Id of the webhook")),
    security(("client_token" = ["webhooks:manage"])), responses(
    (status = 200, body = WebhookView),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "webhook_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (as for a new one)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[patch("/webhooks/{id}")]
pub async fn change_webhook(
    ctx: Ctx,
    (caller, id): (Caller, web::Path<String>),
    body: JsonBody<ChangeWebhook>,
) -> Result<web::Json<WebhookView>, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    super::change(&ctx, client, id_of(&id)?, body.value).await.map(web::Json)
}

/// Forget an address and what was sent to it
///
/// Nothing is sent to it any more, and its deliveries cannot be sent again. To
/// pause it, set its state to `disabled`. Scope `webhooks:manage`.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the webhook")),
    security(("client_token" = ["webhooks:manage"])), responses(
    (status = 204),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "webhook_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/webhooks/{id}")]
pub async fn delete_webhook(
    ctx: Ctx,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    super::remove(&ctx, client, id_of(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give an address another secret
///
/// For a while messages bear the signatures of both.
#[utoipa::path(tag = "Webhooks", request_body = RotateWebhookSecret,
    params(
        ("id" = String, Path, description = "Id of the webhook"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
    ),
    security(("client_token" = ["webhooks:manage"])), responses(
    (status = 201, body = NewWebhookSecret),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "webhook_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (`out_of_range`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/webhooks/{id}/secret")]
pub async fn rotate_webhook_secret(
    ctx: Ctx,
    id: web::Path<String>,
    (caller, idempotency): (Caller, Idempotency),
    body: JsonBody<RotateWebhookSecret>,
) -> Result<HttpResponse, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    let (id, JsonBody { value, bytes }) = (id_of(&id)?, body);
    let once = idempotency.of(&ctx, &client.to_string(), &bytes);
    once.write(move |tx| {
        let secret = super::rotate(tx, client, id, value.overlap_seconds)?;
        Ok(Reply::json(StatusCode::CREATED, &secret)?)
    })
    .await
}

/// What was sent to an address
///
/// The newest first; `state=dead` lists what was given up.
#[utoipa::path(tag = "Webhooks",
    params(("id" = String, Path, description = "Id of the webhook"), DeliveryFilter, PageQuery),
    security(("client_token" = ["webhooks:manage"])), responses(
    (status = 200, body = Page<DeliveryView>),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "webhook_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "cursor_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(
    ctx: Ctx,
    (caller, id): (Caller, web::Path<String>),
    (filter, query): (web::Query<DeliveryFilter>, web::Query<PageQuery>),
) -> Result<web::Json<Page<DeliveryView>>, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    let which = (client, id_of(&id)?);
    super::deliveries(&ctx, which, (filter.state, query.into_inner())).await.map(web::Json)
}

/// Send something again
///
/// With the same `webhook-id`, so that whoever has it already can tell. What is
/// still being tried goes on as it is.
#[utoipa::path(tag = "Webhooks",
    params(
        ("id" = String, Path, description = "Id of the delivery"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
    ),
    security(("client_token" = ["webhooks:manage"])), responses(
    (status = 202, body = DeliveryView),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "webhook_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/webhook-deliveries/{id}/replay")]
pub async fn replay_webhook_delivery(
    ctx: Ctx,
    id: web::Path<String>,
    (caller, idempotency): (Caller, Idempotency),
) -> Result<HttpResponse, Problem> {
    let client = caller.id_with(Scope::WebhooksManage)?;
    let id = id_of(&id)?;
    let once = idempotency.of(&ctx, &client.to_string(), b"");
    once.write(move |tx| {
        let delivery = super::replay(tx, client, id)?;
        Ok(Reply::json(StatusCode::ACCEPTED, &delivery)?)
    })
    .await
}
