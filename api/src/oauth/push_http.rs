//! Requests that clients push to us, so that nothing of them passes through a
//! browser (RFC 9126).

use std::sync::Arc;

use actix_web::{HttpResponse, http::StatusCode, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{authorize::pushed, pending};
use crate::{
    clients::http::FromClient,
    core::Core,
    web::{OauthError, OauthErrorDocument, RequestMeta},
};

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
#[utoipa::path(tag = "OpenID Connect", security(("client_basic" = [])), responses(
    (status = 201, body = Pushed),
    (status = 400, description = "invalid_request, invalid_request_uri, invalid_scope, invalid_target, request_not_supported, unauthorized_client, unmet_authentication_requirements, unsupported_response_type", body = OauthErrorDocument),
    (status = 401, description = "invalid_client", body = OauthErrorDocument),
    (status = 429, description = "too_many_requests", body = OauthErrorDocument),
))]
#[post("/oauth2/par")]
pub async fn push_request(
    core: web::Data<Core>,
    meta: RequestMeta,
    sent: FromClient,
) -> Result<HttpResponse, OauthError> {
    let core = core.into_inner();
    let FromClient { client, form } = sent;
    let own = Arc::clone(&core);
    let (request_uri, expires_in) = core
        .db
        .write(move |conn| -> Result<_, OauthError> {
            let request = pushed(&own, (&client, &form), meta.now)?;
            Ok(pending::keep_pushed(&own, conn, &request, meta.now)?)
        })
        .await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(Pushed { request_uri, expires_in }))
}
