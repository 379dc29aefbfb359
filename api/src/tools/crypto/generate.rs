//! Making signing keys.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::{KeyRejected, Unspecified},
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair},
};
use zeroize::Zeroizing;

use super::{CryptoError, signing::SigningAlg};
use crate::kernel::Entropy;

/// NIST SP 800-57 allows 2048 bits until the end of 2030; longer keys sign too
/// slowly to be the default.
const RSA_SIZE: KeySize = KeySize::Rsa2048;

/// A new key, PKCS #8 DER: version 1 (RFC 5208) for RSA and P-256, version 2
/// with the public key (RFC 8410 §7) for Ed25519.
///
/// AWS-LC makes RSA and P-256 keys with its own random generator, which the
/// operating system seeds; only the seed of an Ed25519 key can be given to it.
pub(super) fn pkcs8(
    alg: SigningAlg,
    entropy: &dyn Entropy,
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    match alg {
        SigningAlg::RS256 => {
            let key = RsaKeyPair::generate(RSA_SIZE).map_err(unspecified)?;
            let der: Pkcs8V1Der<'_> = key.as_der().map_err(unspecified)?;
            Ok(owned(der.as_ref()))
        }
        SigningAlg::ES256 => {
            let key =
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(unspecified)?;
            Ok(owned(key.to_pkcs8v1().map_err(unspecified)?.as_ref()))
        }
        SigningAlg::EdDSA => {
            let seed = Zeroizing::new(entropy.bytes::<32>()?);
            let key = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(rejected)?;
            Ok(owned(key.to_pkcs8().map_err(unspecified)?.as_ref()))
        }
    }
}

fn owned(der: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(der.to_vec())
}

/// AWS-LC says that it failed, and nothing more.
fn unspecified(_: Unspecified) -> CryptoError {
    CryptoError::Token("a key could not be made".into())
}

fn rejected(reason: KeyRejected) -> CryptoError {
    CryptoError::Token(format!("a key could not be made: {reason}"))
}
