//! What every handler may want to know about its request.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::{Payload, ServiceRequest},
    http::{
        Method,
        header::{self, HeaderMap},
    },
};
use ipnet::IpNet;

use super::{Language, Problem, ProblemCode, address::ClientAddress, cors, device::device_name};
use crate::kernel::{Clock, Entropy, Timestamp, entropy::EntropyError, ids::RequestId};

/// What the web floor itself needs.
#[derive(Debug, Clone)]
pub struct WebContext {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub entropy: Arc<dyn Entropy>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Scheme and authority that people use.
    pub public_origin: String,
}

/// One request: its id, moment, language and sender.
#[derive(Debug, Clone)]
pub struct RequestMeta {
    /// Id in logs and problems.
    pub id: RequestId,
    /// The moment of the request; time is read once.
    pub now: Timestamp,
    /// The client.
    pub address: ClientAddress,
    /// For titles and details.
    pub language: Language,
    /// What the browser calls itself, in a few words.
    pub device: Option<String>,
    /// Whether people reach us by https.
    pub secure: bool,
    /// Whether the documentation page is asked for.
    pub is_docs: bool,
    /// Whether pages of other sites may read the answer, and then whether they
    /// ask first (a preflight).
    pub(super) cross_origin: Option<bool>,
    sender: Sender,
}

/// Whose page a browser says it was that made it send a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// Ours.
    Own,
    /// Another site's.
    Other,
    /// It says nothing.
    Unsaid,
}

impl RequestMeta {
    /// Reads the request's own words about itself.
    pub fn read(request: &ServiceRequest, context: &WebContext) -> Result<Self, EntropyError> {
        let now = context.clock.now();
        let headers = request.headers();
        let forwarded: Vec<&str> =
            headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        Ok(Self {
            id: RequestId::new(now, &*context.entropy)?,
            now,
            address: ClientAddress::find(
                request.peer_addr(),
                forwarded.into_iter(),
                &context.trusted_proxies,
            ),
            language: Language::of(request),
            device: text(headers, header::USER_AGENT).map(device_name),
            is_docs: request.path().starts_with("/docs/"),
            cross_origin: cors::is_open(request.path())
                .then(|| request.method() == Method::OPTIONS),
            secure: context.public_origin.starts_with("https://"),
            sender: sender(headers, &context.public_origin),
        })
    }

    /// Refuses a request that another site may have made the browser send.
    /// To be asked before a cookie is believed in a request that changes
    /// something.
    pub fn require_same_origin(&self) -> Result<(), Problem> {
        match self.sender {
            Sender::Own => Ok(()),
            Sender::Other | Sender::Unsaid => Err(Problem::new(ProblemCode::CrossSiteRequest)),
        }
    }

    /// Refuses a request that comes from another site by the browser's own
    /// words. Very old browsers say nothing; whoever lets them in asks for a
    /// token that only our own page can hold, from everybody.
    pub fn refuse_other_sites(&self) -> Result<(), Problem> {
        if self.sender == Sender::Unsaid { Ok(()) } else { self.require_same_origin() }
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn sender(headers: &HeaderMap, public_origin: &str) -> Sender {
    let says = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    match (says, is_same_origin(headers, public_origin)) {
        (_, true) => Sender::Own,
        (true, false) => Sender::Other,
        (false, false) => Sender::Unsaid,
    }
}

/// `Origin` must be ours; without one, `Sec-Fetch-Site` must say so. Every
/// supported browser sends at least one of them with a request that is not GET.
fn is_same_origin(headers: &HeaderMap, public_origin: &str) -> bool {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let Ok(origin) = origin.to_str() else { return false };
        // Under http, whatever name this machine is called by: cookies belong
        // to that name. Under https only the public address will do, or a page
        // that somebody slipped in over http could speak for the person.
        let by_this_name = || {
            public_origin.starts_with("http://")
                && origin.strip_prefix("http://") == text(headers, header::HOST)
        };
        return origin == public_origin || by_this_name();
    }
    matches!(
        headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()),
        Some("same-origin")
    )
}

impl RequestMeta {
    /// What the request middleware has noted.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let noted = request.extensions().get::<Self>().cloned();
        noted.ok_or_else(|| Problem::internal("the request middleware is missing"))
    }
}

impl FromRequest for RequestMeta {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
