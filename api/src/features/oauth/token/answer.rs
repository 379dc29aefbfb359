//! The token endpoint (RFC 6749 §3.2): what kind of request it is, and the
//! tokens that answer it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{code, id_token, refresh};
use crate::{
    capabilities::{
        access_tokens::{self, Issued, Speaks, Wanted},
        accounts::{self, Account, UnitState},
        clients::{Client, FromClient, GrantType, Scope, Scopes},
        core::{Core, Ctx, Tx},
        grants::Grant,
    },
    features::oauth::request::resource,
    kernel::Timestamp,
    tools::{
        db::DbFault,
        web::{Form, OauthCode, OauthError},
    },
};

/// Tokens (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// JWT (RFC 9068), for `Authorization: Bearer`.
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9…")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 600)]
    expires_in: i64,
    /// What the access token covers.
    #[schema(example = "openid profile realname")]
    scope: String,
    /// For one use; using it twice ends the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "h6Z0c1vX…")]
    refresh_token: Option<String>,
    /// Who has signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9…")]
    id_token: Option<String>,
}

/// Answers a token request.
pub async fn answer(
    ctx: &Ctx,
    FromClient { client, form }: FromClient,
) -> Result<TokenAnswer, OauthError> {
    let kind = form.require("grant_type", "The grant_type is missing.")?;
    let grant_type = match kind {
        "authorization_code" => GrantType::AuthorizationCode,
        "refresh_token" => GrantType::RefreshToken,
        "client_credentials" => GrantType::ClientCredentials,
        _ => return Err(OauthError::new(OauthCode::UnsupportedGrantType)),
    };
    if !client.metadata.may(grant_type) {
        return Err(OauthError::new(OauthCode::UnauthorizedClient));
    }
    let resource = resource::asked(&ctx.core, &client, &form)?;
    match grant_type {
        GrantType::ClientCredentials => {
            credentials(&ctx.core, (&client, &form), resource.as_deref(), ctx.now)
        }
        GrantType::AuthorizationCode => {
            let granted = code::run(ctx, client.clone(), &form, resource).await?;
            persons(&ctx.core, (&client, granted), ctx.now)
        }
        GrantType::RefreshToken => {
            let granted = refresh::run(ctx, client.clone(), &form, resource).await?;
            persons(&ctx.core, (&client, granted), ctx.now)
        }
    }
}

/// The scopes that a request asks for; an unknown one is refused.
pub fn asked_scopes(form: &Form) -> Result<Option<Scopes>, OauthError> {
    let Some(text) = form.get("scope") else { return Ok(None) };
    let known = text.split(' ').filter(|one| !one.is_empty()).map(Scope::from_code);
    let scopes: Option<_> = known.collect();
    scopes
        .map(|scopes| Some(Scopes(scopes)))
        .ok_or_else(|| OauthError::new(OauthCode::InvalidScope))
}

/// A token for the client itself (RFC 6749 §4.4). Nothing is written.
fn credentials(
    core: &Core,
    (client, form): (&Client, &Form),
    resource: Option<&str>,
    now: Timestamp,
) -> Result<TokenAnswer, OauthError> {
    // Whoever can keep no secret has no credentials.
    if client.metadata.is_public() {
        return Err(OauthError::new(OauthCode::UnauthorizedClient));
    }
    let own: Scopes =
        Scopes(client.metadata.scopes().0.into_iter().filter(|one| !one.is_of_person()).collect());
    let scopes = match asked_scopes(form)? {
        Some(asked) if own.cover(&asked) => asked,
        None => own,
        Some(_) => return Err(OauthError::new(OauthCode::InvalidScope)),
    };
    if scopes.0.is_empty() && resource.is_none() {
        return Err(OauthError::new(OauthCode::InvalidScope));
    }
    let wanted = Wanted { client, speaks: Speaks::Client, scopes: &scopes, resource };
    Ok(TokenAnswer::of(access_tokens::issue(core, &wanted, now)?, &scopes))
}

/// What a code or a refresh token has been traded for.
#[derive(Debug)]
pub struct Granted {
    pub grant: Grant,
    pub account: Account,
    /// What the access token covers.
    pub scopes: Scopes,
    /// Whom it is for, when that is not us.
    pub resource: Option<String>,
    /// The next refresh token, when the client may have one.
    pub refresh: Option<String>,
    /// Of the authorization request; ID tokens that come later have none.
    pub nonce: Option<String>,
}

/// Tokens for a person's sign-in. They are signed once everything is
/// committed: signing with RSA takes longer than the rest together.
fn persons(
    core: &Core,
    (client, granted): (&Client, Granted),
    now: Timestamp,
) -> Result<TokenAnswer, OauthError> {
    let level = granted.account.assurance_level;
    let wanted = Wanted {
        client,
        speaks: Speaks::Person(&granted.grant, level),
        scopes: &granted.scopes,
        resource: granted.resource.as_deref(),
    };
    let issued = access_tokens::issue(core, &wanted, now)?;
    let id_token = if granted.scopes.has(Scope::OpenId) {
        Some(id_token::issue(core, (client, &granted), &issued, now)?)
    } else {
        None
    };
    let answer = TokenAnswer::of(issued, &granted.scopes);
    Ok(TokenAnswer { refresh_token: granted.refresh, id_token, ..answer })
}

/// The account of a grant, as long as it may sign in to business systems: a
/// unit that was rejected since may not.
pub fn account_of(tx: &mut Tx<'_>, grant: &Grant) -> Result<Option<Account>, DbFault> {
    let account = accounts::find(tx, grant.account)?;
    let approved = |account: &Account| {
        account.unit.as_ref().is_none_or(|unit| unit.state == UnitState::Approved)
    };
    Ok(account.filter(approved))
}

impl TokenAnswer {
    fn of(issued: Issued, scopes: &Scopes) -> Self {
        Self {
            access_token: issued.token,
            token_type: "Bearer",
            expires_in: issued.seconds,
            scope: scopes.to_string(),
            refresh_token: None,
            id_token: None,
        }
    }
}
