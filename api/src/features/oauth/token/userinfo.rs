//! The userinfo endpoint (OpenID Connect Core §5.3).

use serde_json::json;

use super::answer::account_of;
use crate::{
    capabilities::{
        access_tokens::PersonToken,
        claims::{self, Asked, Claims, Verifier},
        clients::{Client, Scope},
        core::{Core, Ctx},
    },
    kernel::Timestamp,
    tools::{db::DbFault, web::OauthError},
};

/// Who tells a client what was proved.
pub fn verifier<'a>(core: &'a Core, client: &Client, now: Timestamp) -> Verifier<'a> {
    Verifier {
        organization: &core.settings.server.public_url,
        number: client.metadata.document_number,
        now,
    }
}

/// What the person has let the client see, as it is now.
pub async fn answer(ctx: &Ctx, token: PersonToken) -> Result<Claims, OauthError> {
    let PersonToken { client, grant, claims } = token;
    // A refresh may have narrowed what the token covers, and an operator what
    // the client may see.
    let scopes = claims.scopes().shared_with(&grant.scopes);
    let scopes = scopes.shared_with(&client.metadata.scopes());
    if !scopes.has(Scope::OpenId) {
        return Err(OauthError::lacks(Scope::OpenId.code()));
    }
    let subject = grant.subject.clone();
    let asked = Asked::parse(grant.claims.as_deref());
    let account = ctx
        .read(move |tx| -> Result<_, DbFault> { account_of(tx, &grant) })
        .await?
        .ok_or_else(OauthError::bad_token)?;
    let mut answer = claims::of(&account, &scopes, client.metadata.document_number);
    answer.insert("sub".into(), json!(subject));
    if let Some(verified) = asked.verified_in_userinfo()
        && scopes.has(Scope::RealName)
        && let Some(verified) =
            claims::verified(&account, verified, verifier(&ctx.core, &client, ctx.now))
    {
        answer.insert("verified_claims".into(), verified);
    }
    Ok(answer)
}
