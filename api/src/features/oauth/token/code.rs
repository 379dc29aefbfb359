//! Trading an authorization code for tokens (RFC 6749 §4.1.3, RFC 7636).

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::answer::{Granted, account_of};
use crate::{
    capabilities::{
        audit::{self, AuditKind, AuditSubject},
        clients::{Client, GrantType},
        core::Core,
        grants::{self, Grant, NewCode, Redeemed},
    },
    features::oauth::request::resource,
    tools::{
        db::{Conn, DbFault},
        web::{Form, OauthCode, OauthError, RequestMeta},
    },
};

/// What an exchange brings.
struct Exchange {
    code: Zeroizing<String>,
    redirect_uri: String,
    verifier: Zeroizing<String>,
    /// Whom the token is to be for.
    resource: Option<String>,
}

/// Trades a code. It is used up by the first who comes with it, whether or not
/// he is the right one: whoever has only half of what is needed gets no second
/// try. Whoever comes with it again, at the same moment or later, ends what was
/// given for it.
pub async fn run(
    core: &Arc<Core>,
    (client, form): (Client, &Form),
    resource: Option<String>,
    meta: &RequestMeta,
) -> Result<Granted, OauthError> {
    let owned =
        |name, missing| form.require(name, missing).map(|text| Zeroizing::new(text.to_owned()));
    let verifier = owned("code_verifier", "The code_verifier is missing.")?;
    if !is_verifier(&verifier) {
        return Err(OauthError::invalid("The code_verifier is malformed."));
    }
    let exchange = Exchange {
        code: owned("code", "The code is missing.")?,
        redirect_uri: form.require("redirect_uri", "The redirect_uri is missing.")?.to_owned(),
        verifier,
        resource,
    };
    let (own, meta) = (Arc::clone(core), meta.clone());
    core.db
        .write(move |conn| -> Result<Result<Granted, OauthError>, OauthError> {
            let granted = exchange_code(&own, conn, (&client, &exchange), &meta)?;
            Ok(granted.ok_or_else(|| OauthError::new(OauthCode::InvalidGrant)))
        })
        .await?
}

/// What is refused (`None`) is committed; asking for a token for whom it may not
/// be, by the right one, leaves the code as it was.
fn exchange_code(
    core: &Core,
    conn: &mut Conn,
    (client, exchange): (&Client, &Exchange),
    meta: &RequestMeta,
) -> Result<Option<Granted>, OauthError> {
    let (grant, code) = match grants::redeem_code(conn, &exchange.code, meta.now)? {
        Redeemed::Once(redeemed) => *redeemed,
        Redeemed::Again(grant) => {
            end_reused(core, conn, &grant, meta)?;
            return Ok(None);
        }
        Redeemed::Invalid => return Ok(None),
    };
    if grant.client != client.id || !fits(&code, exchange) {
        return Ok(None);
    }
    let Some(account) = account_of(core, conn, &grant)? else { return Ok(None) };
    let resource = resource::of_grant(core, client, &grant, exchange.resource.as_deref())?;
    let refresh = if client.metadata.may(GrantType::RefreshToken) {
        Some(grants::issue_refresh(core, conn, (&grant, client), meta.now)?)
    } else {
        None
    };
    // Some may have been taken from the client since.
    let scopes = grant.scopes.shared_with(&client.metadata.scopes());
    Ok(Some(Granted { grant, account, scopes, resource, refresh, nonce: code.nonce }))
}

/// Ends a sign-in whose code or refresh token came a second time.
pub fn end_reused(
    core: &Core,
    conn: &mut Conn,
    grant: &Grant,
    meta: &RequestMeta,
) -> Result<(), DbFault> {
    if grants::end(conn, grant.id, meta.now)? {
        let client = grant.client.to_string();
        let subject =
            AuditSubject { detail: Some(&client), ..AuditSubject::account(grant.account) };
        audit::record(core, conn, meta, (AuditKind::GrantReused, subject))?;
    }
    Ok(())
}

/// Whether the exchange comes from where the code was sent to: from the same
/// address, and from whoever has begun the sign-in. A code without a challenge
/// is none of ours.
fn fits(code: &NewCode, exchange: &Exchange) -> bool {
    let Some(challenge) = &code.code_challenge else { return false };
    let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(exchange.verifier.as_bytes()));
    let right: bool = hash.as_bytes().ct_eq(challenge.as_bytes()).into();
    right && code.redirect_uri == exchange.redirect_uri
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
