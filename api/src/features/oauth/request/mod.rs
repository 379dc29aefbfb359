//! What a client asks for when it sends a person here: the authorization
//! request (OpenID Connect Core §3.1.2.1, RFC 6749 §4.1.1), as a type that
//! cannot hold anything invalid.

mod claims;
pub mod hint;
pub mod http;
pub mod pending;
mod prompt;
pub mod redirect;
pub mod resource;
mod store;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use claims::Claims;
pub use prompt::Prompt;
pub use store::purge;

use crate::{
    capabilities::{
        clients::{Client, GrantType, Scope, Scopes},
        core::Core,
        sessions::Session,
    },
    kernel::{Timestamp, ids::ClientId},
    tools::web::{Form, OauthCode, OauthError},
};

/// Bytes of the longest state; it goes back in a URL.
pub const LONGEST_STATE: usize = 2048;
/// Bytes of the longest nonce.
const LONGEST_NONCE: usize = 512;
/// Characters of the longest hint at who it is.
const LONGEST_HINT: usize = 128;
/// Length of a SHA-256 in base64url (RFC 7636 §4.2).
const CHALLENGE: usize = 43;

/// Where the answer goes: known before anything else is, because without it
/// there is nobody to be told what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Redirect URI, one of the client's.
    pub uri: String,
    /// What the client wants to have back.
    pub state: Option<String>,
}

/// Why an answer can go nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untargeted {
    /// The redirect URI is missing, or none of the client's.
    Uri,
    /// The state could not be given back as it came.
    State,
}

impl Target {
    /// Reads redirect URI and state. URIs are compared character by character
    /// (RFC 9700 §2.1).
    pub fn read(client: &Client, form: &Form) -> Result<Self, Untargeted> {
        let uri = form.get("redirect_uri").ok_or(Untargeted::Uri)?;
        if !client.metadata.redirect_uris.iter().any(|known| known == uri) {
            return Err(Untargeted::Uri);
        }
        let state = form.get("state");
        if state.is_some_and(|state| state.len() > LONGEST_STATE || has_controls(state)) {
            return Err(Untargeted::State);
        }
        Ok(Self { uri: uri.to_owned(), state: state.map(str::to_owned) })
    }
}

/// An authorization request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes.
    pub target: Target,
    /// What for.
    pub scopes: Scopes,
    /// Goes into the ID token.
    pub nonce: Option<String>,
    /// PKCE, S256.
    pub challenge: String,
    /// What the person is to do, or not.
    pub prompts: BTreeSet<Prompt>,
    /// Seconds that the password may have been entered ago.
    pub max_age: Option<u32>,
    /// Who it is, as the client thinks.
    pub login_hint: Option<String>,
    /// `zh-CN` or `en`, as the client thinks.
    pub ui_locale: Option<UiLocale>,
    /// Claims asked for one by one.
    pub claims: Option<Claims>,
    /// Whom access tokens are to be for (RFC 8707).
    pub resources: BTreeSet<String>,
    /// The only account that will do, as the client knows it.
    pub subject: Option<String>,
}

/// A language of our pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum UiLocale {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Request {
    /// Reads what `client` asks for; `pushed` when it came to us directly.
    pub fn read(
        core: &Core,
        client: &Client,
        (form, target): (&Form, Target),
        pushed: bool,
    ) -> Result<Self, OauthError> {
        refuse_unsupported(client, form, pushed)?;
        let claims = form.get("claims").map(Claims::parse).transpose()?;
        let subject = claims.as_ref().and_then(Claims::subject);
        Ok(Self {
            client: client.id,
            target,
            scopes: scopes(client, form)?,
            nonce: nonce(form)?,
            challenge: challenge(form)?,
            prompts: prompt::read(form.get("prompt"))?,
            max_age: max_age(form)?,
            login_hint: login_hint(form),
            ui_locale: form.get("ui_locales").and_then(ui_locale),
            claims,
            resources: resource::authorized(core, client, form)?,
            subject,
        })
    }

    /// Whether the password of a session was entered too long ago for a request
    /// that arrived at `arrived`. What is entered while the request waits
    /// counts, however long the rest takes.
    pub fn wants_password(&self, session: &Session, arrived: Timestamp) -> bool {
        if session.password_at >= arrived {
            return false;
        }
        let age = (arrived - session.password_at).num_seconds();
        let too_old = self.max_age.is_some_and(|most| age > i64::from(most));
        too_old || self.prompts.contains(&Prompt::Login)
    }

    /// Whether the person is still to say which account it is.
    pub fn wants_choice(&self, session: &Session, arrived: Timestamp) -> bool {
        self.prompts.contains(&Prompt::SelectAccount) && session.password_at < arrived
    }
}

fn refuse_unsupported(client: &Client, form: &Form, pushed: bool) -> Result<(), OauthError> {
    if form.get("request").is_some() {
        return Err(OauthError::new(OauthCode::RequestNotSupported));
    }
    if form.get("request_uri").is_some() {
        let description = "Only pushed requests have a request_uri (RFC 9126).";
        return Err(OauthError::saying(OauthCode::InvalidRequestUri, description));
    }
    match form.get("response_type") {
        None => return Err(OauthError::invalid("response_type is missing.")),
        Some("code") => {}
        Some(_) => return Err(OauthError::new(OauthCode::UnsupportedResponseType)),
    }
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(OauthError::invalid("The only response_mode is query."));
    }
    if !client.metadata.may(GrantType::AuthorizationCode) {
        return Err(OauthError::new(OauthCode::UnauthorizedClient));
    }
    if client.metadata.require_pushed_authorization_requests && !pushed {
        return Err(OauthError::invalid("This client must push its requests (RFC 9126)."));
    }
    Ok(())
}

/// Unknown scopes are left out (OpenID Connect Core §3.1.2.1); those that the
/// client may not have are refused.
fn scopes(client: &Client, form: &Form) -> Result<Scopes, OauthError> {
    let mut asked = Scopes::parse(form.get("scope").unwrap_or_default());
    if !client.metadata.may(GrantType::RefreshToken) {
        asked.0.remove(&Scope::OfflineAccess);
    }
    let of_person = asked.0.iter().all(|scope| scope.is_of_person());
    if !of_person || !client.metadata.scopes().cover(&asked) {
        return Err(OauthError::new(OauthCode::InvalidScope));
    }
    if !asked.has(Scope::OpenId) {
        return Err(OauthError::saying(OauthCode::InvalidScope, "The scope must hold openid."));
    }
    Ok(asked)
}

fn nonce(form: &Form) -> Result<Option<String>, OauthError> {
    let Some(nonce) = form.get("nonce") else { return Ok(None) };
    if nonce.len() > LONGEST_NONCE || has_controls(nonce) {
        return Err(OauthError::invalid("The nonce is too long or no plain text."));
    }
    Ok(Some(nonce.to_owned()))
}

/// PKCE with S256 is asked of everybody (RFC 9700 §2.1.1).
fn challenge(form: &Form) -> Result<String, OauthError> {
    let challenge = form.require("code_challenge", "code_challenge is missing (RFC 7636).")?;
    if form.get("code_challenge_method") != Some("S256") {
        return Err(OauthError::invalid("The code_challenge_method must be S256."));
    }
    let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if challenge.len() != CHALLENGE || !challenge.chars().all(is_digit) {
        return Err(OauthError::invalid("The code_challenge is no SHA-256 in base64url."));
    }
    Ok(challenge.to_owned())
}

fn max_age(form: &Form) -> Result<Option<u32>, OauthError> {
    let invalid = || OauthError::invalid("max_age is no number of seconds.");
    let Some(text) = form.get("max_age") else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid());
    }
    text.parse().map(Some).map_err(|_| invalid())
}

/// A hint is shown in a field and nothing else; one that can be none is left
/// out.
fn login_hint(form: &Form) -> Option<String> {
    let hint = form.get("login_hint")?.trim();
    let fits = hint.chars().count() <= LONGEST_HINT && !has_controls(hint) && !hint.is_empty();
    fits.then(|| hint.to_owned())
}

/// The first language that we speak (BCP 47, in the order of preference).
pub fn ui_locale(tags: &str) -> Option<UiLocale> {
    tags.split(' ').find_map(|tag| {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "zh" => Some(UiLocale::ZhCn),
            "en" => Some(UiLocale::En),
            _ => None,
        }
    })
}

pub fn has_controls(text: &str) -> bool {
    text.chars().any(char::is_control)
}
