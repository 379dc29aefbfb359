//! Captchas over HTTP.

use actix_web::{HttpResponse, get, http::header, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    render::{self, Language as Speech},
    studio::Studio,
};
use crate::{
    capabilities::core::Ctx,
    kernel::{Timestamp, ids::CaptchaId},
    tools::web::{Problem, ProblemCode, ProblemDocument},
};

/// A captcha that waits for its answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Captcha {
    /// To be sent with the answer.
    #[schema(value_type = String, format = Uuid)]
    id: CaptchaId,
    /// When it stops being accepted.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    expires_at: Timestamp,
    /// Picture, PNG.
    #[schema(example = "/api/v1/captchas/01935e0c-7f4e-7c5a-8a53-0242ac120002/image")]
    image_url: String,
    /// The same digits as speech, WAV.
    #[schema(example = "/api/v1/captchas/01935e0c-7f4e-7c5a-8a53-0242ac120002/audio")]
    audio_url: String,
}

/// The answer to a captcha. Whatever becomes of the request, a captcha that
/// reached the check is used up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptchaAnswer {
    /// Id of the captcha.
    #[serde(default)]
    #[schema(required, format = Uuid, example = "01935e0c-7f4e-7c5a-8a53-0242ac120002")]
    pub id: String,
    /// The digits.
    #[serde(default)]
    #[schema(required, example = "38157")]
    pub answer: String,
}

impl CaptchaAnswer {
    /// Id and digits, or the error of the field.
    pub fn parse(&self) -> Result<(CaptchaId, String), &'static str> {
        if self.answer.trim().is_empty() {
            return Err("required");
        }
        let id = self.id.parse().map_err(|_| "captcha_expired")?;
        Ok((id, self.answer.clone()))
    }
}

/// Issue a captcha
///
/// Five digits as a picture and as speech. One use, five minutes.
#[utoipa::path(tag = "Captcha", responses(
    (status = 201, body = Captcha),
    (status = 429, description = "too_many_requests", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/captchas")]
pub async fn create_captcha(ctx: Ctx) -> Result<HttpResponse, Problem> {
    let issued = issue(&ctx).await?;
    let base = format!("/api/v1/captchas/{}", issued.id);
    Ok(HttpResponse::Created().json(Captcha {
        id: issued.id,
        expires_at: issued.expires_at,
        image_url: format!("{base}/image"),
        audio_url: format!("{base}/audio"),
    }))
}

/// Makes a captcha, as long as its address may have another one.
pub async fn issue(ctx: &Ctx) -> Result<super::Issued, Problem> {
    // One that a power cut loses is answered as one that has expired.
    Ok(ctx.write_unflushed(super::issue).await?)
}

/// Picture of a captcha
///
/// A PNG with the five digits. `not_found` says that the captcha has expired or
/// was used: issue another.
#[utoipa::path(tag = "Captcha", params(("id" = String, Path, format = Uuid)), responses(
    (status = 200, content_type = "image/png", body = Vec<u8>),
    (status = 404, description = "not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/captchas/{id}/image")]
pub async fn get_captcha_image(
    ctx: Ctx,
    studio: web::Data<Studio>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (answer, seed) = open(&ctx, &id).await?;
    let png = studio.make(move || render::png(&answer, seed)).await?;
    Ok(HttpResponse::Ok().content_type("image/png").body(png))
}

/// Language of the speech.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AudioQuery {
    /// `zh-CN` (default) or `en`.
    #[param(example = "zh-CN")]
    language: Option<String>,
}

/// Speech of a captcha
///
/// The digits, spoken in Mandarin or English over a noise.
#[utoipa::path(tag = "Captcha", params(("id" = String, Path, format = Uuid), AudioQuery), responses(
    (status = 200, content_type = "audio/wav", body = Vec<u8>),
    (status = 404, description = "not_found", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/captchas/{id}/audio")]
pub async fn get_captcha_audio(
    ctx: Ctx,
    studio: web::Data<Studio>,
    (id, query): (web::Path<String>, web::Query<AudioQuery>),
) -> Result<HttpResponse, Problem> {
    let speech = match query.language.as_deref() {
        Some("en") => Speech::En,
        _ => Speech::ZhCn,
    };
    let (answer, seed) = open(&ctx, &id).await?;
    let wav = studio.make(move || render::wav(&answer, speech, seed)).await?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "audio/wav")).body(wav))
}

async fn open(ctx: &Ctx, id: &str) -> Result<(String, [u8; 32]), Problem> {
    let missing = || Problem::new(ProblemCode::NotFound);
    let id: CaptchaId = id.parse().map_err(|_| missing())?;
    let seed = super::seed(&ctx.core, id);
    let answer = ctx.read(move |tx| super::answer(tx, id)).await?.ok_or_else(missing)?;
    Ok((answer, seed))
}
