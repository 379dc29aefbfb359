//! Registering business systems over HTTP, under the scope `clients:manage`.

use actix_web::{HttpResponse, get, http::StatusCode, post, put, web};

use super::{
    dto::{NewClientView, NewSecretView, RegisteredClient, RotateSecret, SetState},
    registry::{self, OVERLAP_SECONDS},
};
use crate::{
    capabilities::{
        callers::Caller,
        clients::{Metadata, Scope},
        core::Ctx,
        idempotency::{Idempotency, Reply},
    },
    kernel::ids::ClientId,
    tools::web::{JsonBody, Page, PageQuery, Problem, ProblemCode, ProblemDocument},
};

/// The list's name in cursors.
const LIST: &str = "clients";

/// An id that is none is the id of nothing.
fn id_of(path: &str) -> Result<ClientId, Problem> {
    path.parse().map_err(|_| Problem::new(ProblemCode::ClientNotFound))
}

/// Register a business system
///
/// `clients:manage` itself cannot be given here, only at the command line.
/// Changing metadata later must not change the sector.
#[utoipa::path(tag = "Clients", request_body = Metadata, security(("client_token" = ["clients:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    responses(
    (status = 201, body = NewClientView),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (`required`, `duplicate`, `uri_format`, `uri_scheme`, `uri_fragment`, `scope_unknown`, `scope_not_grantable`, `key_private`, …)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/clients")]
pub async fn create_client(
    ctx: Ctx,
    (caller, idempotency): (Caller, Idempotency),
    body: JsonBody<Metadata>,
) -> Result<HttpResponse, Problem> {
    let caller = caller.id_with(Scope::ClientsManage)?;
    let JsonBody { value, bytes } = body;
    let once = idempotency.of(&ctx, &caller.to_string(), &bytes);
    once.write(move |tx| {
        let created = registry::create(tx, value)?;
        Ok(Reply::json(StatusCode::CREATED, &created)?)
    })
    .await
}

/// The business systems that are registered
///
/// Page by page, without their secrets. Scope `clients:manage`.
#[utoipa::path(tag = "Clients", params(PageQuery), security(("client_token" = ["clients:manage"])), responses(
    (status = 200, body = Page<RegisteredClient>),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "cursor_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/clients")]
pub async fn list_clients(
    ctx: Ctx,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<RegisteredClient>>, Problem> {
    caller.with(Scope::ClientsManage)?;
    let clients = registry::list(&ctx, query.position(LIST)?, query.look_for()).await?;
    Ok(web::Json(query.page(LIST, clients, |client| client.id().to_string())))
}

/// One business system
///
/// Its state, metadata and the times of its secrets, never the secrets. Scope
/// `clients:manage`.
#[utoipa::path(tag = "Clients", params(("id" = String, Path, description = "`client_id`")),
    security(("client_token" = ["clients:manage"])), responses(
    (status = 200, body = RegisteredClient),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "client_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/clients/{id}")]
pub async fn get_client(
    ctx: Ctx,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<RegisteredClient>, Problem> {
    caller.with(Scope::ClientsManage)?;
    registry::show(&ctx, id_of(&id)?).await.map(web::Json)
}

/// Replace what is known of a business system
///
/// When it is to see whole document numbers and saw masked ones, everybody's
/// consent to it is withdrawn in the same moment and its tokens for people end:
/// they are asked anew, `consent.withdrawn` tells the system. A system with
/// `clients:manage` is changed at the command line only.
#[utoipa::path(tag = "Clients", request_body = Metadata,
    params(("id" = String, Path, description = "`client_id`")),
    security(("client_token" = ["clients:manage"])), responses(
    (status = 200, body = RegisteredClient),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "client_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (as for a new one, and `sector_changed`, `operator_only`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[put("/clients/{id}")]
pub async fn change_client(
    ctx: Ctx,
    (caller, id): (Caller, web::Path<String>),
    body: JsonBody<Metadata>,
) -> Result<web::Json<RegisteredClient>, Problem> {
    caller.with(Scope::ClientsManage)?;
    let (changed, _) = registry::change(&ctx, id_of(&id)?, body.value).await?;
    Ok(web::Json(changed))
}

/// Give a business system another secret
///
/// Those it has hold on for a while, so that it can change over without a break.
/// One with `clients:manage` gets its secrets at the command line only.
#[utoipa::path(tag = "Clients", request_body = RotateSecret,
    params(
        ("id" = String, Path, description = "`client_id`"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
    ),
    security(("client_token" = ["clients:manage"])), responses(
    (status = 201, body = NewSecretView),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "client_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (`out_of_range`, `has_no_secret`, `operator_only`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/clients/{id}/secret")]
pub async fn rotate_client_secret(
    ctx: Ctx,
    id: web::Path<String>,
    (caller, idempotency): (Caller, Idempotency),
    body: JsonBody<RotateSecret>,
) -> Result<HttpResponse, Problem> {
    let caller = caller.id_with(Scope::ClientsManage)?;
    let (id, JsonBody { value, bytes }) = (id_of(&id)?, body);
    let once = idempotency.of(&ctx, &caller.to_string(), &bytes);
    let overlap = value.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
    once.write(move |tx| {
        let secret = registry::rotate_secret(tx, id, overlap)?;
        Ok(Reply::json(StatusCode::CREATED, &secret)?)
    })
    .await
}

/// Disable or enable a business system
///
/// A disabled one gets no tokens, and those it has are of no use here. One with
/// `clients:manage` is disabled and enabled at the command line only.
#[utoipa::path(tag = "Clients", request_body = SetState,
    params(("id" = String, Path, description = "`client_id`")),
    security(("client_token" = ["clients:manage"])), responses(
    (status = 200, body = RegisteredClient),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "client_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (`operator_only`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[put("/clients/{id}/state")]
pub async fn set_client_state(
    ctx: Ctx,
    (caller, id): (Caller, web::Path<String>),
    body: JsonBody<SetState>,
) -> Result<web::Json<RegisteredClient>, Problem> {
    caller.with(Scope::ClientsManage)?;
    registry::set_state(&ctx, id_of(&id)?, body.value.state).await.map(web::Json)
}
