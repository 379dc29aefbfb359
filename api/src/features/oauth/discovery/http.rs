//! What clients configure themselves from: open to everybody, answered from
//! memory, and kept by whoever asks for as long as it may be.

use actix_web::{HttpResponse, get, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::metadata::{self, Metadata};
use crate::{
    capabilities::core::Ctx,
    tools::crypto::signing::{PublishedKey, TokenKeys},
};

/// Seconds that metadata may be kept.
const KEPT: u32 = 300;

/// The published keys (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    keys: Vec<PublishedKey>,
}

fn kept(seconds: u32, body: impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={seconds}")))
        .json(body)
}

/// Metadata for OpenID Connect clients
///
/// Libraries configure themselves from it: addresses, scopes, claims and
/// algorithms (OpenID Connect Discovery 1.0). `Cache-Control` says how long it
/// may be kept.
#[utoipa::path(tag = "OpenID Connect", responses((status = 200, body = Metadata)))]
#[get("/.well-known/openid-configuration")]
pub async fn get_openid_configuration(ctx: Ctx) -> HttpResponse {
    kept(KEPT, metadata::describe(&ctx.core))
}

/// Metadata for OAuth 2.0 clients (RFC 8414), the same
///
/// For libraries that look here and not under
/// `/.well-known/openid-configuration`.
#[utoipa::path(tag = "OpenID Connect", responses((status = 200, body = Metadata)))]
#[get("/.well-known/oauth-authorization-server")]
pub async fn get_oauth_metadata(ctx: Ctx) -> HttpResponse {
    kept(KEPT, metadata::describe(&ctx.core))
}

/// Public keys of every token that we sign
///
/// A new key is published before it signs, and an old one for as long as its
/// tokens live. `Cache-Control` says how long the set may be kept.
#[utoipa::path(tag = "OpenID Connect", responses((status = 200, body = KeySet)))]
#[get("/.well-known/jwks.json")]
pub async fn get_jwks(ctx: Ctx) -> HttpResponse {
    // Half of what a new key waits: everybody has it in time.
    let seconds = ctx.core.settings.oauth.key_ahead_minutes.saturating_mul(30).min(3600);
    kept(seconds, KeySet { keys: ctx.core.keyring.with_tokens(TokenKeys::published) })
}
