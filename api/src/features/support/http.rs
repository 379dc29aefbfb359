//! Writing to the operator over HTTP.

use actix_web::{HttpResponse, http::StatusCode, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::open_case;
use crate::{
    capabilities::{
        captcha::http::CaptchaAnswer,
        cases::{CaseBody, Topic},
        core::Ctx,
        idempotency::{Idempotency, Reply},
        sessions::MaybeSignedIn,
    },
    kernel::{Timestamp, ids::CaptchaId},
    tools::{
        identity::{EmailAddress, FieldError},
        web::{FieldErrors, JsonBody, Problem, ProblemDocument},
    },
};

/// Characters of a name and of a document number, at most.
const LONGEST_FIELD: usize = 100;
/// Characters of a message, at most.
const LONGEST_MESSAGE: usize = 4000;

/// A letter to the operator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSupportCase {
    topic: Topic,
    /// As the person wants to be called; any name, for the trouble may be that
    /// we accept none.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "王小明")]
    name: Option<Zeroizing<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "440305199003070014")]
    document_number: Option<Zeroizing<String>>,
    /// E-mail address that the answer goes to.
    #[serde(default)]
    #[schema(required, value_type = String, format = "email", example = "wang@example.com")]
    reply_to: Zeroizing<String>,
    /// 4000 characters at most.
    #[serde(default)]
    #[schema(required, value_type = String, max_length = 4000, example = "银行确认信息无误，但核验仍不匹配。")]
    message: Zeroizing<String>,
    captcha: CaptchaAnswer,
}

/// What was written, checked.
pub(super) struct Written {
    pub body: CaseBody,
    pub captcha: (CaptchaId, String),
}

impl OpenSupportCase {
    fn parse(&self) -> Result<Written, Problem> {
        let mut errors = FieldErrors::new();
        let name = line(&mut errors, "/name", self.name.as_deref());
        let document_number =
            line(&mut errors, "/document_number", self.document_number.as_deref());
        let reply_to = errors.check("/reply_to", EmailAddress::parse(&self.reply_to));
        let message = cleaned(&self.message, |c| c == '\n' || c == '\t');
        match message.chars().count() {
            0 => errors.add("/message", FieldError::Required.code()),
            1..=LONGEST_MESSAGE => {}
            _ => errors.add("/message", FieldError::TooLong.code()),
        }
        let captcha = self.captcha.parse();
        if let Err(code) = captcha {
            errors.add("/captcha/answer", code);
        }
        let complete = reply_to.zip(captcha.ok());
        errors.finish(complete.map(|(reply_to, captcha)| Written {
            body: CaseBody {
                topic: self.topic,
                name,
                document_number,
                reply_to: reply_to.as_str().to_owned(),
                message,
            },
            captcha,
        }))
    }
}

/// A line that may be left empty.
fn line(errors: &mut FieldErrors, pointer: &str, typed: Option<&String>) -> Option<String> {
    let text = cleaned(typed?, |_| false);
    if text.chars().count() > LONGEST_FIELD {
        errors.add(pointer, FieldError::TooLong.code());
    }
    Some(text).filter(|text| !text.is_empty())
}

/// What was typed, with plain line ends and without what would command a
/// terminal or turn the direction of writing: the operator reads it in both.
fn cleaned(typed: &str, keep: impl Fn(char) -> bool) -> String {
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let lines = typed.replace("\r\n", "\n");
    let shown = lines.chars().filter(|&c| keep(c) || (!c.is_control() && !turns(c)));
    shown.collect::<String>().trim().to_owned()
}

/// A case was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupportCase {
    /// To be named when asking again.
    #[schema(example = "C20261124-7F3K9Q")]
    number: String,
    #[schema(value_type = String, format = DateTime, example = "2026-11-24T02:00:00Z")]
    created_at: Timestamp,
}

/// Write to the operator
///
/// Open to everybody; for somebody who is signed in the account is noted. What
/// is written is kept encrypted; whether it goes into the operator's mailbox is
/// the operator's setting.
#[utoipa::path(tag = "Support", request_body = OpenSupportCase,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters"),
    ),
    responses(
        (status = 201, body = SupportCase),
        (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "request_in_progress", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed (`required`, `too_long`, `email_format`, `captcha_wrong`, `captcha_expired`), idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/support-cases")]
pub async fn open_support_case(
    ctx: Ctx,
    (signed_in, idempotency): (MaybeSignedIn, Idempotency),
    body: JsonBody<OpenSupportCase>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    let written = value.parse()?;
    let MaybeSignedIn(session) = signed_in;
    let once = idempotency.of(&ctx, "", &bytes);
    once.write(move |tx| {
        let number = open_case::open_case(tx, session.as_ref(), &written)?.to_string();
        let case = SupportCase { number, created_at: tx.now };
        Ok(Reply::json(StatusCode::CREATED, &case)?)
    })
    .await
}
