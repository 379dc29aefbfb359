//! Trading an authorization code for tokens (RFC 6749 §4.1.3, RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::answer::{Granted, account_of};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        clients::{Client, GrantType},
        core::{Ctx, Stop, Tx},
        grants::{self, Grant, NewCode, Redeemed},
    },
    features::oauth::request::resource,
    tools::{
        db::DbFault,
        web::{Form, OauthCode, OauthError},
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
    ctx: &Ctx,
    client: Client,
    form: &Form,
    resource: Option<String>,
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
    Ok(ctx.write(move |tx| exchange_code(tx, &client, &exchange)).await?)
}

/// The refusal of an invalid code is kept: the code stays consumed. A wrong
/// `resource` rolls back, so that the client may try again with the same code.
fn exchange_code(
    tx: &mut Tx<'_>,
    client: &Client,
    exchange: &Exchange,
) -> Result<Granted, Stop<OauthError>> {
    let invalid = || Err(Stop::keep(OauthError::new(OauthCode::InvalidGrant)));
    let (grant, code) = match grants::redeem_code(tx.conn, &exchange.code, tx.now)? {
        Redeemed::Once(redeemed) => *redeemed,
        Redeemed::Again(grant) => {
            end_reused(tx, &grant)?;
            return invalid();
        }
        Redeemed::Invalid => return invalid(),
    };
    if grant.client != client.id || !fits(&code, exchange) {
        return invalid();
    }
    let Some(account) = account_of(tx, &grant)? else { return invalid() };
    let resource = resource::of_grant(tx.core, client, &grant, exchange.resource.as_deref())?;
    let refresh = if client.metadata.may(GrantType::RefreshToken) {
        Some(grants::issue_refresh(tx, &grant, client)?)
    } else {
        None
    };
    // Some may have been taken from the client since.
    let scopes = grant.scopes.shared_with(&client.metadata.scopes());
    Ok(Granted { grant, account, scopes, resource, refresh, nonce: code.nonce })
}

/// Ends a sign-in whose code or refresh token came a second time.
pub fn end_reused(tx: &mut Tx<'_>, grant: &Grant) -> Result<(), DbFault> {
    if grants::end(tx.conn, grant.id, tx.now)? {
        let client = grant.client.to_string();
        let subject =
            AuditSubject { detail: Some(&client), ..AuditSubject::account(grant.account) };
        tx.audit(AuditKind::GrantReused, subject)?;
    }
    Ok(())
}

/// Whether the exchange comes from where the code was sent to: from the same
/// address, and from whoever has begun the sign-in. A code without a challenge
/// is none of ours.
fn fits(code: &NewCode, exchange: &Exchange) -> bool {
    let Some(challenge) = &code.code_challenge else { return false };
    let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, exchange.verifier.as_bytes()));
    let right: bool = hash.as_bytes().ct_eq(challenge.as_bytes()).into();
    right && code.redirect_uri == exchange.redirect_uri
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
