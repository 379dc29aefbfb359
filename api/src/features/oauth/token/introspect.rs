//! Asking about tokens (RFC 7662) and ending them (RFC 7009).

use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        access_tokens::{self, Claims, Token},
        clients::{Client, FromClient},
        core::{Ctx, Tx},
        grants,
    },
    kernel::Timestamp,
    tools::{
        db::{Conn, DbFault},
        web::OauthError,
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
    ctx: &Ctx,
    FromClient { client, form }: FromClient,
) -> Result<Introspection, OauthError> {
    if client.metadata.is_public() {
        return Err(OauthError::invalid_client(false));
    }
    let token = Zeroizing::new(form.require("token", "The token is missing.")?.to_owned());
    let claims = access_tokens::read(&ctx.core, &token, ctx.now);

    Ok(ctx
        .read(move |tx| match claims {
            Some(claims) if !concerns(&client, &claims) => Ok(Introspection::default()),
            Some(claims) => access_token(tx.conn, claims, tx.now),
            None => refresh_token(tx, &client, &token),
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

fn refresh_token(tx: &mut Tx<'_>, client: &Client, token: &str) -> Result<Introspection, DbFault> {
    let Some((grant, expires_at)) = grants::peek_refresh(tx.conn, (token, client), tx.now)? else {
        return Ok(Introspection::default());
    };
    Ok(Introspection {
        active: true,
        scope: Some(grant.scopes.shared_with(&client.metadata.scopes()).to_string()),
        client_id: Some(client.id.to_string()),
        sub: Some(grant.subject),
        iss: Some(tx.core.settings.server.public_url.clone()),
        exp: Some(expires_at.timestamp()),
        auth_time: Some(grant.auth_time.timestamp()),
        ..Introspection::default()
    })
}

/// Ends a client's token: of an access token only itself, of a refresh token,
/// used or not, everything that hangs on the same sign-in. What is unknown, or
/// another client's, is answered the same (RFC 7009 §2.2).
pub async fn revoke(ctx: &Ctx, FromClient { client, form }: FromClient) -> Result<(), OauthError> {
    let token = Zeroizing::new(form.require("token", "The token is missing.")?.to_owned());
    let claims = access_tokens::read(&ctx.core, &token, ctx.now);
    Ok(ctx
        .write(move |tx| -> Result<(), DbFault> {
            match claims {
                Some(claims) if claims.client_id == client.id => {
                    access_tokens::revoke(tx.conn, &claims)
                }
                Some(_) => Ok(()),
                None => match grants::of_refresh(tx.conn, (&token, &client), tx.now)? {
                    Some(grant) => grants::end(tx.conn, grant.id, tx.now).map(drop),
                    None => Ok(()),
                },
            }
        })
        .await?)
}
