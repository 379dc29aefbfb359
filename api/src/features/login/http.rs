//! Signing in, out, and looking after one's sessions, over HTTP.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::password_check::{self, CheckPassword, PasswordFreshness};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        captcha::http::CaptchaAnswer,
        core::{Ctx, Stop, Tx},
        idempotency::{Idempotency, Reply},
        sessions::{self, Refreshed, SignedIn, Tokens},
        sign_in::{
            self, Credentials,
            http::{Brought, given},
        },
    },
    kernel::{Timestamp, ids::SessionId},
    tools::{
        db::DbFault,
        web::{JsonBody, Problem, ProblemCode, ProblemDocument, cookies},
    },
};

/// Signing in with a browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    #[serde(default)]
    #[schema(required, example = "wangxiaoming")]
    username: String,
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
    captcha: CaptchaAnswer,
}

/// Signing in with an app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInApp {
    #[serde(default)]
    #[schema(required, example = "wangxiaoming")]
    username: String,
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
    captcha: CaptchaAnswer,
    /// Shown in the session list.
    #[serde(default)]
    #[schema(example = "Huawei Mate 60")]
    device_name: Option<String>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    /// `browser` or `app`.
    #[schema(example = "browser")]
    kind: &'static str,
    /// What signed in, in a few words.
    #[schema(required, example = "Chrome on Windows")]
    device: Option<String>,
    /// Where from, coarsely.
    #[schema(example = "203.0.113.0/24")]
    ip_prefix: String,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    /// To the minute.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    last_seen_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    expires_at: Timestamp,
    /// Whether it is the session of this request.
    current: bool,
}

/// The sessions of an account, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    items: Vec<SessionView>,
}

/// A new browser session; the cookie comes in `Set-Cookie`.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInView {
    session: SessionView,
}

/// The tokens of an app (RFC 6749 §5.1 names).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenSet {
    /// JWT signed with Ed25519; see `/.well-known/jwks.json`.
    #[schema(example = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9…")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 600)]
    expires_in: i64,
    /// For one use; using it twice ends the session.
    #[schema(example = "h6Z0c1vX…")]
    refresh_token: String,
    /// Seconds.
    #[schema(example = 2_592_000)]
    refresh_expires_in: i64,
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
}

/// A refresh token to be traded for new tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshTokens {
    #[serde(default)]
    #[schema(required, value_type = String, example = "h6Z0c1vX…")]
    refresh_token: Zeroizing<String>,
}

impl From<Tokens> for TokenSet {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            token_type: "Bearer",
            expires_in: tokens.access_seconds,
            refresh_token: tokens.refresh,
            refresh_expires_in: tokens.refresh_seconds,
            session_id: tokens.session,
        }
    }
}

fn view(session: sessions::Session, current: SessionId) -> SessionView {
    SessionView {
        current: session.id == current,
        id: session.id,
        kind: session.kind.code(),
        device: session.device.filter(|device| !device.is_empty()),
        ip_prefix: session.ip_prefix,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
    }
}

/// Sign in with a browser
///
/// Sets the session cookie. A browser that is signed in keeps its session, with
/// another secret; when that was another account's, it is ended. Unknown username and wrong password have the same
/// answer. Wrong passwords slow down and then lock, for this account from this
/// place only.
#[utoipa::path(tag = "Sessions", request_body = SignIn, responses(
    (status = 201, body = SignedInView),
    (status = 401, description = "login_failed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "login_locked, login_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/sessions")]
pub async fn create_session(
    ctx: Ctx,
    request: HttpRequest,
    body: JsonBody<SignIn>,
) -> Result<HttpResponse, Problem> {
    let SignIn { username, password, captcha } = body.value;
    let brought = Brought::by(&ctx.core, &request);
    let credentials = Credentials::parse((username, password), &captcha, brought.device)?;
    let (opened, device) = sign_in::browser(&ctx, credentials, brought.session).await?;
    let mut response = HttpResponse::Created();
    for cookie in given(&ctx.core, (opened.cookie, device)) {
        response.cookie(cookie);
    }
    let current = opened.session.id;
    Ok(response.json(SignedInView { session: view(opened.session, current) }))
}

/// Sign in with an app
///
/// Answers with a short access token and a refresh token for one use.
#[utoipa::path(tag = "Sessions", request_body = SignInApp, responses(
    (status = 201, body = TokenSet),
    (status = 401, description = "login_failed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "login_locked, login_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/tokens")]
pub async fn create_tokens(ctx: Ctx, body: JsonBody<SignInApp>) -> Result<HttpResponse, Problem> {
    let SignInApp { username, password, captcha, device_name } = body.value;
    let device =
        device_name.map(|name| name.chars().filter(|c| !c.is_control()).take(64).collect());
    let credentials = Credentials::parse((username, password), &captcha, None)?;

    let tokens = sign_in::sign_in(&ctx, credentials, "app", move |tx, account| {
        sessions::open_app(tx, account, device)
    })
    .await?;
    Ok(HttpResponse::Created().json(TokenSet::from(tokens)))
}

/// Trade a refresh token for new tokens
///
/// Every refresh token works once. One that comes a second time ends the
/// session, for somebody has a copy; after a lost answer repeat the request
/// with the same `Idempotency-Key`.
#[utoipa::path(tag = "Sessions", request_body = RefreshTokens,
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 128 visible ASCII characters")),
    responses(
        (status = 200, body = TokenSet),
        (status = 401, description = "refresh_token_invalid, refresh_token_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "validation_failed, idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    ))]
#[post("/tokens/refresh")]
pub async fn refresh_tokens(
    ctx: Ctx,
    idempotency: Idempotency,
    body: JsonBody<RefreshTokens>,
) -> Result<HttpResponse, Problem> {
    let JsonBody { value, bytes } = body;
    if value.refresh_token.is_empty() {
        return Err(Problem::field("/refresh_token", "required"));
    }
    let once = idempotency.of(&ctx, "", &bytes);
    once.write(move |tx| {
        let tokens = refresh(tx, &value.refresh_token)?;
        Ok(Reply::ok(&TokenSet::from(tokens))?)
    })
    .await
}

/// The refusal of a token that came twice is kept: its session ends.
fn refresh(tx: &mut Tx<'_>, token: &str) -> Result<Tokens, Stop> {
    match sessions::refresh(tx, token)? {
        Refreshed::Tokens(tokens) => Ok(tokens),
        Refreshed::Invalid => Err(Problem::new(ProblemCode::RefreshTokenInvalid).into()),
        Refreshed::Reused(session, account) => {
            let id = session.to_string();
            let subject = AuditSubject { detail: Some(&id), ..AuditSubject::account(account) };
            tx.audit(AuditKind::RefreshTokenReused, subject)?;
            Err(Stop::keep(Problem::new(ProblemCode::RefreshTokenReused)))
        }
    }
}

/// One's sessions
///
/// Browsers and apps that are signed in, the newest first. `current` marks the
/// one that asks.
#[utoipa::path(tag = "Sessions", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = SessionList),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[get("/sessions")]
pub async fn list_sessions(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<web::Json<SessionList>, Problem> {
    let account = session.account;
    let listed = ctx.read(move |tx| sessions::list(tx, account)).await?;
    let items = listed.into_iter().map(|one| view(one, session.id)).collect();
    Ok(web::Json(SessionList { items }))
}

/// Enter the password again
///
/// Some things need a password that was entered a short while ago. Wrong ones
/// count as those of a login do, and for the session as well.
#[utoipa::path(tag = "Sessions", request_body = CheckPassword,
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 200, body = PasswordFreshness),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 422, description = "validation_failed, password_wrong", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "login_locked, login_too_soon", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "overloaded", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[post("/sessions/current/password-check")]
pub async fn check_password(
    ctx: Ctx,
    (signed_in, request): (SignedIn, HttpRequest),
    body: JsonBody<CheckPassword>,
) -> Result<web::Json<PasswordFreshness>, Problem> {
    let device = cookies::read(&ctx.core.settings, &request, cookies::DEVICE);
    password_check::check(&ctx, signed_in.0, device, body.value).await.map(web::Json)
}

/// Sign out
///
/// Ends the session of this request; its cookie or tokens are of no use
/// afterwards. Business systems that the session signed in to are told.
#[utoipa::path(tag = "Sessions", security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/sessions/current")]
pub async fn delete_current_session(
    ctx: Ctx,
    SignedIn(session): SignedIn,
) -> Result<HttpResponse, Problem> {
    end(&ctx, session.account, session.id).await?;
    let cookie = cookies::remove(&ctx.core.settings, cookies::SESSION);
    Ok(HttpResponse::NoContent().cookie(cookie).finish())
}

/// End one of one's sessions
///
/// Signs another browser or app out. `not_found` says that the session has
/// ended, or belongs to another account.
#[utoipa::path(tag = "Sessions", params(("id" = String, Path, format = Uuid)),
    security(("session_cookie" = []), ("access_token" = [])), responses(
    (status = 204),
    (status = 401, description = "not_signed_in", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "cross_site_request", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, description = "not_found", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[delete("/sessions/{id}")]
pub async fn delete_session(
    ctx: Ctx,
    SignedIn(session): SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(ProblemCode::NotFound);
    let id: SessionId = id.parse().map_err(|_| missing())?;
    let ended = end(&ctx, session.account, id).await?;
    if ended { Ok(HttpResponse::NoContent().finish()) } else { Err(missing()) }
}

async fn end(
    ctx: &Ctx,
    account: crate::kernel::ids::AccountId,
    id: SessionId,
) -> Result<bool, Problem> {
    let ended = ctx
        .write(move |tx| -> Result<bool, DbFault> {
            let ended = sessions::end(tx, account, id)?;
            if ended {
                let text = id.to_string();
                let subject =
                    AuditSubject { detail: Some(&text), ..AuditSubject::account(account) };
                tx.audit(AuditKind::SessionEnded, subject)?;
            }
            Ok(ended)
        })
        .await?;
    Ok(ended)
}
