//! The endpoints that clients themselves call.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    answer::{self, TokenAnswer},
    introspect::{self, Introspection},
    userinfo,
};
use crate::{
    capabilities::{access_tokens::PersonToken, clients::FromClient, core::Ctx},
    tools::web::{OauthError, OauthErrorDocument},
};

/// A token request. Clients prove themselves as they are registered: by
/// `Authorization: Basic`, by `client_secret`, by `client_assertion`, or, when
/// they can keep no secret, not at all (then `client_id` names them).
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct TokenRequest {
    /// `authorization_code`, `refresh_token` or `client_credentials`.
    #[schema(example = "authorization_code")]
    grant_type: String,
    /// The code, with `authorization_code`.
    code: Option<String>,
    /// Where the code was sent, with `authorization_code`.
    #[schema(example = "https://exam.example.gov.cn/callback")]
    redirect_uri: Option<String>,
    /// What the challenge was made from (RFC 7636), with `authorization_code`.
    code_verifier: Option<String>,
    /// The refresh token, with `refresh_token`.
    refresh_token: Option<String>,
    /// Fewer scopes than were granted, separated by spaces.
    #[schema(example = "users:read")]
    scope: Option<String>,
    /// The API that the token is for (RFC 8707): one of those that the
    /// authorization request named, if it named any. When left out, the only one
    /// that it named, or else ours.
    resource: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    /// JWT (RFC 7523).
    client_assertion: Option<String>,
}

/// A token to ask about or to revoke; the client proves itself as at the token
/// endpoint.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct AboutToken {
    /// An access token or a refresh token.
    token: String,
    /// Not needed: it is seen from the token which it is.
    token_type_hint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
}

/// An access token, for clients that cannot send the header.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct UserinfoRequest {
    access_token: Option<String>,
}

/// What a person has let the client see; which claims there are depends on the
/// scopes that were granted.
#[derive(ToSchema)]
#[schema(example = json!({
    "sub": "5c0e1f…",
    "preferred_username": "wangxiaoming",
    "user_type": "person",
    "updated_at": 1_795_399_200,
    "phone_number": "+8613800138000",
    "phone_number_verified": true,
    "name": "王小明",
    "document_type": "RESIDENT_ID",
    "document_number": "4403**********0014",
    "document_number_masked": true,
    "gender": "male",
    "birthdate": "1990-03-07",
    "verified_at": "2026-11-23T02:00:00Z",
    "verified_claims": {
        "verification": {
            "trust_framework": "cn_bank_card_four_elements",
            "time": "2026-11-23T02:00:00Z"
        },
        "claims": { "name": "王小明" }
    }
}))]
#[expect(dead_code, reason = "it is described here and made claim by claim")]
pub struct UserinfoAnswer {
    /// The name by which the client knows the person.
    #[schema(example = "5c0e1f…")]
    sub: String,
    /// Username (`profile`).
    #[schema(example = "wangxiaoming")]
    preferred_username: Option<String>,
    /// `person` or `unit` (`profile`).
    #[schema(example = "person")]
    user_type: Option<String>,
    /// Seconds since 1970 (`profile`).
    #[schema(example = 1_795_399_200)]
    updated_at: Option<i64>,
    /// E.164 (`phone`).
    #[schema(example = "+8613800138000")]
    phone_number: Option<String>,
    phone_number_verified: Option<bool>,
    /// Name; of a unit's account that of its agent, as the following
    /// (`realname`).
    #[schema(example = "王小明")]
    name: Option<String>,
    #[schema(example = "RESIDENT_ID")]
    document_type: Option<String>,
    #[schema(example = "4403**********0014")]
    document_number: Option<String>,
    /// Whether digits are hidden: whether the client sees all of them is a
    /// matter of its registration.
    document_number_masked: Option<bool>,
    #[schema(example = "male")]
    gender: Option<String>,
    #[schema(example = "1990-03-07")]
    birthdate: Option<String>,
    #[schema(example = "2026-11-23T02:00:00Z")]
    verified_at: Option<String>,
    /// The unit, when it is one (`unit`).
    #[schema(value_type = Option<Object>)]
    unit: Option<serde_json::Value>,
    /// OpenID Connect for Identity Assurance, when `claims` asked for it
    /// (`realname`).
    #[schema(value_type = Option<Object>)]
    verified_claims: Option<serde_json::Value>,
}

/// Get tokens
///
/// Trades a code or a refresh token for tokens, or issues a token to the client
/// itself (`client_credentials`). On `invalid_grant` the code or refresh token
/// is used up, expired or revoked: send the person to `/oauth2/authorize`
/// again. Do not repeat a refresh: a refresh token that comes twice ends the
/// grant with all its tokens.
#[utoipa::path(
    tag = "OpenID Connect",
    request_body(
        content = TokenRequest, content_type = "application/x-www-form-urlencoded"
    ),
    responses(
        (status = 200, body = TokenAnswer),
        (status = 400, body = OauthErrorDocument, description = "invalid_request, invalid_grant, \
            invalid_scope, invalid_target, unauthorized_client, unsupported_grant_type"),
        (status = 401, body = OauthErrorDocument, description = "invalid_client"),
        (status = 429, body = OauthErrorDocument, description = "too_many_requests"),
    ),
    security(("client_basic" = []), ()),
)]
#[post("/oauth2/token")]
pub async fn create_client_tokens(
    ctx: Ctx,
    request: FromClient,
) -> Result<HttpResponse, OauthError> {
    let answer = answer::answer(&ctx, request).await?;
    Ok(HttpResponse::Ok().insert_header(("Pragma", "no-cache")).json(answer))
}

/// Ask about a token
///
/// A client learns of its own tokens, and of access tokens for the APIs that it is
/// registered to be (`resource_server_for`). Of any other token it learns that it
/// is not active.
#[utoipa::path(
    tag = "OpenID Connect",
    request_body(content = AboutToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Introspection),
        (status = 400, body = OauthErrorDocument, description = "invalid_request"),
        (status = 401, body = OauthErrorDocument, description = "invalid_client"),
        (status = 429, body = OauthErrorDocument, description = "too_many_requests"),
    ),
    security(("client_basic" = [])),
)]
#[post("/oauth2/introspect")]
pub async fn introspect_token(
    ctx: Ctx,
    request: FromClient,
) -> Result<web::Json<Introspection>, OauthError> {
    introspect::answer(&ctx, request).await.map(web::Json)
}

/// Revoke a token
///
/// A refresh token takes everything with it that hangs on the same sign-in.
#[utoipa::path(
    tag = "OpenID Connect",
    request_body(content = AboutToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It is good for nothing now, if it ever was"),
        (status = 400, body = OauthErrorDocument, description = "invalid_request"),
        (status = 401, body = OauthErrorDocument, description = "invalid_client"),
        (status = 429, body = OauthErrorDocument, description = "too_many_requests"),
    ),
    security(("client_basic" = []), ()),
)]
#[post("/oauth2/revoke")]
pub async fn revoke_token(ctx: Ctx, request: FromClient) -> Result<HttpResponse, OauthError> {
    introspect::revoke(&ctx, request).await?;
    Ok(HttpResponse::Ok().finish())
}

async fn seen(ctx: Ctx, token: PersonToken) -> Result<HttpResponse, OauthError> {
    let claims = userinfo::answer(&ctx, token).await?;
    Ok(HttpResponse::Ok().json(claims))
}

/// What a person has let the client see
///
/// The claims of the scopes that were granted, as they are now. Needs the scope
/// `openid`. On `invalid_token`, refresh the token; if that fails, the person
/// has signed out or withdrawn the consent.
#[utoipa::path(
    tag = "OpenID Connect",
    responses(
        (status = 200, body = UserinfoAnswer),
        (status = 401, body = OauthErrorDocument, description = "invalid_token"),
        (status = 403, body = OauthErrorDocument, description = "insufficient_scope"),
    ),
    security(("person_token" = [])),
)]
#[get("/oauth2/userinfo")]
pub async fn get_userinfo(ctx: Ctx, token: PersonToken) -> Result<HttpResponse, OauthError> {
    seen(ctx, token).await
}

/// The same, with the token in the header or in the body
///
/// For clients that cannot send the header (RFC 6750 §2.2). A token in both
/// places is `invalid_request`.
#[utoipa::path(
    tag = "OpenID Connect",
    request_body(content = UserinfoRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = UserinfoAnswer),
        (status = 400, body = OauthErrorDocument, description = "invalid_request"),
        (status = 401, body = OauthErrorDocument, description = "invalid_token"),
        (status = 403, body = OauthErrorDocument, description = "insufficient_scope"),
    ),
    security(("person_token" = [])),
)]
#[post("/oauth2/userinfo")]
pub async fn post_userinfo(ctx: Ctx, token: PersonToken) -> Result<HttpResponse, OauthError> {
    seen(ctx, token).await
}
