//! The OpenID Connect provider: one account for every business system.
//!
//! A request ([`request`]) arrives with a browser ([`authorize`]) and waits
//! there (`pending`) while the person signs in, registers or consents
//! (`state`, [`interaction`]); the decision ([`decide`]) sends a code back.

mod answer;
mod authorize;
pub mod authorize_http;
mod backchannel;
mod decide;
mod hint;
pub mod http;
mod interaction;
pub mod interaction_http;
mod logout;
pub mod logout_http;
mod pending;
pub mod plain;
pub mod push_http;
mod request;
mod state;
mod store;

pub use backchannel::notice as logout_notice;
pub use store::purge;
