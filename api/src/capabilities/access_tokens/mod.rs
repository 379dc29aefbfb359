//! Access tokens of clients: JWTs (RFC 9068) for our own endpoints and for the
//! APIs that a client may ask for (RFC 8707).
//!
//! A resource server may believe a token until it expires. We look deeper: the
//! client must be enabled, the person's grant live, and the token not revoked.

pub mod http;
mod store;

use serde::{Deserialize, Serialize};

use crate::{
    capabilities::{
        clients::{Client, Scopes},
        core::Core,
        grants::{self, Grant},
    },
    kernel::{
        Timestamp,
        ids::{ClientId, GrantId, TokenId},
    },
    tools::{
        crypto::signing::Expected,
        db::{Conn, DbFault},
    },
};

pub use http::{Bearer, ClientCaller, PersonToken};
pub use store::purge;

/// What access tokens are (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The name by which the client knows the person; of a token of its own,
    /// the client.
    pub sub: String,
    /// Whom it is for.
    pub aud: String,
    /// Whose it is.
    pub client_id: ClientId,
    /// What it covers.
    pub scope: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Expires at, seconds since 1970.
    pub exp: i64,
    /// Its id.
    pub jti: TokenId,
    /// When the person entered the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How well the person is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The sign-in that it hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<GrantId>,
}

impl Claims {
    /// What it covers.
    pub fn scopes(&self) -> Scopes {
        Scopes::parse(&self.scope)
    }
}

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy)]
pub enum Speaks<'a> {
    /// The client itself.
    Client,
    /// A person who has signed in; how well the person is proved.
    Person(&'a Grant, i32),
}

/// What a token is to be good for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Whose it is.
    pub client: &'a Client,
    /// Whom it speaks for.
    pub speaks: Speaks<'a>,
    /// What it covers.
    pub scopes: &'a Scopes,
    /// Whom it is for, when that is not us.
    pub resource: Option<&'a str>,
}

/// A new token.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// Seconds that it lives.
    pub seconds: i64,
}

/// The name of an assurance level (OpenID Connect Core, `acr`).
pub fn acr(assurance_level: i32) -> String {
    format!("urn:shiming:acr:l{assurance_level}")
}

/// Seconds that a client's access tokens live.
pub fn lifetime(core: &Core, client: &Client) -> i64 {
    let installation = core.settings.oauth.access_token_minutes * 60;
    client.metadata.access_token_seconds.unwrap_or(installation).into()
}

/// Makes a token. Nothing is stored: what it says is signed.
pub fn issue(core: &Core, wanted: &Wanted<'_>, now: Timestamp) -> Result<Issued, DbFault> {
    let Wanted { client, speaks, scopes, resource } = wanted;
    let issuer = &core.settings.server.public_url;
    let seconds = lifetime(core, client);
    let (sub, person) = match speaks {
        Speaks::Client => (client.id.to_string(), None),
        Speaks::Person(grant, level) => (grant.subject.clone(), Some((*grant, *level))),
    };
    let claims = Claims {
        iss: issuer.clone(),
        sub,
        aud: resource.unwrap_or(issuer).to_owned(),
        client_id: client.id,
        scope: scopes.to_string(),
        iat: now.timestamp(),
        exp: now.timestamp() + seconds,
        jti: TokenId::new(now, &*core.entropy)?,
        auth_time: person.map(|(grant, _)| grant.auth_time.timestamp()),
        acr: person.map(|(_, level)| acr(level)),
        gid: person.map(|(grant, _)| grant.id),
    };
    let alg = client.metadata.id_token_signed_response_alg;
    let token = core.keyring.with_tokens(|keys| keys.sign((alg, TYPE), &claims, now))?;
    Ok(Issued { token, seconds })
}

/// A token that is good.
#[derive(Debug)]
pub struct Token {
    /// What it says.
    pub claims: Claims,
    /// Whose it is.
    pub client: Client,
    /// The sign-in that it hangs on, when it speaks for a person.
    pub grant: Option<Grant>,
}

/// What an access token of ours says, whether or not it was revoked since.
pub fn read(core: &Core, token: &str, now: Timestamp) -> Option<Claims> {
    let issuer = &core.settings.server.public_url;
    let expected = Expected { typ: TYPE, issuer, audience: None, expired: false };
    core.keyring.with_tokens(|keys| keys.verify(token, &expected, now))
}

/// The token that these claims are of, as long as its client is enabled, the
/// sign-in live and it was not revoked. Whom it is for is not looked at.
pub fn check(conn: &mut Conn, claims: Claims, now: Timestamp) -> Result<Option<Token>, DbFault> {
    let grant = claims.gid.map(|id| id.to_string()).unwrap_or_default();
    let of = (claims.client_id.to_string(), claims.jti.to_string());
    let Some((client, grant, None)) = store::find(conn, (&of.0, &grant), &of.1)? else {
        return Ok(None);
    };
    let client = client.client()?;
    let grant = grant.map(grants::Row::grant).transpose()?.filter(|grant| grant.is_live(now));
    // A token that hangs on a sign-in is nothing without it.
    let is_good = client.is_enabled() && claims.gid.is_some() == grant.is_some();
    Ok(is_good.then_some(Token { claims, client, grant }))
}

/// Ends a token before its time.
pub fn revoke(conn: &mut Conn, claims: &Claims) -> Result<(), DbFault> {
    let until = Timestamp::from_timestamp(claims.exp, 0).unwrap_or(Timestamp::MAX_UTC);
    store::revoke(conn, &claims.jti.to_string(), until)
}
