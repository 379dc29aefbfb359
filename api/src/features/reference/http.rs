//! Reference data and the service's own state, over HTTP.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::core::Ctx,
    tools::{
        config::{QuestionsMode, Settings},
        identity::{BankCode, DocumentType, PasswordPolicyKind},
        web::{Problem, ProblemDocument},
    },
};

/// A bank whose cards can prove a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankView {
    #[schema(example = "CCB")]
    code: &'static str,
    #[schema(example = "建设银行")]
    name: &'static str,
    #[schema(example = "China Construction Bank")]
    name_en: &'static str,
}

/// The banks, in the guide's order.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankList {
    items: Vec<BankView>,
}

/// A kind of identity document.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentTypeView {
    code: DocumentType,
    #[schema(example = "居民身份证")]
    name: &'static str,
    #[schema(example = "Resident identity card")]
    name_en: &'static str,
    /// Whether the number itself tells date of birth and sex.
    carries_birth_and_gender: bool,
    /// Whether the issuing country must be given.
    needs_issuing_country: bool,
    /// A number of the right form.
    #[schema(example = "11010519491231002X")]
    example: &'static str,
}

/// The kinds of identity document.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentTypeList {
    items: Vec<DocumentTypeView>,
}

/// A text that people consent to, and its version in force.
#[derive(Debug, Serialize, ToSchema)]
struct Agreement {
    /// `user_agreement`, `privacy_notice` or `bank_check`.
    #[schema(example = "user_agreement")]
    kind: &'static str,
    #[schema(example = "2026-11-01")]
    version: String,
}

/// The rules for passwords.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordRules {
    #[schema(example = 8)]
    min_length: usize,
    #[schema(example = 128)]
    max_length: usize,
    policy: PasswordPolicyKind,
}

/// Times of SMS codes.
#[derive(Debug, Serialize, ToSchema)]
struct SmsTimes {
    #[schema(example = 120)]
    valid_seconds: u32,
    #[schema(example = 60)]
    resend_seconds: u32,
}

/// Times of captchas.
#[derive(Debug, Serialize, ToSchema)]
struct CaptchaTimes {
    #[schema(example = 300)]
    valid_seconds: u32,
}

/// How often things may be done.
#[derive(Debug, Serialize, ToSchema)]
struct Limits {
    /// Different document numbers in one registration.
    #[schema(example = 3)]
    documents_per_flow: u32,
    /// Bank checks of one registration, change or phone replacement that may
    /// fail.
    #[schema(example = 5)]
    bank_checks_per_flow: u32,
    /// Bank checks of one card or one document that may fail in a day.
    #[schema(example = 3)]
    bank_failures_per_day: u32,
    /// Messages of one flow.
    #[schema(example = 5)]
    sms_per_flow: u32,
    /// Wrong passwords for one account from one place before the lock.
    #[schema(example = 5)]
    password_failures_before_lock: u32,
    #[schema(example = 900)]
    password_lock_seconds: u32,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        let (limits, failures) = (&settings.limits, &settings.password.failures);
        Self {
            documents_per_flow: limits.documents_per_flow,
            bank_checks_per_flow: limits.bank_checks_per_flow,
            // Both are counted: the smaller one is what a person meets.
            bank_failures_per_day: limits
                .bank_failures_per_card_day
                .min(limits.bank_failures_per_document_day),
            sms_per_flow: limits.sms_per_flow,
            password_failures_before_lock: failures.before_lock,
            password_lock_seconds: failures.lock_seconds,
        }
    }
}

/// What security questions are good for here.
#[derive(Debug, Serialize, ToSchema)]
struct QuestionsRules {
    mode: QuestionsMode,
    /// Sets of wrong answers until they must be chosen again.
    #[schema(example = 5)]
    wrong_sets: u32,
}

/// Times of an account.
#[derive(Debug, Serialize, ToSchema)]
struct AccountTimes {
    /// Between asking to close an account and its erasure.
    #[schema(example = 15)]
    closing_days: u32,
    /// For which phone and bank cannot be changed after a reset with security
    /// questions.
    #[schema(example = 72)]
    changes_hold_hours: u32,
    /// After which the password is asked for again before a change.
    #[schema(example = 10)]
    password_fresh_minutes: u32,
    /// After which the session of a browser ends that sends no request.
    #[schema(example = 30)]
    session_idle_minutes: u32,
}

/// How long what is known of people is kept.
#[derive(Debug, Serialize, ToSchema)]
struct RetentionTimes {
    /// After which a registration, or a change of an account, expires that
    /// nobody goes on with.
    #[schema(example = 30)]
    registration_idle_minutes: u32,
    /// After which it expires at the latest.
    #[schema(example = 24)]
    registration_hours: u32,
    /// Audit events and records of bank checks.
    #[schema(example = 400)]
    audit_days: u32,
    /// What people wrote to the operator.
    #[schema(example = 400)]
    support_days: u32,
}

/// How to reach the operator.
#[derive(Debug, Serialize, ToSchema)]
struct Contact {
    #[schema(example = json!(["(0755)12333"]))]
    phone: Vec<String>,
    #[schema(example = "help@example.gov.cn")]
    email: String,
}

/// What a client must know about this installation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceInfo {
    /// Whether bank and messages are fictitious.
    sandbox: bool,
    #[schema(example = "0.1.0")]
    version: &'static str,
    agreements: Vec<Agreement>,
    password: PasswordRules,
    sms: SmsTimes,
    captcha: CaptchaTimes,
    limits: Limits,
    security_questions: QuestionsRules,
    account: AccountTimes,
    retention: RetentionTimes,
    contact: Contact,
    /// The business system that people usually come from.
    #[schema(required, example = json!(null))]
    return_url: Option<String>,
}

/// The twelve banks
///
/// Codes and names in both languages. Other requests take the code as
/// `bank_code`.
#[utoipa::path(tag = "Reference data", responses((status = 200, body = BankList)))]
#[get("/banks")]
pub async fn list_banks() -> web::Json<BankList> {
    let view = |bank: &BankCode| BankView {
        code: bank.code(),
        name: bank.name_zh(),
        name_en: bank.name_en(),
    };
    web::Json(BankList { items: BankCode::ALL.iter().map(view).collect() })
}

/// The kinds of identity document
///
/// Codes and names in both languages, a number of the right form, and whether
/// the issuing country must be given.
#[utoipa::path(tag = "Reference data", responses((status = 200, body = DocumentTypeList)))]
#[get("/document-types")]
pub async fn list_document_types() -> web::Json<DocumentTypeList> {
    let view = |kind: &DocumentType| DocumentTypeView {
        code: *kind,
        name: kind.name_zh(),
        name_en: kind.name_en(),
        carries_birth_and_gender: kind.carries_birth_and_gender(),
        needs_issuing_country: kind.needs_issuing_country(),
        example: kind.example(),
    };
    web::Json(DocumentTypeList { items: DocumentType::ALL.iter().map(view).collect() })
}

/// Facts about this installation
///
/// Versions of the texts to consent to, rules for passwords, times, limits,
/// contact, and whether the sandbox is on.
#[utoipa::path(tag = "Reference data", responses((status = 200, body = ServiceInfo)))]
#[get("/service-info")]
pub async fn get_service_info(ctx: Ctx) -> web::Json<ServiceInfo> {
    let settings = &ctx.core.settings;
    let agreement = |kind, version: &String| Agreement { kind, version: version.clone() };
    let agreements = &settings.agreements;
    web::Json(ServiceInfo {
        sandbox: settings.uses_sandbox(),
        version: env!("CARGO_PKG_VERSION"),
        agreements: vec![
            agreement("user_agreement", &agreements.user_agreement),
            agreement("privacy_notice", &agreements.privacy_notice),
            agreement("bank_check", &agreements.bank_check),
        ],
        password: PasswordRules {
            min_length: settings.password.min_length,
            max_length: settings.password.max_length,
            policy: settings.password.policy,
        },
        sms: SmsTimes {
            valid_seconds: settings.sms.valid_seconds,
            resend_seconds: settings.sms.resend_seconds,
        },
        captcha: CaptchaTimes { valid_seconds: settings.captcha.valid_seconds },
        limits: settings.into(),
        security_questions: QuestionsRules {
            mode: settings.security_questions.mode,
            wrong_sets: settings.security_questions.wrong_sets,
        },
        account: AccountTimes {
            closing_days: settings.account.closing_days,
            changes_hold_hours: settings.account.changes_hold_hours,
            password_fresh_minutes: settings.account.password_fresh_minutes,
            session_idle_minutes: settings.sessions.idle_minutes,
        },
        retention: RetentionTimes {
            registration_idle_minutes: settings.registration.idle_minutes,
            registration_hours: settings.registration.absolute_hours,
            audit_days: settings.retention.audit_days,
            support_days: settings.retention.support_days,
        },
        contact: Contact {
            phone: settings.contact.phone.clone(),
            email: settings.contact.email.clone(),
        },
        return_url: Some(settings.contact.return_url.clone()).filter(|url| !url.is_empty()),
    })
}

/// Whether the process or the service is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process is alive
///
/// Answers without the database. For a supervisor that restarts what does not
/// answer.
#[utoipa::path(tag = "Operation", responses((status = 200, body = Health)))]
#[get("/healthz")]
pub async fn get_health() -> web::Json<Health> {
    web::Json(Health { status: "ok" })
}

/// Whether requests can be served: the database answers and is up to date
///
/// For a load balancer: on 503, send requests to another node and ask again
/// after `Retry-After`.
#[utoipa::path(tag = "Operation", responses(
    (status = 200, body = Health),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub async fn get_readiness(ctx: Ctx) -> Result<HttpResponse, Problem> {
    match ctx.core.db.ready().await {
        Ok(true) => Ok(HttpResponse::Ok().json(Health { status: "ok" })),
        Ok(false) => Err(Problem::new(crate::tools::web::ProblemCode::Overloaded).retry_after(5)),
        Err(fault) => {
            tracing::error!(%fault, "the database is not ready");
            Err(Problem::new(crate::tools::web::ProblemCode::Overloaded).retry_after(5))
        }
    }
}
