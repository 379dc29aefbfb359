//! Recovery over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, put, web};

use super::{
    answer_questions, choose_method, confirm,
    draft::{Answers, Draft},
    dto::{
        AnswerQuestions, AskRecoveryCode, ChooseMethod, FindPassword, FindUsername, ReplacePhone,
        ResetPassword,
    },
    replace_phone as phone_step, request_code, reset_password as password_step, start,
    view::Recovery,
};
use crate::{
    capabilities::{
        core::{Core, Ctx, Stop, Tx},
        flows::{
            self, Kind,
            http::{Handle, begun, forget_cookie, is_app},
        },
        idempotency::{Idempotency, Once, Reply, Settled},
        proving::{self, ConfirmCode},
    },
    kernel::ids::FlowId,
    tools::web::{JsonBody, Problem, ProblemDocument, cookies},
};

/// The recovery that a request may work on.
type Flow = Handle<Answers>;

/// Hands a new recovery over, or says why there is none.
fn handed_over(core: &Core, view: Recovery, is_app: bool) -> Settled {
    let flow = (Kind::Recovery, view.id, is_app);
    Ok(begun(core, flow, view, |view, token| view.flow_token = Some(token))?)
}

/// Takes a step of a recovery once for the key of its request.
async fn take_once(
    once: Once,
    id: FlowId,
    step: impl FnOnce(&mut Tx<'_>, &mut Draft) -> Result<(), Stop> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    once.write(move |tx| Ok(Reply::ok(&flows::step(tx, id, step)?)?)).await
}

/// Find a forgotten username: who it is
///
/// Nothing is looked up: the answer is the same for people without an account.
/// A browser gets the cookie `shiming_recovery`; an app sends
/// `Flow-Client: app` and gets `flow_token` instead, for the header
/// `Flow-Token` of the steps that follow.
#[utoipa::path(tag = "Recovery", request_body = FindUsername,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
        ("Flow-Client" = Option<String>, Header, description = "`app`: answer with a flow token"),
    ),
    responses(
        (status = 201, body = Recovery),
        (status = 422, description = "validation_failed, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/username")]
pub async fn find_username(
    ctx: Ctx,
    (request, idempotency): (HttpRequest, Idempotency),
    body: JsonBody<FindUsername>,
) -> Result<HttpResponse, Problem> {
    let is_app = is_app(&request);
    let JsonBody { value, bytes } = body;
    let claimed = value.parse(ctx.now.date_naive())?;
    let caller = if is_app { "app" } else { "browser" };
    let once = idempotency.of(&ctx, caller, &bytes);
    once.write(move |tx| handed_over(tx.core, start::find_username(tx, claimed)?, is_app)).await
}

/// Recover from a forgotten password: whose it is
///
/// Nothing is looked up: the answer is the same for usernames that nobody has.
/// For the cookie and the token see `POST /api/v1/recoveries/username`.
#[utoipa::path(tag = "Recovery", request_body = FindPassword,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
        ("Flow-Client" = Option<String>, Header, description = "`app`: answer with a flow token"),
    ),
    responses(
        (status = 201, body = Recovery),
        (status = 422, description = "validation_failed, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/password")]
pub async fn find_password(
    ctx: Ctx,
    (request, idempotency): (HttpRequest, Idempotency),
    body: JsonBody<FindPassword>,
) -> Result<HttpResponse, Problem> {
    let is_app = is_app(&request);
    let JsonBody { value, bytes } = body;
    let (username, captcha) = value.parse()?;
    let caller = if is_app { "app" } else { "browser" };
    let once = idempotency.of(&ctx, caller, &bytes);
    once.write(move |tx| {
        handed_over(tx.core, start::find_password(tx, &username, captcha)?, is_app)
    })
    .await
}

/// The recovery of the cookie or token
///
/// The same as `GET /api/v1/recoveries/{id}`, for a client that does not know
/// the id. `flow_not_found` says that there is none, or that it has expired:
/// start again.
#[utoipa::path(tag = "Recovery", operation_id = "get_current_recovery",
    security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[get("/recoveries/current")]
pub async fn get_current_recovery(ctx: Ctx, flow: Flow) -> Result<web::Json<Recovery>, Problem> {
    Ok(web::Json(ctx.read(move |tx| flows::show::<Answers>(tx, flow.id)).await?))
}

/// A recovery, to go on after a reload
///
/// What was entered, masked, the step that comes next and when it expires.
/// `flow_not_found` says that it has expired, or belongs to another cookie or
/// token: start again.
#[utoipa::path(tag = "Recovery", params(("id" = String, Path, format = Uuid)),
    security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[get("/recoveries/{id}")]
pub async fn get_recovery(ctx: Ctx, flow: Flow) -> Result<web::Json<Recovery>, Problem> {
    Ok(web::Json(ctx.read(move |tx| flows::show::<Answers>(tx, flow.id)).await?))
}

/// Choose how to recover from a forgotten password
///
/// By document number and SMS code, or by security questions. May be chosen
/// again as long as nothing is proved.
#[utoipa::path(tag = "Recovery", params(("id" = String, Path, format = Uuid)),
    request_body = ChooseMethod, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "security_questions_not_set (the same for usernames that nobody has), stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[put("/recoveries/{id}/method")]
pub async fn choose_recovery_method(
    ctx: Ctx,
    flow: Flow,
    body: JsonBody<ChooseMethod>,
) -> Result<web::Json<Recovery>, Problem> {
    let method = body.value.method;
    let choose = move |tx: &mut Tx<'_>, draft: &mut _| choose_method::choose(tx, draft, method);
    Ok(web::Json(ctx.write(move |tx| flows::step(tx, flow.id, choose)).await?))
}

/// Ask for a code
///
/// The message goes to the phone of the account, and only if everything typed
/// is right. The answer is the same if it is not, or if there is no account.
#[utoipa::path(tag = "Recovery",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = AskRecoveryCode, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "sms_resend_too_soon, sms_limit_exceeded, document_attempts_exceeded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/{id}/code")]
pub async fn send_recovery_code(
    ctx: Ctx,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<AskRecoveryCode>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let once = idempotency.of(&ctx, &flow.token, &bytes);
    take_once(once, flow.id, move |tx, draft| request_code::request(tx, draft, &value)).await
}

/// Enter the code
///
/// To find a username: it is sent to the phone, and all is done. To find a
/// password: a new one may be set, after the security questions where they are
/// a second step.
#[utoipa::path(tag = "Recovery", params(("id" = String, Path, format = Uuid)),
    request_body = ConfirmCode, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, recovery_code_wrong, code_expired, code_dead", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/{id}/confirmation")]
pub async fn confirm_recovery_code(
    ctx: Ctx,
    flow: Flow,
    body: JsonBody<ConfirmCode>,
) -> Result<web::Json<Recovery>, Problem> {
    let code = body.value.parse()?;
    let confirm = move |tx: &mut Tx<'_>, draft: &mut _| confirm::confirm(tx, draft, code.as_ref());
    Ok(web::Json(ctx.write(move |tx| flows::step(tx, flow.id, confirm)).await?))
}

/// Answer the security questions
///
/// All three at once. A few sets of wrong answers end the use of the questions
/// until they are chosen again.
#[utoipa::path(tag = "Recovery",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = AnswerQuestions, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "security_questions_not_set, stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, answers_wrong, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/{id}/answers")]
pub async fn answer_recovery_questions(
    ctx: Ctx,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<AnswerQuestions>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let answers = value.parse()?;
    // To its end, also when nobody waits for it: what was counted is told to
    // the owner.
    let idempotency = idempotency.of(&ctx, &flow.token, &bytes);
    idempotency
        .run(async move {
            let view = answer_questions::answer(&ctx, flow.id, answers).await?;
            Reply::json(StatusCode::OK, &view)
        })
        .await
}

/// Set a new password
///
/// Every session ends and the phone is told; a closing that was asked for is
/// cancelled, and a change that was begun is given up. After a recovery by
/// security questions phone and bank cannot be changed for a while. After one by
/// the code alone security questions are removed, for a thief may have chosen
/// them: choose them again.
#[utoipa::path(tag = "Recovery",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ResetPassword, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict (also when what was proved does not hold any more), request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed (with `password_same` and `password_in_history` for earlier ones), idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "too_many_requests (20 passwords a day may be tried)", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[put("/recoveries/{id}/password")]
pub async fn reset_password(
    ctx: Ctx,
    (request, flow, idempotency): (HttpRequest, Flow, Idempotency),
    body: JsonBody<ResetPassword>,
) -> Result<HttpResponse, Problem> {
    let device = cookies::read(&ctx.core.settings, &request, cookies::DEVICE);
    let JsonBody { value, bytes } = body;
    let idempotency = idempotency.of(&ctx, &flow.token, &bytes);
    idempotency
        .run(async move {
            let view = password_step::reset(&ctx, flow.id, value, device).await?;
            Reply::json(StatusCode::OK, &view)
        })
        .await
}

/// Replace a phone that is no longer in use: check with the bank, send a code
///
/// The bank must match name, document and card with the new phone; only then a
/// message goes to it. The same values again after a match send another code
/// without another check.
#[utoipa::path(tag = "Recovery",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ReplacePhone, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, bank_mismatch, card_kind_not_accepted, card_bank_mismatch, card_unusable, issuer_unsupported, document_unsupported_by_bank, phone_not_reserved, name_too_long_for_bank, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "bank_attempts_exceeded, sms_limit_exceeded, sms_resend_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "bank_unavailable", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/{id}/phone-replacement")]
pub async fn replace_phone(
    ctx: Ctx,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<ReplacePhone>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let idempotency = idempotency.of(&ctx, &flow.token, &bytes);
    proving::request_code(idempotency, flow.id, phone_step::enter(value)).await
}

/// Enter the code: the phone is replaced
///
/// The old phone is told. The recovery goes on where it was, with the new
/// phone.
#[utoipa::path(tag = "Recovery",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ConfirmCode, security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Recovery),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "phone_replacement_refused, changes_held, stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, code_wrong, code_expired, code_dead, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/recoveries/{id}/phone-replacement/confirmation")]
pub async fn confirm_phone_replacement(
    ctx: Ctx,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<ConfirmCode>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let code = value.parse()?;
    let once = idempotency.of(&ctx, &flow.token, &bytes);
    take_once(once, flow.id, move |tx, draft| phone_step::confirm(tx, draft, code.as_ref())).await
}

/// Give up; everything typed is erased
///
/// The cookie is removed, too. A code that was sent is of no use afterwards.
#[utoipa::path(tag = "Recovery", params(("id" = String, Path, format = Uuid)),
    security(("recovery_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 204),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[delete("/recoveries/{id}")]
pub async fn abandon_recovery(ctx: Ctx, flow: Flow) -> Result<HttpResponse, Problem> {
    ctx.write(move |tx| flows::abandon::<Answers>(tx, flow.id)).await?;
    let cookie = forget_cookie(&ctx.core, Kind::Recovery);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}
