//! Errors as RFC 9457 problem documents.

use std::{fmt, sync::Arc};

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Language, ProblemCode};
use crate::{
    kernel::{Timestamp, ids::RequestId},
    tools::{
        crypto::CryptoError,
        db::{DbFault, Ending},
    },
};

/// Where the description of a code lives.
const TYPE_BASE: &str = "https://shiming.dev/problems/";

/// An error on its way to the client.
///
/// A handler returns it; the outermost middleware knows request id and
/// language and writes the document. A fault keeps its source, which is logged
/// there once and never shown.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ProblemCode,
    errors: Vec<FieldProblem>,
    members: Map<String, Value>,
    retry_after: Option<u32>,
    nothing_used: bool,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// One field that must be corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) into the request body.
    #[schema(example = "/document_number")]
    pub pointer: String,
    /// Stable name of what is wrong with the field.
    #[schema(example = "document_checksum")]
    pub code: String,
}

/// The body of every failure (RFC 9457), `application/problem+json`.
///
/// Some codes add members of their own, such as `retry_after_seconds`,
/// `attempts_left`, `remaining`, `stage`, `scope`, `card_kind`, `bank_code`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "type": "https://shiming.dev/problems/validation_failed",
    "title": "Some fields need correcting",
    "status": 422,
    "detail": "Correct the fields named in errors and send the request again.",
    "code": "validation_failed",
    "request_id": "01935e0c-7f4e-7c5a-8a53-0242ac120002",
    "errors": [{ "pointer": "/document_number", "code": "document_checksum" }]
}))]
pub struct ProblemDocument {
    /// Identifies the kind of problem; ends with `code`.
    #[serde(rename = "type")]
    #[schema(example = "https://shiming.dev/problems/validation_failed")]
    pub kind: String,
    /// What happened, in the language of `Accept-Language`.
    pub title: &'static str,
    /// HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What to do about it, in the language of `Accept-Language`.
    pub detail: &'static str,
    /// Stable name of the problem.
    pub code: ProblemCode,
    /// Id of the request, to quote when asking for help.
    pub request_id: String,
    /// The fields that must be corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldProblem>,
    /// Members that belong to the code.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
}

/// A document with this code, as an example.
pub fn example(code: ProblemCode) -> Value {
    let (title, detail) = code.texts(Language::En);
    let mut example = json!({
        "type": format!("{TYPE_BASE}{}", code.as_str()),
        "title": title,
        "status": code.status().as_u16(),
        "detail": detail,
        "code": code.as_str(),
        "request_id": "01935e0c-7f4e-7c5a-8a53-0242ac120002",
    });
    if let (Value::Object(example), Value::Object(members)) = (&mut example, members(code)) {
        example.extend(members);
    }
    example
}

/// The members that belong to a code.
fn members(code: ProblemCode) -> Value {
    use ProblemCode as Code;
    match code {
        Code::ValidationFailed => {
            json!({ "errors": [{ "pointer": "/document_number", "code": "document_checksum" }] })
        }
        Code::StageConflict => json!({ "stage": "bank" }),
        Code::AuthorizationConflict => json!({ "state": "consent" }),
        Code::ChangesHeld => json!({ "held_until": "2026-11-26T02:00:00Z" }),
        Code::ScopeInsufficient => json!({ "scope": "users:read" }),
        Code::CardKindNotAccepted => json!({ "card_kind": "credit" }),
        Code::CardBankMismatch => json!({ "bank_code": "ICBC" }),
        Code::BankMismatch
        | Code::CardUnusable
        | Code::IssuerUnsupported
        | Code::DocumentUnsupportedByBank
        | Code::PhoneNotReserved
        | Code::NameTooLongForBank => json!({ "remaining": 4 }),
        Code::CodeWrong | Code::RecoveryCodeWrong | Code::AnswersWrong => {
            json!({ "attempts_left": 4 })
        }
        Code::BankAttemptsExceeded => {
            json!({ "scope": "card", "remaining": 0, "retry_after_seconds": 50_400 })
        }
        Code::SmsLimitExceeded => json!({ "scope": "phone", "retry_after_seconds": 3600 }),
        Code::SmsResendTooSoon => json!({ "retry_after_seconds": 42 }),
        Code::LoginLocked => json!({ "retry_after_seconds": 900 }),
        Code::TooManyRequests => json!({ "retry_after_seconds": 600 }),
        Code::LoginTooSoon | Code::RequestInProgress | Code::Overloaded => {
            json!({ "retry_after_seconds": 2 })
        }
        Code::BankUnavailable => json!({ "retry_after_seconds": 5 }),
        _ => json!({}),
    }
}

impl Problem {
    /// A problem with nothing to add.
    pub fn new(code: ProblemCode) -> Self {
        Self {
            code,
            errors: Vec::new(),
            members: Map::new(),
            retry_after: None,
            nothing_used: false,
            source: None,
        }
    }

    /// `validation_failed` for these fields.
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        Self { errors, ..Self::new(ProblemCode::ValidationFailed) }
    }

    /// `validation_failed` for one field.
    pub fn field(pointer: &str, code: &str) -> Self {
        Self::invalid(vec![FieldProblem { pointer: pointer.into(), code: code.into() }])
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// Adds `Retry-After` and the member `retry_after_seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        let seconds = u32::try_from(seconds.max(1)).unwrap_or(u32::MAX);
        self.retry_after = Some(seconds);
        self.with("retry_after_seconds", seconds)
    }

    /// Of a request that has used nothing up: a stranger can send as many as he
    /// likes, so nothing may be kept of them.
    #[must_use]
    pub fn nothing_used(self) -> Self {
        Self { nothing_used: true, ..self }
    }

    /// `internal`, with the fault that is to be logged.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..Self::new(ProblemCode::Internal) }
    }

    /// The fields that must be corrected: pointer and code.
    pub fn field_codes(&self) -> Vec<(String, String)> {
        self.errors.iter().map(|one| (one.pointer.clone(), one.code.clone())).collect()
    }

    /// Seconds to wait before another try.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after
    }

    /// The code.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// Whether it is remembered for an idempotency key: not when the same
    /// request may succeed later without a change, nor when it has used nothing
    /// up.
    pub fn is_remembered(&self) -> bool {
        let passing = self.code.status().is_server_error()
            || self.code.status() == StatusCode::TOO_MANY_REQUESTS
            || matches!(self.code, ProblemCode::RequestInProgress | ProblemCode::PasswordNeeded);
        !(passing || self.nothing_used)
    }

    /// The document for one client.
    pub fn document(&self, language: Language, request_id: RequestId) -> ProblemDocument {
        let (title, detail) = self.code.texts(language);
        ProblemDocument {
            kind: format!("{TYPE_BASE}{}", self.code.as_str()),
            title,
            status: self.code.status().as_u16(),
            detail,
            code: self.code,
            request_id: request_id.to_string(),
            errors: self.errors.clone(),
            members: self.members.clone(),
        }
    }

    /// The response for one client.
    pub fn response(&self, language: Language, request_id: RequestId) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(challenge) = self.challenge() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        let document = self.document(language, request_id);
        response.body(serde_json::to_string(&document).unwrap_or_default())
    }

    /// What a client is told that came without a good access token (RFC 6750
    /// §3). People get none: their browser would open a window for it.
    fn challenge(&self) -> Option<String> {
        match self.code {
            ProblemCode::TokenInvalid => {
                Some(r#"Bearer realm="shiming", error="invalid_token""#.to_owned())
            }
            ProblemCode::ScopeInsufficient => {
                let scope = self.members.get("scope").and_then(Value::as_str).unwrap_or_default();
                Some(format!(
                    r#"Bearer realm="shiming", error="insufficient_scope", scope="{scope}""#
                ))
            }
            _ => None,
        }
    }

    /// Writes the fault to the log, with its chain of causes.
    pub fn log(&self, request_id: RequestId) {
        if let Some(source) = &self.source {
            log_fault(request_id, self.code.as_str(), source.as_ref());
        }
    }
}

/// Writes a fault to the log, with its chain of causes.
pub(super) fn log_fault(
    request_id: RequestId,
    code: &'static str,
    fault: &(dyn std::error::Error + Send + Sync),
) {
    let mut causes = fault.to_string();
    let mut cause = fault.source();
    while let Some(next) = cause {
        causes.push_str(": ");
        causes.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::error!(%request_id, code, causes, "request failed");
}

/// A problem in a form that can be stored and raised again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    code: ProblemCode,
    errors: Vec<FieldProblem>,
    members: Map<String, Value>,
}

impl Problem {
    /// The problem without its source, for storing.
    pub fn refusal(&self) -> Refusal {
        Refusal { code: self.code, errors: self.errors.clone(), members: self.members.clone() }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, errors, members } = refusal;
        Self { errors, members, ..Self::new(code) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    // The middleware replaces this empty response by the document.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// A queue is full; it empties soon.
pub fn overloaded() -> Problem {
    Problem::new(ProblemCode::Overloaded).retry_after(2)
}

/// The password was set anew by security questions a short while ago.
pub fn changes_held(until: Timestamp) -> Problem {
    let until = until.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    Problem::new(ProblemCode::ChangesHeld).with("held_until", until)
}

impl Ending for Problem {}

impl From<DbFault> for Problem {
    fn from(fault: DbFault) -> Self {
        match fault {
            DbFault::Overloaded => overloaded(),
            fault if fault.is_passing() => {
                Self { code: ProblemCode::Overloaded, ..Self::internal(fault) }.retry_after(5)
            }
            fault => Self::internal(fault),
        }
    }
}

impl From<CryptoError> for Problem {
    fn from(error: CryptoError) -> Self {
        Self::internal(error)
    }
}
