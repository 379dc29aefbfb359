//! The token endpoint (RFC 6749 §3.2) and the endpoints that tokens are used
//! at: user information, introspection (RFC 7662) and revocation (RFC 7009).

mod answer;
mod code;
pub mod http;
mod id_token;
mod introspect;
mod refresh;
mod userinfo;
