//! Who sends `Authorization: Bearer` (RFC 6750) with a client's token.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
};

use super::{Claims, Token, check, read};
use crate::{
    capabilities::{
        clients::{Client, Scope},
        core::Ctx,
        grants::Grant,
    },
    tools::{
        db::DbFault,
        web::{Form, OauthError, Problem, ProblemCode},
    },
};

/// The token of a request's header; `None` when there is no such header.
#[derive(Debug, Clone)]
pub struct Bearer(pub Option<String>);

impl Bearer {
    /// Reads the header. Of another scheme, or unreadable, it is an empty
    /// token, which is good for nothing.
    pub fn of(request: &HttpRequest) -> Self {
        let header = request.headers().get(header::AUTHORIZATION);
        Self(header.map(|value| {
            let token = value.to_str().ok().and_then(|value| value.split_once(' '));
            match token {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    token.trim().to_owned()
                }
                _ => String::new(),
            }
        }))
    }
}

/// The token of a request, when it is good and for us.
async fn good(ctx: &Ctx, token: Option<String>) -> Result<Option<Token>, DbFault> {
    let claims: Option<Claims> = token.and_then(|token| read(&ctx.core, &token, ctx.now));
    let Some(claims) = claims.filter(|claims| claims.aud == ctx.core.settings.server.public_url)
    else {
        return Ok(None);
    };
    ctx.read(move |tx| check(tx.conn, claims, tx.now)).await
}

/// A business system that calls for itself; a handler that takes it is closed
/// to everybody else. Which scope is needed is asked for by
/// [`require`](Self::require).
#[derive(Debug)]
pub struct ClientCaller {
    /// The system.
    pub client: Client,
    claims: Claims,
}

impl ClientCaller {
    /// Refuses a token that lacks a scope, also one that the client has lost
    /// since the token was made.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.claims.scopes().has(scope) && self.client.metadata.scopes().has(scope) {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::ScopeInsufficient).with("scope", scope.code()))
    }
}

impl FromRequest for ClientCaller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let ctx = Ctx::from_http(request);
        let Bearer(token) = Bearer::of(request);
        Box::pin(async move {
            match good(&ctx?, token).await? {
                Some(Token { claims, client, grant: None }) => Ok(Self { client, claims }),
                _ => Err(Problem::new(ProblemCode::TokenInvalid)),
            }
        })
    }
}

/// A client that asks about a person who has signed in to it. The token stands
/// in the header, or in the form of a `POST` (RFC 6750 §2.2).
#[derive(Debug)]
pub struct PersonToken {
    /// The client.
    pub client: Client,
    /// The sign-in.
    pub grant: Grant,
    /// What the token says.
    pub claims: Claims,
}

impl FromRequest for PersonToken {
    type Error = OauthError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OauthError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let ctx = Ctx::from_http(request);
        let Bearer(header) = Bearer::of(request);
        // Whoever sends the header may leave the body empty, or say anything.
        let is_form = request.content_type() == "application/x-www-form-urlencoded";
        let has_form = request.method() == Method::POST && (header.is_none() || is_form);
        let form = has_form.then(|| Form::from_request(request, payload));
        Box::pin(async move {
            let ctx = ctx.map_err(OauthError::internal)?;
            let form = match form {
                Some(form) => form.await?,
                None => Form::default(),
            };
            let token = match (header, form.get("access_token")) {
                (Some(_), Some(_)) => {
                    return Err(OauthError::invalid("The token is sent in more than one way."));
                }
                (header, posted) => header.or_else(|| posted.map(str::to_owned)),
            };
            if token.is_none() {
                return Err(OauthError::no_token());
            }
            match good(&ctx, token).await? {
                Some(Token { claims, client, grant: Some(grant) }) => {
                    Ok(Self { client, grant, claims })
                }
                _ => Err(OauthError::bad_token()),
            }
        })
    }
}
