//! The sandbox over HTTP: what a phone, a mailbox and a bank would hold.

use actix_web::{HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    BankBehaviour, Behaviour, Sandbox,
    behaviour::Port,
    cardholders::{BUILT_IN, Cardholder},
    mail::KeptMail,
    sms::KeptSms,
    store,
};
use crate::{
    capabilities::{captcha, core::Ctx},
    kernel::{Timestamp, ids::CaptchaId},
    tools::{
        identity::Phone,
        web::{JsonBody, Problem, ProblemCode, ProblemDocument, RequestMeta},
    },
};

/// The sandbox, when it is on.
pub type Switch = Option<Sandbox>;

fn on(switch: &web::Data<Switch>) -> Result<Sandbox, Problem> {
    switch.as_ref().clone().ok_or_else(|| Problem::new(ProblemCode::SandboxOnly))
}

/// A text message.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmsView {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "13800138000")]
    phone: String,
    #[schema(example = "registration")]
    purpose: String,
    #[schema(
        example = "【实名】验证码305871，用于用户注册，120秒内有效。请勿告知他人，工作人员不会向您索取。"
    )]
    text: String,
    /// `null` when the message holds none.
    #[schema(required, example = "305871")]
    code: Option<String>,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
}

/// Text messages, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmsList {
    items: Vec<SmsView>,
}

/// Whose messages.
#[derive(Debug, Deserialize, IntoParams)]
pub struct SmsQuery {
    /// Eleven digits; everybody's when left out.
    #[param(example = "13800138000")]
    phone: Option<String>,
}

/// Read the SMS inbox
///
/// What the sandbox's gateway would have sent, the newest first, with the code
/// of each message. `sandbox_only` says that the installation sends real
/// messages.
#[utoipa::path(tag = "Sandbox", params(SmsQuery), responses(
    (status = 200, body = SmsList),
    (status = 404, description = "sandbox_only", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/sandbox/v1/sms")]
pub async fn list_sms(
    switch: web::Data<Switch>,
    query: web::Query<SmsQuery>,
) -> Result<web::Json<SmsList>, Problem> {
    let sandbox = on(&switch)?;
    let phone = query.phone.as_deref().filter(|phone| !phone.is_empty()).map(|typed| {
        Phone::parse(typed).map_or_else(|_| typed.to_owned(), |phone| phone.national().to_owned())
    });
    let rows: Vec<(String, KeptSms, Timestamp)> = sandbox
        .clone()
        .db
        .read(move |conn| store::messages(&sandbox, conn, "sms", phone.as_deref()))
        .await?;
    let view = |(id, sms, created_at): (String, KeptSms, Timestamp)| {
        let KeptSms { phone, purpose, text, code } = sms;
        SmsView { id, phone, purpose, text, code, created_at }
    };
    Ok(web::Json(SmsList { items: rows.into_iter().map(view).collect() }))
}

/// A mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailView {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "help@example.gov.cn")]
    to: String,
    #[schema(example = "[C20261124-7F3K9Q] 银行核验不匹配")]
    subject: String,
    #[schema(
        example = "编号：C20261124-7F3K9Q\n主题：银行核验不匹配\n时间：2026-11-24 10:00（北京时间）\n"
    )]
    text: String,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
}

/// Mails, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailList {
    items: Vec<MailView>,
}

/// Read the mailbox
///
/// What would have been mailed, the newest first.
#[utoipa::path(tag = "Sandbox", responses(
    (status = 200, body = MailList),
    (status = 404, description = "sandbox_only", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/sandbox/v1/mail")]
pub async fn list_mail(switch: web::Data<Switch>) -> Result<web::Json<MailList>, Problem> {
    let sandbox = on(&switch)?;
    let rows: Vec<(String, KeptMail, Timestamp)> =
        sandbox.clone().db.read(move |conn| store::messages(&sandbox, conn, "mail", None)).await?;
    let view = |(id, mail, created_at): (String, KeptMail, Timestamp)| {
        let KeptMail { to, subject, text } = mail;
        MailView { id, to, subject, text, created_at }
    };
    Ok(web::Json(MailList { items: rows.into_iter().map(view).collect() }))
}

/// The answer of a captcha.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaptchaSolution {
    #[schema(example = "38157")]
    answer: String,
}

/// Solve a captcha
///
/// The digits of a captcha that waits for its answer, for tests of integrators.
/// It does not use the captcha up.
#[utoipa::path(tag = "Sandbox", params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, body = CaptchaSolution),
    (status = 404, description = "sandbox_only, not_found", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/sandbox/v1/captchas/{id}")]
pub async fn solve_captcha(
    switch: web::Data<Switch>,
    ctx: Ctx,
    id: web::Path<String>,
) -> Result<web::Json<CaptchaSolution>, Problem> {
    on(&switch)?;
    let missing = || Problem::new(ProblemCode::NotFound);
    let id: CaptchaId = id.parse().map_err(|_| missing())?;
    let answer = ctx.read(move |tx| captcha::answer(tx, id)).await?;
    Ok(web::Json(CaptchaSolution { answer: answer.ok_or_else(missing)? }))
}

/// Fictitious people.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardholderList {
    items: Vec<Cardholder>,
}

/// The people one can register as
///
/// Those who were added, the newest first and 200 at most, and then those who
/// are always there.
#[utoipa::path(tag = "Sandbox", responses(
    (status = 200, body = CardholderList),
    (status = 404, description = "sandbox_only", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/sandbox/v1/cardholders")]
pub async fn list_cardholders(
    switch: web::Data<Switch>,
) -> Result<web::Json<CardholderList>, Problem> {
    let sandbox = on(&switch)?;
    let db = sandbox.db.clone();
    let added = db.read(move |conn| store::added_cardholders(&sandbox, conn)).await?;
    Ok(web::Json(CardholderList {
        items: added.into_iter().chain(BUILT_IN.iter().cloned()).collect(),
    }))
}

/// Add a fictitious person
///
/// The answer has the numbers as the bank compares them, without the spaces
/// that people type.
#[utoipa::path(tag = "Sandbox", request_body = Cardholder, responses(
    (status = 201, body = Cardholder),
    (status = 404, description = "sandbox_only", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/sandbox/v1/cardholders")]
pub async fn add_cardholder(
    switch: web::Data<Switch>,
    meta: RequestMeta,
    body: JsonBody<Cardholder>,
) -> Result<HttpResponse, Problem> {
    let sandbox = on(&switch)?;
    let cardholder = body.value.checked(meta.now)?;
    let (db, kept) = (sandbox.db.clone(), cardholder.clone());
    db.write(move |conn| store::add_cardholder(&sandbox, conn, &kept)).await?;
    Ok(HttpResponse::Created().json(cardholder))
}

/// Make the bank misbehave, or say something
///
/// Holds for `remaining` bank checks, or until it is set again; `normal` ends
/// it. Tests of integrators meet every refusal of a bank by it.
#[utoipa::path(tag = "Sandbox", request_body = BankBehaviour, responses(
    (status = 200, body = BankBehaviour),
    (status = 404, description = "sandbox_only", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[put("/sandbox/v1/bank/behaviour")]
pub async fn set_bank_behaviour(
    switch: web::Data<Switch>,
    body: JsonBody<BankBehaviour>,
) -> Result<web::Json<BankBehaviour>, Problem> {
    let sandbox = on(&switch)?;
    body.value.check()?;
    set(&sandbox, Port::Bank, body.value).await?;
    Ok(web::Json(body.value))
}

/// Make the SMS gateway misbehave
///
/// Holds for `remaining` messages, or until it is set again; `normal` ends it.
#[utoipa::path(tag = "Sandbox", request_body = Behaviour, responses(
    (status = 200, body = Behaviour),
    (status = 404, description = "sandbox_only", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[put("/sandbox/v1/sms/behaviour")]
pub async fn set_sms_behaviour(
    switch: web::Data<Switch>,
    body: JsonBody<Behaviour>,
) -> Result<web::Json<Behaviour>, Problem> {
    set(&on(&switch)?, Port::Sms, body.value.into()).await?;
    Ok(web::Json(body.value))
}

async fn set(sandbox: &Sandbox, port: Port, behaviour: BankBehaviour) -> Result<(), Problem> {
    let write = sandbox.db.write(move |conn| store::set_behaviour(conn, port.code(), behaviour));
    Ok(write.await?)
}
