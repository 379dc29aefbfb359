//! Trading a refresh token for new tokens (RFC 6749 §6).

use zeroize::Zeroizing;

use super::{
    answer::{Granted, account_of, asked_scopes},
    code::end_reused,
};
use crate::{
    capabilities::{
        clients::{Client, Scopes},
        core::{Ctx, Stop, Tx},
        grants::{self, Refreshed},
    },
    features::oauth::request::resource,
    tools::web::{Form, OauthCode, OauthError},
};

/// Trades a refresh token, which is used up by it. One that comes a second time
/// is a copy in somebody's hands, so everything that hangs on it is ended (RFC
/// 9700 §4.14.2).
pub async fn run(
    ctx: &Ctx,
    client: Client,
    form: &Form,
    resource: Option<String>,
) -> Result<Granted, OauthError> {
    let token = form.require("refresh_token", "The refresh_token is missing.")?;
    let token = Zeroizing::new(token.to_owned());
    let asked = Asked { scopes: asked_scopes(form)?, resource };
    Ok(ctx.write(move |tx| trade(tx, &client, &token, asked)).await?)
}

/// What a request wants of what was granted.
struct Asked {
    scopes: Option<Scopes>,
    resource: Option<String>,
}

/// The refusal of an invalid token is kept. A wrong scope or `resource` rolls
/// back, so that the client may try again with the same token.
fn trade(
    tx: &mut Tx<'_>,
    client: &Client,
    token: &str,
    asked: Asked,
) -> Result<Granted, Stop<OauthError>> {
    let invalid = || Err(Stop::keep(OauthError::new(OauthCode::InvalidGrant)));
    let grant = match grants::refresh(tx.conn, (token, client), tx.now)? {
        Refreshed::Once(grant) => *grant,
        Refreshed::Again(grant) => {
            end_reused(tx, &grant)?;
            return invalid();
        }
        Refreshed::Invalid => return invalid(),
    };
    let Some(account) = account_of(tx, &grant)? else { return invalid() };
    // The next refresh token is good for everything again (RFC 6749 §6), but for
    // what the client may not ask for any more.
    let granted = grant.scopes.shared_with(&client.metadata.scopes());
    let scopes = match asked.scopes {
        Some(asked) if !granted.cover(&asked) => {
            return Err(OauthError::new(OauthCode::InvalidScope).into());
        }
        Some(asked) => asked,
        None => granted,
    };
    let resource = resource::of_grant(tx.core, client, &grant, asked.resource.as_deref())?;
    let refresh = Some(grants::issue_refresh(tx, &grant, client)?);
    Ok(Granted { grant, account, scopes, resource, refresh, nonce: None })
}
