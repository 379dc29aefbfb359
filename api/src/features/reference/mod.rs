//! What a client needs to know before anybody has typed anything.

pub mod http;
