//! Metadata and keys for clients (OpenID Connect Discovery 1.0, RFC 8414).

pub mod http;
mod metadata;
