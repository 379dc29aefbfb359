//! What business systems may ask for themselves, over HTTP.

use actix_web::{HttpResponse, get, http::StatusCode, post, web};

use super::{
    changes::{self, Changes},
    identity_check::{self, CheckIdentity, IdentityChecked},
    users::{self, User},
};
use crate::{
    capabilities::{
        callers::Caller,
        clients::Scope,
        core::Ctx,
        idempotency::{Idempotency, Reply},
    },
    tools::web::{JsonBody, PageQuery, Problem, ProblemDocument},
};

/// One of one's own users
///
/// What the person's consent covers, and no more. Scope `users:read`.
#[utoipa::path(tag = "Integration",
    params(("sub" = String, Path, description = "The name by which the system knows the account")),
    security(("client_token" = ["users:read"])), responses(
    (status = 200, body = User),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "user_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/users/{sub}")]
pub async fn get_user(
    ctx: Ctx,
    caller: Caller,
    sub: web::Path<String>,
) -> Result<web::Json<User>, Problem> {
    let client = caller.with(Scope::UsersRead)?;
    users::find(&ctx, client, sub.into_inner()).await.map(web::Json)
}

/// What has happened to one's users
///
/// The oldest first. Events appear some seconds after they happened, so that
/// none is missed; a cursor is good for `retention.event_days`. Scope
/// `users:read`.
#[utoipa::path(tag = "Integration", params(PageQuery), security(("client_token" = ["users:read"])), responses(
    (status = 200, body = Changes),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "cursor_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/changes")]
pub async fn list_changes(
    ctx: Ctx,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Changes>, Problem> {
    let client = caller.id_with(Scope::UsersRead)?;
    changes::read(&ctx, client, query.into_inner()).await.map(web::Json)
}

/// Whether a name and a document belong together
///
/// Yes when a verified account has both; no otherwise, also when there is no
/// account. Each question is recorded, and the person reads who asked and what
/// for. Questions are limited by day for each system, and for each document
/// over all systems. Scope `identity:check`.
#[utoipa::path(tag = "Integration", request_body = CheckIdentity, security(("client_token" = ["identity:check"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    responses(
    (status = 200, body = IdentityChecked),
    (status = 401, description = "token_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "scope_insufficient", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (those of name and document at registration; of `purpose` `required`, `too_long`, `invalid`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/identity-checks")]
pub async fn check_identity(
    ctx: Ctx,
    (caller, idempotency): (Caller, Idempotency),
    body: JsonBody<CheckIdentity>,
) -> Result<HttpResponse, Problem> {
    let client = caller.id_with(Scope::IdentityCheck)?;
    let JsonBody { value, bytes } = body;
    let question = value.parse(ctx.now.date_naive())?;
    let once = idempotency.of(&ctx, &client.to_string(), &bytes);
    once.write(move |tx| {
        let answer = identity_check::check(tx, client, &question)?;
        Ok(Reply::json(StatusCode::OK, &answer)?)
    })
    .await
}
