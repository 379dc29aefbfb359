//! Signing in to business systems: OpenID Connect and OAuth 2.0 as RFC 9700
//! has them used.
//!
//! [`token`] trades codes, refresh tokens and credentials for tokens;
//! [`userinfo`] tells what a person has let a client see; [`introspect`] and
//! revocation look after tokens; [`discovery`] says what there is.

mod discovery;
pub mod discovery_http;
mod exchange;
mod id_token;
mod introspect;
mod refresh;
mod token;
pub mod token_http;
mod userinfo;
