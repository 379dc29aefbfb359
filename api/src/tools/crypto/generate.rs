//! Making signing keys.

use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use rsa::{RsaPrivateKey, pkcs8::EncodePrivateKey as _, rand_core};
use zeroize::Zeroizing;

use super::{CryptoError, signing::SigningAlg};
use crate::kernel::{Entropy, entropy::EntropyError};

/// NIST SP 800-57 has 2048 bits do until the end of 2030; longer ones sign too
/// slowly to be the default of everybody.
const RSA_BITS: usize = 2048;

/// A new key, PKCS #8 DER.
pub(super) fn pkcs8(
    alg: SigningAlg,
    entropy: &dyn Entropy,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    match alg {
        SigningAlg::RS256 => {
            let mut source = Source { entropy, failed: None, filler: 0 };
            let key = RsaPrivateKey::new(&mut source, RSA_BITS).map_err(token)?;
            if let Some(failed) = source.failed {
                return Err(failed.into());
            }
            Ok(Zeroizing::new(key.to_pkcs8_der().map_err(token)?.as_bytes().to_vec()))
        }
        SigningAlg::ES256 => {
            // ring takes randomness from nowhere else.
            let made = EcdsaKeyPair::generate_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &SystemRandom::new(),
            );
            let made = made.map_err(token)?;
            Ok(Zeroizing::new(made.as_ref().to_vec()))
        }
        SigningAlg::EdDSA => {
            let seed = Zeroizing::new(entropy.bytes::<32>()?);
            let made = SigningKey::from_bytes(&seed).to_pkcs8_der().map_err(token)?;
            Ok(Zeroizing::new(made.as_bytes().to_vec()))
        }
    }
}

fn token(error: impl std::fmt::Display) -> CryptoError {
    CryptoError::Token(error.to_string())
}

/// Our source of randomness, as the RSA crate asks for it. Its trait knows no
/// failure: after one, worthless bytes end the search for primes, and what was
/// found is thrown away.
struct Source<'a> {
    entropy: &'a dyn Entropy,
    failed: Option<EntropyError>,
    filler: u8,
}

impl rand_core::RngCore for Source<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, buffer: &mut [u8]) {
        if self.failed.is_none() {
            self.failed = self.entropy.fill(buffer).err();
        }
        if self.failed.is_some() {
            for byte in buffer {
                self.filler = self.filler.wrapping_mul(5).wrapping_add(113);
                *byte = self.filler;
            }
        }
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(buffer);
        Ok(())
    }
}

impl rand_core::CryptoRng for Source<'_> {}
