//! The OpenID Connect provider: one account for every business system.
//!
//! A request ([`request`]) arrives with a browser ([`authorize`]) and waits
//! there (`pending`) while the person signs in, registers or consents
//! (`state`, [`interaction`]); the decision ([`decide`]) sends a code back.

mod answer;
mod authorize;
pub mod authorize_http;
mod decide;
pub mod http;
mod interaction;
pub mod interaction_http;
mod pending;
pub mod plain;
mod request;
mod state;
mod store;

pub use store::purge;
