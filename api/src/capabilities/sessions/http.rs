//! Who is signed in: by cookie or by `Authorization: Bearer`.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{Method, header},
    web::Data,
};

use super::{Session, by_access_token, by_cookie, is_stale, touch};
use crate::{
    capabilities::core::Core,
    kernel::Timestamp,
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

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let core = request.app_data::<Data<Core>>().cloned();
        let credential = core.as_ref().and_then(|core| credential(core, request));
        let meta = RequestMeta::from_request(request, payload);
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        Box::pin(async move {
            let meta = meta.await?;
            let not_signed_in = || Problem::new(ProblemCode::NotSignedIn);
            let core = core.ok_or_else(|| Problem::internal("no core"))?.into_inner();
            let credential = credential.ok_or_else(not_signed_in)?;
            if changes && matches!(credential, Credential::Cookie(_)) {
                meta.require_same_origin()?;
            }
            let db = core.db.clone();
            let session = db
                .read(move |conn| match &credential {
                    Credential::Cookie(cookie) => by_cookie(&core, conn, cookie, meta.now),
                    Credential::Bearer(token) => by_access_token(&core, conn, token, meta.now),
                })
                .await?
                .ok_or_else(not_signed_in)?;
            if is_stale(&session, meta.now) {
                let seen = session.clone();
                db.write(move |conn| touch(conn, &seen, meta.now)).await?;
            }
            Ok(Self(session))
        })
    }
}

/// The live session of a browser, by its cookie alone.
///
/// Whatever made the browser send the request: whoever changes something must
/// have found out that it was our own page.
pub async fn of_browser(
    core: &Arc<Core>,
    request: &HttpRequest,
    now: Timestamp,
) -> Result<Option<Session>, Problem> {
    let Some(cookie) = cookies::read(&core.settings, request, cookies::SESSION) else {
        return Ok(None);
    };
    let own = Arc::clone(core);
    let session = core.db.read(move |conn| by_cookie(&own, conn, &cookie, now)).await?;
    if let Some(seen) = session.clone().filter(|session| is_stale(session, now)) {
        core.db.write(move |conn| touch(conn, &seen, now)).await?;
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
