//! ID tokens (OpenID Connect Core §2): who has signed in, told to one client.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, json};

use super::{answer::Granted, userinfo::verifier};
use crate::{
    capabilities::{
        access_tokens::{self, Issued},
        claims::{self, Asked},
        clients::{Client, Scope},
        core::Core,
        grants,
    },
    kernel::Timestamp,
    tools::{crypto::SigningAlg, db::DbFault},
};

/// What ID tokens are; access tokens and logout tokens are something else.
const TYPE: &str = "JWT";

/// Makes the ID token that goes with an access token. What of the person is in
/// it was asked for by name; the rest is for the userinfo endpoint.
pub fn issue(
    core: &Core,
    (client, granted): (&Client, &Granted),
    access: &Issued,
    now: Timestamp,
) -> Result<String, DbFault> {
    let Granted { grant, account, nonce, .. } = granted;
    let alg = client.metadata.id_token_signed_response_alg;
    let number = client.metadata.document_number;
    let asked = Asked::parse(grant.claims.as_deref());
    let mut claims: Map<_, _> = claims::of(account, &granted.scopes, number)
        .into_iter()
        .filter(|(name, _)| asked.in_id_token(name))
        .collect();
    if let Some(verified) = asked.verified_in_id_token()
        && granted.scopes.has(Scope::RealName)
        && let Some(verified) = claims::verified(account, verified, verifier(core, client, now))
    {
        claims.insert("verified_claims".into(), verified);
    }
    if let Some(nonce) = nonce {
        claims.insert("nonce".into(), json!(nonce));
    }
    if let Some(hash) = access_hash(alg, &access.token) {
        claims.insert("at_hash".into(), json!(hash));
    }
    for (name, value) in [
        ("iss", json!(core.settings.server.public_url)),
        ("sub", json!(grant.subject)),
        ("aud", json!(client.id)),
        ("iat", json!(now.timestamp())),
        ("exp", json!(now.timestamp() + access.seconds)),
        ("auth_time", json!(grant.auth_time.timestamp())),
        ("acr", json!(access_tokens::acr(account.assurance_level))),
        ("sid", json!(grants::client_session(core, grant.client, grant.session))),
    ] {
        claims.insert(name.into(), value);
    }
    Ok(core.keyring.with_tokens(|keys| keys.sign((alg, TYPE), &claims, now))?)
}

/// Binds the two tokens (OpenID Connect Core §3.1.3.6). For `EdDSA` nobody has
/// said which hash it is, and it may be left out.
fn access_hash(alg: SigningAlg, token: &str) -> Option<String> {
    match alg {
        SigningAlg::RS256 | SigningAlg::ES256 => {
            let hash = digest(&SHA256, token.as_bytes());
            hash.as_ref().get(..16).map(|half| BASE64_URL_SAFE_NO_PAD.encode(half))
        }
        SigningAlg::EdDSA => None,
    }
}
