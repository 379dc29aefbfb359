//! The flow that a request may work on, as its cookie or token proves.

use std::{future::Future, marker::PhantomData, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    cookie::Cookie,
    dev::Payload,
    http::{Method, StatusCode},
    web::Data,
};
use serde::Serialize;

use super::{Answers, Kind, token, verify};
use crate::{
    capabilities::{core::Core, idempotency::Reply},
    kernel::ids::FlowId,
    tools::web::{Problem, ProblemCode, RequestMeta, cookies},
};

/// Header in which an app sends its flow token.
const FLOW_TOKEN: &str = "flow-token";

/// A flow with answers `A`; a handler that takes it is closed to everybody
/// else.
pub struct Handle<A> {
    /// The flow.
    pub id: FlowId,
    /// What proved it.
    pub token: String,
    answers: PhantomData<fn() -> A>,
}

impl<A> std::fmt::Debug for Handle<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("id", &self.id).finish_non_exhaustive()
    }
}

const fn cookie_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Registration | Kind::AccountChange => cookies::FLOW,
        Kind::Recovery => cookies::RECOVERY,
    }
}

impl<A: Answers> FromRequest for Handle<A> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let core = request.app_data::<Data<Core>>().cloned();
        let header = request.headers().get(FLOW_TOKEN);
        let header = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let cookie = core
            .as_ref()
            .filter(|_| header.is_none())
            .and_then(|core| cookies::read(&core.settings, request, cookie_name(A::KIND)));
        let in_path = request.match_info().get("id").map(str::to_owned);
        let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
        let meta = RequestMeta::from_request(request, payload);
        Box::pin(async move {
            let core = core.ok_or_else(|| Problem::internal("no core"))?;
            let unknown = || Problem::new(ProblemCode::FlowNotFound);
            if changes && cookie.is_some() {
                meta.await?.require_same_origin()?;
            }
            let token = header.or(cookie).ok_or_else(unknown)?;
            let id = verify(&core, A::KIND, &token).ok_or_else(unknown)?;
            // Another flow's id in the path: as unknown as any other.
            if in_path.is_some_and(|path| path != id.to_string()) {
                return Err(unknown());
            }
            Ok(Self { id, token, answers: PhantomData })
        })
    }
}

/// Whether the request comes from an app, which keeps its flow token itself.
pub fn is_app(request: &HttpRequest) -> bool {
    request.headers().get("flow-client").is_some_and(|client| client == "app")
}

/// The answer that hands a new flow over: to a browser as a cookie, to an app
/// as a member of the view, put there by `hand_over`.
pub fn begun<V: Serialize>(
    core: &Core,
    (kind, id, is_app): (Kind, FlowId, bool),
    mut view: V,
    hand_over: impl FnOnce(&mut V, String),
) -> Result<Reply, Problem> {
    let token = token(core, kind, id);
    if is_app {
        hand_over(&mut view, token);
        return Reply::json(StatusCode::CREATED, &view);
    }
    let cookie = cookies::make(&core.settings, cookie_name(kind), token, None);
    Ok(Reply::json(StatusCode::CREATED, &view)?.cookie(&cookie))
}

/// The cookie that takes a flow from its browser.
pub fn forget_cookie(core: &Core, kind: Kind) -> Cookie<'static> {
    cookies::remove(&core.settings, cookie_name(kind))
}
