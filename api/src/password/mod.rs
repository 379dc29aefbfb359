//! Passwords: hashing on a bounded pool, and what wrong ones lead to.

pub mod failures;
mod hash;
mod pool;

pub use hash::HashFault;
pub use pool::{Hasher, Ticket};
