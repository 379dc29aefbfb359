//! Registration over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, put, web};

use super::{
    confirm::{self, Registered},
    draft::{Answers, Draft, Stage},
    dto::{ChangeCredentials, EnterIdentity, EnterUnit, StartRegistration, VerifyWithBank},
    enter_identity as identity_step, start,
    view::Registration,
};
use crate::{
    capabilities::{
        core::{Ctx, Stop, Tx},
        flows::{
            self, Kind,
            http::{Handle, begun, forget_cookie, is_app},
            wrong_stage,
        },
        idempotency::{Idempotency, Reply},
        proving::{ConfirmCode, request_code},
    },
    tools::web::{JsonBody, Problem, ProblemDocument},
};

/// The draft that a request may work on.
type Flow = Handle<Answers>;

/// Start a registration: username, password, consents
///
/// Opens a draft and, for browsers, sets the cookie `shiming_flow`. An app
/// sends `Flow-Client: app` and gets `flow_token` instead, for the header
/// `Flow-Token` of the steps that follow.
#[utoipa::path(tag = "Registration", request_body = StartRegistration,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
        ("Flow-Client" = Option<String>, Header, description = "`app`: answer with a flow token"),
    ),
    responses(
        (status = 201, body = Registration),
        (status = 422, description = "validation_failed (with `taken` for a username in use), idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations")]
pub async fn start_registration(
    ctx: Ctx,
    (request, idempotency): (HttpRequest, Idempotency),
    body: JsonBody<StartRegistration>,
) -> Result<HttpResponse, Problem> {
    let is_app = is_app(&request);
    let JsonBody { value, bytes } = body;
    let command = value.parse(&ctx.core)?;
    let caller = if is_app { "app" } else { "browser" };
    let idempotency = idempotency.of(&ctx, caller, &bytes);
    idempotency
        .run(async move {
            let view = start::start(&ctx, command).await?;
            let flow = (Kind::Registration, view.id(), is_app);
            begun(&ctx.core, flow, view, |view, token| view.flow_token = Some(token))
        })
        .await
}

/// The registration of the cookie or token
///
/// The same as `GET /api/v1/registrations/{id}`, for a client that does not
/// know the id. `flow_not_found` says that there is none, or that it has
/// expired: start again.
#[utoipa::path(tag = "Registration", operation_id = "get_current_registration",
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[get("/registrations/current")]
pub async fn get_current_registration(
    ctx: Ctx,
    flow: Flow,
) -> Result<web::Json<Registration>, Problem> {
    Ok(web::Json(ctx.read(move |tx| flows::show::<Answers>(tx, flow.id)).await?))
}

/// A registration, to go on after a reload
///
/// What was entered, masked, the step that comes next and when it expires.
/// `flow_not_found` says that it has expired, or belongs to another cookie or
/// token: start again.
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[get("/registrations/{id}")]
pub async fn get_registration(ctx: Ctx, flow: Flow) -> Result<web::Json<Registration>, Problem> {
    Ok(web::Json(ctx.read(move |tx| flows::show::<Answers>(tx, flow.id)).await?))
}

/// Choose username and password again
///
/// Allowed at every step before the last; needed when somebody else took the
/// username meanwhile. Nothing else is lost.
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    request_body = ChangeCredentials, security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[put("/registrations/{id}/credentials")]
pub async fn change_credentials(
    ctx: Ctx,
    flow: Flow,
    body: JsonBody<ChangeCredentials>,
) -> Result<web::Json<Registration>, Problem> {
    let credentials = body.value.parse(&ctx.core)?;
    start::change_credentials(&ctx, flow.id, credentials).await.map(web::Json)
}

/// Enter the unit that registers
///
/// Name, unified social credit code and legal representative. Its agent
/// (经办人) comes next, with the steps of a person.
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    request_body = EnterUnit, security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "credit_code_in_use, stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "document_attempts_exceeded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[put("/registrations/{id}/unit")]
pub async fn enter_unit(
    ctx: Ctx,
    flow: Flow,
    body: JsonBody<EnterUnit>,
) -> Result<web::Json<Registration>, Problem> {
    identity_step::enter_unit(&ctx, flow.id, body.value).await.map(web::Json)
}

/// Enter name, document, sex and date of birth
///
/// Of a person, or of a unit's agent.
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    request_body = EnterIdentity, security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "document_in_use, stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "document_attempts_exceeded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[put("/registrations/{id}/identity")]
pub async fn enter_identity(
    ctx: Ctx,
    flow: Flow,
    body: JsonBody<EnterIdentity>,
) -> Result<web::Json<Registration>, Problem> {
    identity_step::enter_identity(&ctx, flow.id, body.value).await.map(web::Json)
}

/// What puts bank, card and phone into a draft.
fn enter_bank(
    body: VerifyWithBank,
) -> impl FnOnce(&mut Tx<'_>, &mut Draft) -> Result<(), Stop> + Send + 'static {
    move |_, draft| {
        if draft.answers.identity.is_none() || draft.stage == Stage::Completed {
            return Err(wrong_stage(draft.stage).into());
        }
        draft.answers.bank = Some(body.parse(draft)?);
        Ok(())
    }
}

/// Check card and phone with the bank, and send a code
///
/// The bank is asked first; only on a match a message goes to the phone it
/// holds. The same values again after a match send another code without
/// another check.
#[utoipa::path(tag = "Registration",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = VerifyWithBank, security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, request_in_progress, document_in_use, credit_code_in_use", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, bank_mismatch, card_kind_not_accepted, card_bank_mismatch, card_unusable, issuer_unsupported, document_unsupported_by_bank, phone_not_reserved, name_too_long_for_bank, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "bank_attempts_exceeded, sms_limit_exceeded, sms_resend_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "bank_unavailable", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations/{id}/bank-verification")]
pub async fn verify_with_bank(
    ctx: Ctx,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<VerifyWithBank>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let idempotency = idempotency.of(&ctx, &flow.token, &bytes);
    request_code(idempotency, flow.id, enter_bank(value)).await
}

/// Enter the code: the account is created
///
/// Ends the registration. On `code_wrong`, `attempts_left` says how many tries
/// the code has left. On `code_expired` and `code_dead`, have another code sent
/// by `bank-verification`. On `username_taken`, choose another with
/// `credentials` and confirm again; nothing else is lost.
#[utoipa::path(tag = "Registration",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ConfirmCode, security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 201, body = Registered),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "username_taken, document_in_use, credit_code_in_use, stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, code_wrong, code_expired, code_dead, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations/{id}/confirmation")]
pub async fn confirm_registration(
    ctx: Ctx,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<ConfirmCode>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let code = value.parse()?;
    let once = idempotency.of(&ctx, &flow.token, &bytes);
    once.write(move |tx| {
        let registered = confirm::confirm(tx, flow.id, code.as_ref())?;
        Ok(Reply::json(StatusCode::CREATED, &registered)?)
    })
    .await
}

/// Ask for more time
///
/// Begins the idle time anew; `expires_at` in the answer is the new end. Call it
/// while somebody is still typing. The end is never later than
/// `absolute_expires_at`.
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations/{id}/extension")]
pub async fn extend_registration(ctx: Ctx, flow: Flow) -> Result<web::Json<Registration>, Problem> {
    start::change(&ctx, flow.id, |_, _| Ok(())).await.map(web::Json)
}

/// Give up; everything typed is erased
///
/// The cookie is removed, too. The username was not reserved, and a code that
/// was sent is of no use afterwards.
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 204),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[delete("/registrations/{id}")]
pub async fn abandon_registration(ctx: Ctx, flow: Flow) -> Result<HttpResponse, Problem> {
    ctx.write(move |tx| flows::abandon::<Answers>(tx, flow.id)).await?;
    let cookie = forget_cookie(&ctx.core, Kind::Registration);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}
