//! The authorization endpoint (RFC 6749 §3.1): a request arrives with a
//! browser, or is pushed ahead of it (RFC 9126).

pub(super) mod arrive;
pub mod http;
pub(super) mod parameters;
pub mod push_http;
