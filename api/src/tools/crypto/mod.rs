//! Keys and what is done with them.
//!
//! - [`Keyring`]: the key file, shared by every node, reloaded when it changes.
//! - [`sealed`]: AES-256-GCM for one database field, bound to its place.
//! - [`blind`]: keyed hashes by which encrypted values are found again.
//! - [`signing`]: the tokens that we sign, and the published key set.
//! - [`jws`]: whose tokens are believed.

pub mod blind;
mod generate;
pub mod jws;
pub mod keyfile;
pub mod keyring;
pub mod sealed;
pub mod signing;

pub use blind::{BlindIndex, Purpose};
pub use keyring::Keyring;
pub use sealed::Place;
pub use signing::SigningAlg;

/// Something went wrong with keys or with what they protect.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The key file is missing, unreadable or damaged.
    #[error("key file {path}: {reason}")]
    KeyFile {
        /// Where the file is, or should be.
        path: String,
        /// What is wrong, without any key material.
        reason: String,
    },
    /// A field was sealed with a key that the key file does not hold.
    #[error("no key {0} in the key file")]
    UnknownKey(u32),
    /// A sealed field is damaged, or was moved from another place.
    #[error("a sealed field does not open")]
    Unsealable,
    /// The random source failed.
    #[error(transparent)]
    Entropy(#[from] crate::kernel::entropy::EntropyError),
    /// A token could not be made.
    #[error("token: {0}")]
    Token(String),
}
