//! What every other module may rely on: ids, time, randomness and secrets.
//!
//! Nothing here knows about HTTP, the database or identity documents.

pub mod entropy;
pub mod ids;
pub mod secret;
pub mod time;

pub use entropy::{Entropy, OsEntropy};
pub use secret::Secret;
pub use time::{Clock, SystemClock, Timestamp};
