//! Asking about tokens (RFC 7662) and ending them (RFC 7009).

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        access_tokens::{self, Claims, Token},
        clients::{Client, FromClient},
        core::Core,
        grants,
    },
    kernel::Timestamp,
    tools::{
        db::{Conn, DbFault},
        web::{OauthError, RequestMeta},
    },
};

/// What a token says, to whom it concerns.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    /// Whether it is good; of a token that is not, or that is none of the
    /// asking client's business, nothing else is told.
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Bearer")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "openid profile")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "01935e0c-7f4e-7c5a-8a53-0242ac120002")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "5c0e1f…")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://id.example.gov.cn")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://id.example.gov.cn")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1_795_399_200)]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1_795_399_800)]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "01935e0c-7f4e-7c5a-8a53-0242ac120003")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1_795_399_140)]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "urn:shiming:acr:l3")]
    acr: Option<String>,
}

impl From<Claims> for Introspection {
    fn from(claims: Claims) -> Self {
        Self {
            active: true,
            token_type: Some("Bearer"),
            scope: Some(claims.scope),
            client_id: Some(claims.client_id.to_string()),
            sub: Some(claims.sub),
            aud: Some(claims.aud),
            iss: Some(claims.iss),
            iat: Some(claims.iat),
            exp: Some(claims.exp),
            jti: Some(claims.jti.to_string()),
            auth_time: claims.auth_time,
            acr: claims.acr,
        }
    }
}

/// Whether a token is a client's business: its own, or for an API that an operator
/// has registered it to be. That it may ask for tokens for an API does not count:
/// others may, too, and would be shown each other's.
fn concerns(client: &Client, claims: &Claims) -> bool {
    claims.client_id == client.id || client.metadata.resource_server_for.contains(&claims.aud)
}

/// Tells a client about a token.
pub async fn answer(
    core: &Arc<Core>,
    FromClient { client, form }: FromClient,
    meta: RequestMeta,
) -> Result<Introspection, OauthError> {
    if client.metadata.is_public() {
        return Err(OauthError::invalid_client(false));
    }
    let token = Zeroizing::new(form.require("token", "The token is missing.")?.to_owned());
    let claims = access_tokens::read(core, &token, meta.now);
    let own = Arc::clone(core);
    Ok(core
        .db
        .read(move |conn| match claims {
            Some(claims) if !concerns(&client, &claims) => Ok(Introspection::default()),
            Some(claims) => access_token(conn, claims, meta.now),
            None => refresh_token(&own, conn, (&client, &token), meta.now),
        })
        .await?)
}

fn access_token(conn: &mut Conn, claims: Claims, now: Timestamp) -> Result<Introspection, DbFault> {
    let token = access_tokens::check(conn, claims, now)?;
    let narrowed = |Token { mut claims, client, .. }: Token| {
        // What was taken from the client since is covered no more.
        claims.scope = claims.scopes().shared_with(&client.metadata.scopes()).to_string();
        claims.into()
    };
    Ok(token.map(narrowed).unwrap_or_default())
}

fn refresh_token(
    core: &Core,
    conn: &mut Conn,
    (client, token): (&Client, &str),
    now: Timestamp,
) -> Result<Introspection, DbFault> {
    let Some((grant, expires_at)) = grants::peek_refresh(conn, (token, client), now)? else {
        return Ok(Introspection::default());
    };
    Ok(Introspection {
        active: true,
        scope: Some(grant.scopes.shared_with(&client.metadata.scopes()).to_string()),
        client_id: Some(client.id.to_string()),
        sub: Some(grant.subject),
        iss: Some(core.settings.server.public_url.clone()),
        exp: Some(expires_at.timestamp()),
        auth_time: Some(grant.auth_time.timestamp()),
        ..Introspection::default()
    })
}

/// Ends a client's token: of an access token only itself, of a refresh token,
/// used or not, everything that hangs on the same sign-in. What is unknown, or
/// another client's, is answered the same (RFC 7009 §2.2).
pub async fn revoke(
    core: &Arc<Core>,
    FromClient { client, form }: FromClient,
    meta: RequestMeta,
) -> Result<(), OauthError> {
    let token = Zeroizing::new(form.require("token", "The token is missing.")?.to_owned());
    let claims = access_tokens::read(core, &token, meta.now);
    Ok(core
        .db
        .write(move |conn| -> Result<(), DbFault> {
            match claims {
                Some(claims) if claims.client_id == client.id => {
                    access_tokens::revoke(conn, &claims)
                }
                Some(_) => Ok(()),
                None => match grants::of_refresh(conn, (&token, &client), meta.now)? {
                    Some(grant) => grants::end(conn, grant.id, meta.now).map(drop),
                    None => Ok(()),
                },
            }
        })
        .await?)
}
