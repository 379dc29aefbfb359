//! The program as a process of its own, and somebody who uses it over HTTP:
//! for tests that kill it and for the load test.

pub mod keys;
pub mod people;
pub mod server;
pub mod visitor;

pub use people::Person;
pub use server::{Engine, Server};
pub use visitor::{Reply, Visitor};

/// The password of everybody.
pub const PASSWORD: &str = "lychee park fog 7";
