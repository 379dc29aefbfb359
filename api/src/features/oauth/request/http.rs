//! Which browser it is that has brought a request.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    cookie::Cookie,
    dev::Payload,
    http::{Method, StatusCode, header},
    web::Data,
};

use crate::{
    capabilities::core::Core,
    features::oauth::interaction::decide::not_found,
    tools::web::{Form, OauthError, Problem, RequestMeta, cookies},
};

/// Letters of an id and of a secret: 256 bits in hexadecimal.
const LETTERS: usize = 64;

fn is_token(text: &str) -> bool {
    text.len() == LETTERS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a browser's cookie says: the request that it brought last, and its
/// secret.
pub fn cookie(core: &Core, request: &HttpRequest) -> Option<(String, String)> {
    let value = cookies::read(&core.settings, request, cookies::AUTHORIZE)?;
    let (id, secret) = value.split_once('.')?;
    (is_token(id) && is_token(secret)).then(|| (id.to_owned(), secret.to_owned()))
}

/// The cookie of a browser that has brought a request.
pub fn make_cookie(core: &Core, (id, secret): (&str, &str)) -> Cookie<'static> {
    cookies::make(&core.settings, cookies::AUTHORIZE, format!("{id}.{secret}"), None)
}

/// A request and the secret of the browser that may work on it; a handler that
/// takes it is closed to everybody else.
pub struct Held {
    /// Id of the request: that of the path, or the one that came last.
    pub id: String,
    /// The browser's secret.
    pub secret: String,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

/// What a browser's cookie lets be seen.
pub fn held(core: &Core, request: &HttpRequest) -> Result<Held, Problem> {
    let (last, secret) = cookie(core, request).ok_or_else(not_found)?;
    let id = request.match_info().get("id").map_or(last, str::to_owned);
    Ok(Held { id, secret })
}

/// The same, for what other sites' pages cannot send.
fn held_here(request: &HttpRequest) -> Result<Held, Problem> {
    let core: &Arc<Core> =
        request.app_data::<Data<Core>>().ok_or_else(|| Problem::internal("no core"))?;
    let held = held(core, request)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let extensions = request.extensions();
        let meta = extensions.get::<RequestMeta>();
        meta.ok_or_else(|| Problem::internal("no meta"))?.require_same_origin()?;
    }
    Ok(held)
}

impl FromRequest for Held {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(held_here(request))
    }
}

/// The parameters of a form, or why there are none: a page says so. (An
/// extractor called `Form` would be taken for actix's own by utoipa.)
pub type Sent = Result<Form, OauthError>;

/// Sends the browser elsewhere, with a GET (RFC 9700 §4.12).
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((header::LOCATION, location)).finish()
}
