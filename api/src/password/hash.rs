//! Argon2id (RFC 9106) in the PHC string format.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Decimal, Output, ParamsString, PasswordHash, Salt},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::config;

const OUTPUT_BYTES: usize = 32;
/// RFC 9106 §3.1 recommends 128 bits.
pub(super) const SALT_BYTES: usize = 16;

/// Hashing failed; never because of the password.
#[derive(Debug, thiserror::Error)]
pub enum HashFault {
    /// The parameters or a stored hash cannot be used.
    #[error("argon2: {0}")]
    Argon2(String),
    /// The pool has stopped.
    #[error("the hashing pool has stopped")]
    Stopped,
}

fn fault(error: impl std::fmt::Display) -> HashFault {
    HashFault::Argon2(error.to_string())
}

/// The cost of a hash, from the settings.
pub(super) fn params(settings: &config::Password) -> Result<Params, HashFault> {
    Params::new(settings.memory_kib, settings.passes, settings.lanes, Some(OUTPUT_BYTES))
        .map_err(fault)
}

/// One thread's working memory, kept between hashes: asking the system for
/// 19 MiB of zeroed pages each time costs about as much as a third of a hash.
#[derive(Default)]
pub(super) struct Workspace(Vec<Block>);

impl Workspace {
    fn derive(
        &mut self,
        password: &str,
        salt: &[u8],
        params: &Params,
    ) -> Result<Zeroizing<[u8; OUTPUT_BYTES]>, HashFault> {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::default());
        }
        let memory = self.0.get_mut(..blocks).ok_or(HashFault::Stopped)?;
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
            .hash_password_into_with_memory(
                password.as_bytes(),
                salt,
                output.as_mut_slice(),
                memory,
            )
            .map_err(fault)?;
        Ok(output)
    }

    /// The PHC string of `password`.
    pub fn hash(
        &mut self,
        password: &str,
        salt: [u8; SALT_BYTES],
        params: &Params,
    ) -> Result<String, HashFault> {
        let output = self.derive(password, &salt, params)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Decimal::from(Version::V0x13)),
            params: ParamsString::try_from(params).map_err(fault)?,
            salt: Some(Salt::new(&salt).map_err(fault)?),
            hash: Some(Output::new(output.as_slice()).map_err(fault)?),
        };
        Ok(hash.to_string())
    }

    /// Whether `password` gives the hash that `stored` holds, with the cost
    /// that `stored` names.
    pub fn verify(&mut self, password: &str, stored: &str) -> Result<bool, HashFault> {
        let stored = PasswordHash::new(stored).map_err(fault)?;
        let params = Params::try_from(&stored).map_err(fault)?;
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            return Err(HashFault::Argon2("a stored hash has no salt or output".into()));
        };
        let output = self.derive(password, &salt, &params)?;
        Ok(output.as_slice().ct_eq(expected.as_bytes()).into())
    }
}

/// Whether `stored` was made with less than `wanted`.
pub(super) fn is_weaker(stored: &str, wanted: &Params) -> bool {
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    PasswordHash::new(stored)
        .is_ok_and(|hash| Params::try_from(&hash).is_ok_and(|made| cost(&made) < cost(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_verifies_its_password_only_and_tells_its_cost() {
        let cheap = Params::new(64, 1, 1, Some(OUTPUT_BYTES)).unwrap();
        let dear = Params::new(128, 2, 1, Some(OUTPUT_BYTES)).unwrap();
        let mut workspace = Workspace::default();
        let hash = workspace.hash("correct horse", [7; SALT_BYTES], &cheap).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(workspace.verify("correct horse", &hash).unwrap());
        assert!(!workspace.verify("correct horsf", &hash).unwrap());
        assert!(is_weaker(&hash, &dear));
        assert!(!is_weaker(&hash, &cheap));
    }

    #[test]
    fn our_hashes_are_those_of_the_library() {
        use argon2::PasswordVerifier;
        let params = Params::new(64, 1, 1, Some(OUTPUT_BYTES)).unwrap();
        let text = Workspace::default().hash("pässwörd", [9; SALT_BYTES], &params).unwrap();
        let parsed = PasswordHash::new(&text).unwrap();
        assert!(Argon2::default().verify_password("pässwörd".as_bytes(), &parsed).is_ok());
    }
}
