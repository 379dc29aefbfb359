//! Requests that clients push to us, so that nothing of them passes through a
//! browser (RFC 9126).

use actix_web::{HttpResponse, http::StatusCode, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arrive::pushed;
use crate::{
    capabilities::{clients::http::FromClient, core::Ctx},
    features::oauth::request::pending,
    tools::web::{OauthError, OauthErrorDocument},
};

/// What is pushed: the parameters of the authorization request, and what the
/// client proves itself with.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is described here and read as a form")]
pub struct PushedRequest {
    #[schema(example = "https://exam.example.gov.cn/callback")]
    redirect_uri: String,
    #[schema(example = "code")]
    response_type: String,
    /// `query`.
    response_mode: Option<String>,
    #[schema(example = "openid profile")]
    scope: Option<String>,
    #[schema(max_length = 2048)]
    state: Option<String>,
    #[schema(max_length = 512)]
    nonce: Option<String>,
    #[schema(
        example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        pattern = "^[A-Za-z0-9_-]{43}$"
    )]
    code_challenge: Option<String>,
    #[schema(example = "S256")]
    code_challenge_method: Option<String>,
    prompt: Option<String>,
    #[schema(pattern = "^[0-9]+$")]
    max_age: Option<String>,
    acr_values: Option<String>,
    login_hint: Option<String>,
    /// An ID token of the person who is meant; it may have expired.
    id_token_hint: Option<String>,
    ui_locales: Option<String>,
    claims: Option<String>,
    /// An API that access tokens may be for (RFC 8707); may be repeated.
    resource: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    /// JWT (RFC 7523).
    client_assertion: Option<String>,
}

/// A pushed request.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pushed {
    /// For the authorization endpoint, once.
    #[schema(example = "urn:ietf:params:oauth:request_uri:5f1c0e3a…")]
    request_uri: String,
    /// Seconds.
    #[schema(example = 90)]
    expires_in: i64,
}

/// Push an authorization request
///
/// Parameters of the authorization request as a form; the client proves itself
/// as at the token endpoint. The `request_uri` is for this client and for one
/// use.
#[utoipa::path(tag = "OpenID Connect", security(("client_basic" = [])),
    request_body(content = PushedRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
    (status = 201, body = Pushed),
    (status = 400, description = "invalid_request, invalid_request_uri, invalid_scope, invalid_target, request_not_supported, unauthorized_client, unmet_authentication_requirements, unsupported_response_type", body = OauthErrorDocument),
    (status = 401, description = "invalid_client", body = OauthErrorDocument),
    (status = 429, description = "too_many_requests", body = OauthErrorDocument),
))]
#[post("/oauth2/par")]
pub async fn push_request(ctx: Ctx, sent: FromClient) -> Result<HttpResponse, OauthError> {
    let FromClient { client, form } = sent;

    let (request_uri, expires_in) = ctx
        .write(move |tx| -> Result<_, OauthError> {
            let request = pushed(tx.core, (&client, &form), tx.now)?;
            Ok(pending::keep_pushed(tx, &request)?)
        })
        .await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(Pushed { request_uri, expires_in }))
}
