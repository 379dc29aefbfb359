//! Passwords: hashing, on a bounded pool.

mod hash;
mod pool;

pub use hash::HashFault;
pub use pool::{Hasher, Ticket};
