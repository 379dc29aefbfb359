//! Signing in to business systems: OpenID Connect and OAuth 2.0 as RFC 9700
//! has them used.
//!
//! A request (`request`) arrives with a browser (`authorize`) and waits there
//! (`pending`) while the person signs in, registers or consents
//! ([`interaction_http`], [`plain`]); where it stands is found out each time
//! (`state`), and the decision sends a code back (`decide`). `token` trades
//! codes, refresh tokens and credentials for tokens; `userinfo` tells what a
//! person has let a client see; `introspect` and revocation look after tokens;
//! `discovery` says what there is. `logout` and `backchannel` end it.

mod answer;
mod authorize;
pub mod authorize_http;
mod backchannel;
mod decide;
mod discovery;
pub mod discovery_http;
mod exchange;
mod hint;
pub mod http;
mod id_token;
mod interaction;
pub mod interaction_http;
mod introspect;
mod logout;
pub mod logout_http;
mod pending;
pub mod plain;
pub mod push_http;
mod refresh;
mod request;
mod resource;
mod state;
mod store;
mod token;
pub mod token_http;
mod userinfo;

pub use backchannel::notice as logout_notice;
pub use store::purge;
