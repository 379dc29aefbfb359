//! `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers): how often a
//! client may still ask.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// What a client has left; put into the extensions of a request, it goes into
/// the headers of the answer, whatever that is.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Requests in a window.
    pub most: u32,
    /// Seconds of a window.
    pub window_seconds: u32,
    /// Requests that are left in this one.
    pub left: u32,
    /// Seconds until the next one.
    pub resets_in: i64,
}

impl Quota {
    pub(super) fn add_headers(self, headers: &mut HeaderMap) {
        let Self { most, window_seconds, left, resets_in } = self;
        let fields = [
            ("ratelimit-policy", format!("\"client\";q={most};w={window_seconds}")),
            ("ratelimit", format!("\"client\";r={left};t={resets_in}")),
        ];
        for (name, text) in fields {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
