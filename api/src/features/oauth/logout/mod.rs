//! Logout: begun by a client (OpenID Connect RP-Initiated Logout 1.0), and told
//! to every client that the session signed in to (Back-Channel Logout 1.0).

mod backchannel;
pub mod http;
mod parameters;
pub(super) mod request;

pub use backchannel::notice;
