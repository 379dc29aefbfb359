//! What pages of other sites may call (Fetch standard, CORS): the endpoints
//! that a client running in a browser needs. None of them reads a cookie, so
//! whoever may call them learns nothing that he could not ask for himself.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const OPEN: [&str; 6] = [
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth2/revoke",
    "/oauth2/token",
    "/oauth2/userinfo",
];

/// Whether pages of other sites may call this address.
pub(super) fn is_open(path: &str) -> bool {
    OPEN.contains(&path)
}

/// Lets pages of other sites read the answer, without cookies; `asks` is a
/// preflight, which is told what the request may hold.
pub(super) fn add_headers(headers: &mut HeaderMap, asks: bool) {
    let mut add = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    add(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    add(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    if asks {
        add(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        add(header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type");
        add(header::ACCESS_CONTROL_MAX_AGE, "7200");
    } else {
        add(header::ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate, Retry-After, X-Request-Id");
    }
}
