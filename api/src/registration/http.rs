//! Registration over HTTP.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, delete,
    dev::Payload,
    get,
    http::{Method, StatusCode},
    post, put, web,
};

use super::{
    confirm::{self, Registered},
    dto::{ChangeCredentials, ConfirmCode, EnterIdentity, StartRegistration, VerifyWithBank},
    enter_identity as identity_step,
    problems::Refused,
    request_code, start, store, token,
    view::{self, Registration},
};
use crate::{
    audit::{self, AuditKind, AuditSubject},
    core::Core,
    db::DbFault,
    idempotency::{Idempotency, Reply},
    kernel::ids::RegistrationId,
    web::{JsonBody, Problem, ProblemDocument, RequestMeta, cookies},
};

/// Header in which an app sends its flow token.
const FLOW_TOKEN: &str = "flow-token";

/// The draft that a request may work on, as its cookie or token proves.
pub struct Flow {
    id: RegistrationId,
    token: String,
}

impl FromRequest for Flow {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let core = request.app_data::<web::Data<Core>>().cloned();
        let header = request.headers().get(FLOW_TOKEN);
        let header = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let cookie = core
            .as_ref()
            .filter(|_| header.is_none())
            .and_then(|core| cookies::read(&core.settings, request, cookies::FLOW));
        let in_path = request.match_info().get("id").map(str::to_owned);
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        let meta = RequestMeta::from_request(request, payload);
        Box::pin(async move {
            let core = core.ok_or_else(|| Problem::internal("no core"))?;
            if changes && cookie.is_some() {
                meta.await?.require_same_origin()?;
            }
            let token = header.or(cookie).ok_or(Refused::NotFound)?;
            let id = token::verify(&core, &token).ok_or(Refused::NotFound)?;
            // Another draft's id in the path: as unknown as any other.
            if in_path.is_some_and(|path| path != id.to_string()) {
                return Err(Refused::NotFound.into());
            }
            Ok(Self { id, token })
        })
    }
}

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
    core: web::Data<Core>,
    meta: RequestMeta,
    (request, idempotency): (HttpRequest, Idempotency),
    body: JsonBody<StartRegistration>,
) -> Result<HttpResponse, Problem> {
    let core = core.into_inner();
    let is_app = request.headers().get("flow-client").is_some_and(|client| client == "app");
    let JsonBody { value, bytes } = body;
    let work = async {
        let mut view = start::start(&core, &meta, value.parse(&core)?).await?;
        let token = token::issue(&core, view.id());
        if is_app {
            view.flow_token = Some(token);
            return Reply::json(StatusCode::CREATED, &view);
        }
        let cookie = cookies::make(&core.settings, cookies::FLOW, token, None);
        Ok(Reply::json(StatusCode::CREATED, &view)?.cookie(&cookie))
    };
    idempotency.run(&core, (&meta, if is_app { "app" } else { "browser" }, &bytes), work).await
}

/// The registration of the cookie or token
#[utoipa::path(tag = "Registration", operation_id = "get_current_registration",
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[get("/registrations/current")]
pub async fn get_current_registration(
    core: web::Data<Core>,
    meta: RequestMeta,
    flow: Flow,
) -> Result<web::Json<Registration>, Problem> {
    show(core.into_inner(), meta, flow).await
}

/// A registration, to go on after a reload
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[get("/registrations/{id}")]
pub async fn get_registration(
    core: web::Data<Core>,
    meta: RequestMeta,
    flow: Flow,
) -> Result<web::Json<Registration>, Problem> {
    show(core.into_inner(), meta, flow).await
}

async fn show(
    core: Arc<Core>,
    meta: RequestMeta,
    flow: Flow,
) -> Result<web::Json<Registration>, Problem> {
    let view = core
        .clone()
        .db
        .read(move |conn| -> Result<_, Refused> {
            let draft = store::find(&core, conn, flow.id, meta.now)?.ok_or(Refused::NotFound)?;
            Ok(view::of(&core, conn, &draft)?)
        })
        .await?;
    Ok(web::Json(view))
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
        (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[put("/registrations/{id}/credentials")]
pub async fn change_credentials(
    core: web::Data<Core>,
    meta: RequestMeta,
    flow: Flow,
    body: JsonBody<ChangeCredentials>,
) -> Result<web::Json<Registration>, Problem> {
    let core = core.into_inner();
    let credentials = body.value.parse(&core)?;
    start::change_credentials(&core, (&meta, flow.id), credentials).await.map(web::Json)
}

/// Enter name, document, sex and date of birth
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
    core: web::Data<Core>,
    meta: RequestMeta,
    flow: Flow,
    body: JsonBody<EnterIdentity>,
) -> Result<web::Json<Registration>, Problem> {
    let core = core.into_inner();
    identity_step::enter_identity(&core, (&meta, flow.id), body.value).await.map(web::Json)
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
        (status = 409, description = "stage_conflict, request_in_progress, document_in_use", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, bank_mismatch, card_kind_not_accepted, card_bank_mismatch, card_unusable, issuer_unsupported, document_unsupported_by_bank, phone_not_reserved, name_too_long_for_bank, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "bank_attempts_exceeded, sms_limit_exceeded, sms_resend_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "bank_unavailable", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations/{id}/bank-verification")]
pub async fn verify_with_bank(
    core: web::Data<Core>,
    meta: RequestMeta,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<VerifyWithBank>,
) -> Result<HttpResponse, Problem> {
    let core = core.into_inner();
    let JsonBody { value, bytes } = body;
    let work = async {
        let view = request_code::request_code(&core, (&meta, flow.id), value).await;
        core.outbox_bell.notify_one();
        Reply::json(StatusCode::OK, &view?)
    };
    idempotency.run(&core, (&meta, &flow.token, &bytes), work).await
}

/// Enter the code: the account is created
#[utoipa::path(tag = "Registration",
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    request_body = ConfirmCode, security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 201, body = Registered),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "username_taken, document_in_use, stage_conflict, request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, code_wrong, code_expired, code_dead, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations/{id}/confirmation")]
pub async fn confirm_registration(
    core: web::Data<Core>,
    meta: RequestMeta,
    (flow, idempotency): (Flow, Idempotency),
    body: JsonBody<ConfirmCode>,
) -> Result<HttpResponse, Problem> {
    let core = core.into_inner();
    let JsonBody { value, bytes } = body;
    let work = async {
        let registered = confirm::confirm(&core, (&meta, flow.id), value.parse()?).await?;
        Reply::json(StatusCode::CREATED, &registered)
    };
    idempotency.run(&core, (&meta, &flow.token, &bytes), work).await
}

/// Ask for more time
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 200, body = Registration),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/registrations/{id}/extension")]
pub async fn extend_registration(
    core: web::Data<Core>,
    meta: RequestMeta,
    flow: Flow,
) -> Result<web::Json<Registration>, Problem> {
    let core = core.into_inner();
    start::change(&core, (&meta, flow.id), |_| Ok(())).await.map(web::Json)
}

/// Give up; everything typed is erased
#[utoipa::path(tag = "Registration", params(("id" = String, Path, format = Uuid)),
    security(("flow_cookie" = []), ("flow_token" = [])),
    responses(
        (status = 204),
        (status = 404, description = "flow_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[delete("/registrations/{id}")]
pub async fn abandon_registration(
    core: web::Data<Core>,
    meta: RequestMeta,
    flow: Flow,
) -> Result<HttpResponse, Problem> {
    let core = core.into_inner();
    let own = Arc::clone(&core);
    let gone = core
        .db
        .write(move |conn| -> Result<bool, DbFault> {
            let event = (AuditKind::RegistrationAbandoned, AuditSubject::flow(flow.id));
            audit::record(&own, conn, &meta, event)?;
            store::remove(conn, flow.id)
        })
        .await?;
    if !gone {
        return Err(Refused::NotFound.into());
    }
    let cookie = cookies::remove(&core.settings, cookies::FLOW);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}
