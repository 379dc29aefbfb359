//! Security questions, over HTTP.

use actix_web::{HttpResponse, delete, get, put, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::set::{self, AccountQuestions, SetQuestions};
use crate::{
    capabilities::{
        core::Ctx,
        security_questions::{self, Group},
        sessions::SignedIn,
    },
    tools::web::{JsonBody, Problem, ProblemDocument},
};

/// The questions that one can choose from.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecurityQuestionList {
    groups: Vec<Group>,
}

/// The bank of security questions
///
/// Ids and texts in both languages, in groups. Send the ids to `PUT
/// /api/v1/account/security-questions`.
#[utoipa::path(tag = "Reference data", responses((status = 200, body = SecurityQuestionList)))]
#[get("/security-questions")]
pub async fn list_security_questions() -> web::Json<SecurityQuestionList> {
    web::Json(SecurityQuestionList { groups: security_questions::groups().to_vec() })
}

/// The questions one has chosen
///
/// Their ids, never the answers, and whether they can be used. After too many
/// wrong answers the state is `disabled` until they are chosen again.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AccountQuestions),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account/security-questions")]
pub async fn get_account_questions(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<AccountQuestions>, Problem> {
    let view = ctx.read(move |tx| set::view(tx, session.account)).await?;
    Ok(web::Json(view))
}

/// Choose three questions and answer them
///
/// Different questions of the bank, and answers that are neither each other,
/// nor the question, nor what a document tells. What was chosen before is
/// replaced.
#[utoipa::path(tag = "Account", request_body = SetQuestions,
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AccountQuestions),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "password_needed, cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, description = "security_questions_off", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "too_many_requests (five times a day)", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[put("/account/security-questions")]
pub async fn set_account_questions(
    ctx: Ctx,
    SignedIn(session): SignedIn,
    body: JsonBody<SetQuestions>,
) -> Result<web::Json<AccountQuestions>, Problem> {
    let chosen = set::set(&ctx, session, body.value).await?;
    Ok(web::Json(chosen))
}

/// Give the questions up
///
/// Needs a password that was entered a few minutes ago (`password_needed`:
/// `POST /api/v1/sessions/current/password-check`). The phone is told. Succeeds
/// without an effect if none were chosen.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "password_needed, cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/account/security-questions")]
pub async fn remove_account_questions(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<HttpResponse, Problem> {
    set::remove(&ctx, session).await?;
    Ok(HttpResponse::NoContent().finish())
}
