//! Signing in to business systems: OpenID Connect and OAuth 2.0 as RFC 9700
//! has them used.
//!
//! A browser brings a request to [`authorize`], or a client pushes it there.
//! The request (`request`) waits while the person signs in, registers or
//! consents in [`interaction`], or on the [`pages`] without JavaScript; the
//! decision sends a code back. [`token`] trades codes, refresh tokens and
//! credentials for tokens, and has the endpoints that look after tokens;
//! [`discovery`] publishes the metadata and the keys; [`logout`] ends a
//! sign-in at every client.

pub mod authorize;
pub mod discovery;
pub mod interaction;
pub mod logout;
pub mod pages;
mod request;
pub mod token;

pub use logout::notice as logout_notice;
pub use request::purge;
