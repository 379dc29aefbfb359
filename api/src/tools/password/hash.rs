//! Argon2id (RFC 9106) in the PHC string format.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Decimal, Output, ParamsString, PasswordHash, Salt},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::tools::config;

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
pub(super) struct Workspace {
    memory: Vec<Block>,
    /// Blocks filled so far: what hashing costs, told without a clock.
    filled: u64,
}

/// Blocks that a hash fills.
fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// The cost of what a hash made with `made` lacks of one made with `wanted`.
fn missing(made: &Params, wanted: &Params) -> Option<Params> {
    let passes = wanted.t_cost();
    let memory = work(wanted).saturating_sub(work(made)).div_ceil(passes.into());
    let memory = u32::try_from(memory).ok().filter(|memory| *memory > 0)?;
    let least = Params::MIN_M_COST * wanted.p_cost();
    Params::new(memory.max(least), passes, wanted.p_cost(), Some(OUTPUT_BYTES)).ok()
}

impl Workspace {
    fn derive(
        &mut self,
        password: &str,
        salt: &[u8],
        params: &Params,
    ) -> Result<Zeroizing<[u8; OUTPUT_BYTES]>, HashFault> {
        let blocks = params.block_count();
        if self.memory.len() < blocks {
            // Not both at once.
            self.memory = Vec::new();
            self.memory = huge_pages::filled(blocks, Block::default());
        }
        let memory = self.memory.get_mut(..blocks).ok_or(HashFault::Stopped)?;
        self.filled += work(params);
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

    /// Whether `password` gives the hash that `stored` holds. A wrong one costs
    /// what a hash costs today, though `stored` was made for less: the time
    /// must not tell an account with an old hash from an unknown one.
    pub fn verify(
        &mut self,
        password: &str,
        stored: &str,
        today: &Params,
    ) -> Result<bool, HashFault> {
        let stored = PasswordHash::new(stored).map_err(fault)?;
        let params = Params::try_from(&stored).map_err(fault)?;
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            return Err(HashFault::Argon2("a stored hash has no salt or output".into()));
        };
        let output = self.derive(password, &salt, &params)?;
        let right: bool = output.as_slice().ct_eq(expected.as_bytes()).into();
        if !right && let Some(rest) = missing(&params, today) {
            self.derive(password, &salt, &rest)?;
        }
        Ok(right)
    }
}

/// Whether `stored` was not made with `wanted`, but with less or with more: as
/// long as it costs something else, so does a wrong guess.
pub(super) fn is_of_other_cost(stored: &str, wanted: &Params) -> bool {
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    PasswordHash::new(stored)
        .is_ok_and(|hash| Params::try_from(&hash).is_ok_and(|made| cost(&made) != cost(wanted)))
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
        assert!(workspace.verify("correct horse", &hash, &cheap).unwrap());
        assert!(!workspace.verify("correct horsf", &hash, &cheap).unwrap());
        assert!(is_of_other_cost(&hash, &dear));
        assert!(!is_of_other_cost(&hash, &cheap));
        let hash = workspace.hash("correct horse", [7; SALT_BYTES], &dear).unwrap();
        assert!(is_of_other_cost(&hash, &cheap));
    }

    #[test]
    fn a_wrong_password_costs_the_same_whatever_its_hash_was_made_for() {
        let cost =
            |memory, passes, lanes| Params::new(memory, passes, lanes, Some(OUTPUT_BYTES)).unwrap();
        let today = cost(512, 2, 1);
        let wrong = |made: &Params| {
            let mut workspace = Workspace::default();
            let hash = workspace.hash("correct horse", [7; SALT_BYTES], made).unwrap();
            workspace.filled = 0;
            assert!(!workspace.verify("wrong", &hash, &today).unwrap());
            workspace.filled
        };
        let unknown = wrong(&today);
        assert_eq!(unknown, 1024);
        for earlier in [cost(256, 2, 1), cost(512, 1, 1), cost(64, 1, 1), cost(300, 3, 1)] {
            assert_eq!(wrong(&earlier), unknown, "{earlier:?}");
        }
        // No less than the least that Argon2 does.
        assert_eq!(wrong(&cost(510, 2, 1)), 1020 + 16);
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
