//! Telling a business system that a session has ended (OpenID Connect
//! Back-Channel Logout 1.0).

use serde_json::json;

use crate::{
    capabilities::{clients, core::Tx},
    kernel::ids::{ClientId, TokenId},
    tools::{db::DbFault, ports::HttpRequest},
};

/// What a logout token is (Back-Channel Logout 1.0 §2.4).
const TYPE: &str = "logout+jwt";
/// What it tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds a logout token lives.
const LIFETIME: i64 = 120;

/// The request that tells a client; nothing, when it does not want to be told
/// any more. A token is made for each try, so that none is too old or was seen
/// before.
pub fn notice(
    tx: &mut Tx<'_>,
    client: ClientId,
    subject: &str,
    session: &str,
) -> Result<Option<HttpRequest>, DbFault> {
    let Some(client) = clients::find(tx.conn, client)?.filter(clients::Client::is_enabled) else {
        return Ok(None);
    };
    let Some(url) = client.metadata.backchannel_logout_uri.clone() else { return Ok(None) };
    let claims = json!({
        "iss": tx.core.settings.server.public_url,
        "aud": client.id,
        "iat": tx.now.timestamp(),
        "exp": tx.now.timestamp() + LIFETIME,
        "jti": TokenId::new(tx.now, &*tx.core.entropy)?,
        "sub": subject,
        "sid": session,
        "events": { EVENT: {} },
    });
    let alg = client.metadata.id_token_signed_response_alg;
    let token = tx.core.keyring.with_tokens(|keys| keys.sign((alg, TYPE), &claims, tx.now))?;
    Ok(Some(HttpRequest {
        url,
        content_type: "application/x-www-form-urlencoded",
        headers: vec![("cache-control", "no-store".to_owned())],
        // A JWT holds nothing that a form would encode.
        body: format!("logout_token={token}").into_bytes(),
    }))
}
