//! The person's side of a sign-in to a business system, for the web client.

use actix_web::{HttpRequest, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    decide::{Decided, Decision, decide, not_found},
    view::{self, Authorization},
};
use crate::{
    capabilities::core::Ctx,
    capabilities::sessions,
    features::oauth::request::{http::Held, pending},
    tools::web::{JsonBody, Problem, ProblemDocument},
};

async fn shown(
    ctx: &Ctx,
    request: &HttpRequest,
    held: Held,
) -> Result<web::Json<Authorization>, Problem> {
    let session = sessions::of_browser(ctx, request).await?;
    let look = ctx.read(move |tx| {
        let found = view::look(tx, &held, session)?;
        Ok(view::view(tx.core, held.id, found))
    });
    look.await.map(web::Json)
}

/// The sign-in that this browser brought last
///
/// For a page that does not know the id. `authorization_not_found` says that
/// the browser has brought none, or that it has expired: the person begins
/// again at the business system.
#[utoipa::path(tag = "Authorization", security(("authorization_cookie" = [])), responses(
    (status = 200, body = Authorization),
    (status = 404, description = "authorization_not_found", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/authorizations/current")]
pub async fn get_current_authorization(
    ctx: Ctx,
    request: HttpRequest,
    held: Held,
) -> Result<web::Json<Authorization>, Problem> {
    shown(&ctx, &request, held).await
}

/// A sign-in to a business system
///
/// It waits for `oauth.request_minutes` in the browser that brought it; nobody
/// else finds it. Signing in, registering and recovering are done meanwhile as
/// at any other time: look here again afterwards.
#[utoipa::path(tag = "Authorization", params(("id" = String, Path)),
    security(("authorization_cookie" = [])), responses(
    (status = 200, body = Authorization),
    (status = 404, description = "authorization_not_found", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/authorizations/{id}")]
pub async fn get_authorization(
    ctx: Ctx,
    request: HttpRequest,
    held: Held,
) -> Result<web::Json<Authorization>, Problem> {
    shown(&ctx, &request, held).await
}

/// What the person decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    decision: Decision,
    /// Of the `Authorization` that the person was shown; needed to allow.
    #[serde(default)]
    #[schema(example = "9b1f0c…")]
    confirmation: Option<String>,
}

/// Where the person goes now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decided)]
pub struct DecidedView {
    /// To the system, with a code or an error.
    #[schema(example = "https://exam.example.gov.cn/callback?code=…&state=…&iss=…")]
    redirect_to: String,
}

/// Allow or refuse a sign-in
///
/// It is used up by this. `allow` needs the state `consent` or `ready`, and the
/// `confirmation` of what the person was shown: when another account or other
/// items would be shown by now, it is a conflict, and to be shown anew.
#[utoipa::path(tag = "Authorization", params(("id" = String, Path)), request_body = Decide,
    security(("authorization_cookie" = [])), responses(
    (status = 200, body = DecidedView),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "authorization_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "authorization_conflict", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/authorizations/{id}/decision")]
pub async fn decide_authorization(
    ctx: Ctx,
    request: HttpRequest,
    held: Held,
    body: JsonBody<Decide>,
) -> Result<web::Json<DecidedView>, Problem> {
    let Decide { decision, confirmation } = body.value;
    let done = Decided { decision, confirmation };
    let redirect_to = decided(&ctx, &request, held, done).await?;
    Ok(web::Json(DecidedView { redirect_to }))
}

/// Decides about a request; the caller knows that it was our own page that
/// asked.
pub async fn decided(
    ctx: &Ctx,
    request: &HttpRequest,
    held: Held,
    done: Decided,
) -> Result<String, Problem> {
    let session = sessions::of_browser(ctx, request).await?;
    ctx.write(move |tx| {
        let pending = pending::find(tx, &held.id, &held.secret)?.ok_or_else(not_found)?;
        decide(tx, session, &pending, &done)
    })
    .await
}
