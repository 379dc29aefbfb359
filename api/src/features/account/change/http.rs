//! Changing an account, over HTTP.

use actix_web::{HttpResponse, delete, get, post, web};

use super::{
    confirm, draft,
    dto::ChangeAccount,
    enter,
    view::{self, AccountChange},
};
use crate::{
    capabilities::{
        accounts,
        core::Ctx,
        flows::{self, not_found},
        idempotency::{Idempotency, Reply},
        proving::ConfirmCode,
        sessions::SignedIn,
    },
    features::account::{not_signed_in, view::AccountView},
    kernel::ids::FlowId,
    tools::{
        db::DbFault,
        web::{JsonBody, Problem, ProblemDocument},
    },
};

/// Change name, bank, card or phone
///
/// Begins a change or goes on with the open one. The bank checks the four
/// elements that come of it; only on a match a code goes to the phone that will
/// hold. The same values again after a match send another code without another
/// check. The account stays as it is until the code was entered.
#[utoipa::path(tag = "Account",
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ChangeAccount, security(("session_cookie" = []), ("access_token" = [])),
    responses(
        (status = 200, body = AccountChange),
        (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "password_needed, cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "changes_held (with `held_until`), request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, nothing_changed, bank_mismatch, card_kind_not_accepted, card_bank_mismatch, card_unusable, issuer_unsupported, document_unsupported_by_bank, phone_not_reserved, name_too_long_for_bank, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "bank_attempts_exceeded, sms_limit_exceeded, sms_resend_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "bank_unavailable", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/account/change")]
pub async fn change_account(
    ctx: Ctx,
    (signed_in, idempotency): (SignedIn, Idempotency),
    body: JsonBody<ChangeAccount>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let SignedIn(session) = signed_in;
    let caller = session.id.to_string();
    let idempotency = idempotency.of(&ctx, &caller, &bytes);
    enter::change(&ctx, idempotency, session, value).await
}

/// The open change, to go on after a reload
///
/// What was entered, masked, and the step that comes next. `flow_not_found`
/// says that no change is open, or that it has expired: begin one with `POST
/// /api/v1/account/change`.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = AccountChange),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/account/change")]
pub async fn get_account_change(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<AccountChange>, Problem> {
    let view = ctx
        .read(move |tx| -> Result<_, Problem> {
            let account = accounts::find(tx, session.account)?.ok_or_else(not_signed_in)?;
            let change = draft::open(tx, &account)?;
            Ok(view::of(tx, &change.ok_or_else(not_found)?)?)
        })
        .await?;
    Ok(web::Json(view))
}

/// Give the change up; the account stays as it is
///
/// What was entered is erased. Succeeds without an effect if no change is open.
#[utoipa::path(tag = "Account", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/account/change")]
pub async fn abandon_account_change(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<HttpResponse, Problem> {
    let id = FlowId::of_account(session.account);
    ctx.write(move |tx| -> Result<bool, DbFault> { flows::remove(tx.conn, id) }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Enter the code: the account is changed
///
/// The phone that held before is told, once.
#[utoipa::path(tag = "Account",
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ConfirmCode, security(("session_cookie" = []), ("access_token" = [])),
    responses(
        (status = 200, body = AccountView),
        (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, changes_held (with `held_until`), request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, code_wrong, code_expired, code_dead, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/account/change/confirmation")]
pub async fn confirm_account_change(
    ctx: Ctx,
    (signed_in, idempotency): (SignedIn, Idempotency),
    body: JsonBody<ConfirmCode>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let code = value.parse()?;
    let SignedIn(session) = signed_in;
    let caller = session.id.to_string();
    let once = idempotency.of(&ctx, &caller, &bytes);
    once.write(move |tx| {
        let account = confirm::confirm(tx, &session, code.as_ref())?;
        Ok(Reply::ok(&account)?)
    })
    .await
}
