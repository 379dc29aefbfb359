//! One's own account over HTTP: shown, its password, history, export, closing.

use actix_web::{HttpResponse, delete, get, post, put, web};

use super::{
    closing::{self, Closure},
    export::{self, AccountExport},
    history::{self, HistoryItem},
    identity_checks::{self, IdentityCheckItem},
    password::{self, ChangePassword},
    systems::{self, AuthorizedSystems},
    view::{self, AccountView},
};
use crate::{
    capabilities::{core::Ctx, sessions::SignedIn},
    tools::web::{JsonBody, Page, PageQuery, Problem, ProblemCode, ProblemDocument},
};

/// One's own account
///
/// Who the account belongs to, masked, and what state it is in. Whole values
/// are in `POST /api/v1/account/export` only.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AccountView),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account")]
pub async fn get_account(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<AccountView>, Problem> {
    let view = ctx.read(move |tx| view::of(tx, &session)).await?;
    Ok(web::Json(view))
}

/// Change the password
///
/// Every other session ends, an open change of the account is given up, and the
/// phone is told.
#[utoipa::path(tag = "Account", request_body = ChangePassword,
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "password_needed, cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed (with `password_same`, `password_in_history`)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[put("/account/password")]
pub async fn change_password(
    ctx: Ctx,
    SignedIn(session): SignedIn,
    body: JsonBody<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    password::change(&ctx, session, body.value).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What happened to the account
///
/// Sign-ins and changes with time, place and device, the newest first.
#[utoipa::path(tag = "Account", params(PageQuery),
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = Page<HistoryItem>),
    (status = 400, description = "malformed_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "cursor_invalid", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account/history")]
pub async fn list_history(
    ctx: Ctx,
    SignedIn(session): SignedIn,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<HistoryItem>>, Problem> {
    history::read(&ctx, session.account, query.into_inner()).await.map(web::Json)
}

/// Business systems that asked about oneself
///
/// Who asked whether name and document belong together, when, and what for; the
/// newest first.
#[utoipa::path(tag = "Account", params(PageQuery),
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = Page<IdentityCheckItem>),
    (status = 400, description = "malformed_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "cursor_invalid", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account/identity-checks")]
pub async fn list_identity_checks(
    ctx: Ctx,
    SignedIn(session): SignedIn,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<IdentityCheckItem>>, Problem> {
    identity_checks::read(&ctx, session.account, query.into_inner()).await.map(web::Json)
}

/// Everything held about the account, in clear
///
/// Needs a password that was entered a few minutes ago: on `password_needed`,
/// ask for it with `POST /api/v1/sessions/current/password-check` and try
/// again. The export is recorded in the history.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AccountExport),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "password_needed, cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/account/export")]
pub async fn export_account(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<AccountExport>, Problem> {
    export::export(&ctx, session).await.map(web::Json)
}

/// Ask for the account to be closed
///
/// After some days everything about it is erased, and username and document can
/// be registered again. Until then it can be kept. The phone is told. What was
/// asked before stands.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = Closure),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "password_needed, cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/account/closure")]
pub async fn request_closure(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<Closure>, Problem> {
    let closure = closing::request(&ctx, session).await?;
    Ok(web::Json(closure))
}

/// Keep the account after all
///
/// Cancels a closing that was asked for. Succeeds without an effect if none
/// was.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/account/closure")]
pub async fn cancel_closure(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<HttpResponse, Problem> {
    closing::cancel(&ctx, session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Business systems that see something of the account
///
/// Each system with the items that the person consented to. `DELETE` on one of
/// them takes the consent back.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AuthorizedSystems),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account/authorized-systems")]
pub async fn list_authorized_systems(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<AuthorizedSystems>, Problem> {
    let listed = ctx.read(move |tx| systems::list(tx.conn, session.account)).await?;
    Ok(web::Json(listed))
}

/// Take a consent back
///
/// The system's tokens die, and it is told. What it sees again, it must ask for
/// again. Nothing happens when there is no consent.
#[utoipa::path(tag = "Account", params(("client_id" = String, Path, format = Uuid)),
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "not_found", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/account/authorized-systems/{client_id}")]
pub async fn withdraw_authorized_system(
    ctx: Ctx,
    SignedIn(session): SignedIn,
    client: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let client = client.parse().map_err(|_| Problem::new(ProblemCode::NotFound))?;

    systems::withdraw(&ctx, session, client).await?;
    Ok(HttpResponse::NoContent().finish())
}
