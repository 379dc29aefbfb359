//! Who is signed in: by cookie or by `Authorization: Bearer`.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{Method, header},
};

use super::{Session, by_access_token, by_cookie, is_stale, touch};
use crate::{
    capabilities::core::{Core, Ctx},
    tools::web::{Problem, ProblemCode, RequestMeta, cookies},
};

/// The live session of a request; a handler that takes it is closed to
/// everybody else.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Session);

enum Credential {
    Cookie(String),
    Bearer(String),
}

fn credential(core: &Core, request: &HttpRequest) -> Option<Credential> {
    let header = request.headers().get(header::AUTHORIZATION);
    if let Some(value) = header.and_then(|value| value.to_str().ok()) {
        let (scheme, token) = value.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| Credential::Bearer(token.trim().to_owned()));
    }
    cookies::read(&core.settings, request, cookies::SESSION).map(Credential::Cookie)
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (ctx, meta) = (Ctx::from_http(request), RequestMeta::of(request));
        let credential = ctx.as_ref().ok().and_then(|ctx| credential(&ctx.core, request));
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        Box::pin(async move {
            let (ctx, meta) = (ctx?, meta?);
            let not_signed_in = || Problem::new(ProblemCode::NotSignedIn);
            let credential = credential.ok_or_else(not_signed_in)?;
            if changes && matches!(credential, Credential::Cookie(_)) {
                meta.require_same_origin()?;
            }
            let session = ctx
                .read(move |tx| match &credential {
                    Credential::Cookie(cookie) => by_cookie(tx, cookie),
                    Credential::Bearer(token) => by_access_token(tx, token),
                })
                .await?
                .ok_or_else(not_signed_in)?;
            if is_stale(&session, ctx.now) {
                let seen = session.clone();
                ctx.write(move |tx| touch(tx.conn, &seen, tx.now)).await?;
            }
            Ok(Self(session))
        })
    }
}

/// The live session of a browser, by its cookie alone.
///
/// Whatever made the browser send the request: whoever changes something must
/// have found out that it was our own page.
pub async fn of_browser(ctx: &Ctx, request: &HttpRequest) -> Result<Option<Session>, Problem> {
    let Some(cookie) = cookies::read(&ctx.core.settings, request, cookies::SESSION) else {
        return Ok(None);
    };

    let session = ctx.read(move |tx| by_cookie(tx, &cookie)).await?;
    if let Some(seen) = session.clone().filter(|session| is_stale(session, ctx.now)) {
        ctx.write(move |tx| touch(tx.conn, &seen, tx.now)).await?;
    }
    Ok(session)
}

/// The live session of a request, when there is one: for what is open to
/// everybody. A session that has ended is none.
#[derive(Debug, Clone)]
pub struct MaybeSignedIn(pub Option<Session>);

impl FromRequest for MaybeSignedIn {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        Box::pin(async move {
            match signed_in.await {
                Ok(SignedIn(session)) => Ok(Self(Some(session))),
                Err(problem) if problem.code() == ProblemCode::NotSignedIn => Ok(Self(None)),
                Err(problem) => Err(problem),
            }
        })
    }
}
