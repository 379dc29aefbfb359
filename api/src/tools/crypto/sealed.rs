//! Encryption of one database field: AES-256-GCM (NIST SP 800-38D).
//!
//! A sealed field is `key id (4 bytes, big endian) ‖ nonce (12) ‖ ciphertext
//! and tag`. Table, column and row are authenticated with it, so a field that
//! somebody copies to another row does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce};
use zeroize::Zeroizing;

use super::{CryptoError, Keyring};
use crate::kernel::Entropy;

const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;

/// Where a sealed field lives.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table name.
    pub table: &'static str,
    /// Column name.
    pub column: &'static str,
    /// Primary key of the row, as text.
    pub row: &'a str,
}

impl Place<'_> {
    /// Length-prefixed, so that no two places give the same bytes.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(64);
        for part in [self.table, self.column, self.row] {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

impl Keyring {
    /// Seals `plaintext` for `place` with the active key.
    pub fn seal(
        &self,
        place: Place<'_>,
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, CryptoError> {
        let keys = self.keys();
        let cipher = keys.ciphers.get(&keys.active).ok_or(CryptoError::UnknownKey(keys.active))?;
        let nonce = entropy.bytes::<NONCE_BYTES>()?;
        // Large enough for the tag: growing would leave the plaintext behind.
        let mut field = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
        field.extend_from_slice(plaintext);
        let place = Aad::from(place.associated_data());
        cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place, &mut field)
            .map_err(|_| CryptoError::Unsealable)?;
        let mut sealed = Vec::with_capacity(KEY_ID_BYTES + NONCE_BYTES + field.len());
        sealed.extend_from_slice(&prefix(keys.active));
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&field);
        Ok(sealed)
    }

    /// Opens a field sealed for `place`.
    ///
    /// A key id that is not known yet makes the ring read its file once more:
    /// another node may have rotated.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let id = key_id(sealed)?;
        match self.open_with(id, place, sealed) {
            Err(CryptoError::UnknownKey(_)) => {
                self.reload()?;
                self.open_with(id, place, sealed)
            }
            opened => opened,
        }
    }

    fn open_with(
        &self,
        id: u32,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let keys = self.keys();
        let cipher: &LessSafeKey = keys.ciphers.get(&id).ok_or(CryptoError::UnknownKey(id))?;
        let (nonce, ciphertext) = sealed
            .get(KEY_ID_BYTES..)
            .and_then(|rest| rest.split_first_chunk::<NONCE_BYTES>())
            .ok_or(CryptoError::Unsealable)?;
        let mut field = Zeroizing::new(ciphertext.to_vec());
        let place = Aad::from(place.associated_data());
        let length = cipher
            .open_in_place(Nonce::assume_unique_for_key(*nonce), place, &mut field)
            .map_err(|_| CryptoError::Unsealable)?
            .len();
        field.truncate(length);
        Ok(field)
    }

    /// Seals and wraps the field anew when it was sealed with an older key;
    /// `None` when nothing needs to be done.
    pub fn reseal(
        &self,
        place: Place<'_>,
        sealed: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Option<Vec<u8>>, CryptoError> {
        if key_id(sealed)? == self.keys().active {
            return Ok(None);
        }
        let plaintext = self.open(place, sealed)?;
        self.seal(place, &plaintext, entropy).map(Some)
    }
}

/// What every field begins with that was sealed with a data key.
pub const fn prefix(data_key: u32) -> [u8; KEY_ID_BYTES] {
    data_key.to_be_bytes()
}

fn key_id(sealed: &[u8]) -> Result<u32, CryptoError> {
    sealed
        .first_chunk::<KEY_ID_BYTES>()
        .map(|bytes| u32::from_be_bytes(*bytes))
        .ok_or(CryptoError::Unsealable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock, OsEntropy, SystemClock};

    fn ring() -> (std::path::PathBuf, Keyring) {
        let random: &dyn Entropy = &OsEntropy;
        let name = super::super::blind::hex(&random.bytes::<8>().unwrap());
        let path = std::env::temp_dir().join(format!("shiming-keys-{name}.json"));
        let ring = Keyring::open_or_create(&path, SystemClock.now(), &OsEntropy).unwrap();
        (path, ring)
    }

    const HOME: Place<'_> = Place { table: "accounts", column: "name", row: "1" };

    #[test]
    fn a_field_opens_in_its_own_place_only() {
        let (path, ring) = ring();
        let sealed = ring.seal(HOME, "王小明".as_bytes(), &OsEntropy).unwrap();
        assert_eq!(ring.open(HOME, &sealed).unwrap().as_slice(), "王小明".as_bytes());
        for elsewhere in [
            Place { row: "2", ..HOME },
            Place { column: "phone", ..HOME },
            Place { table: "drafts", ..HOME },
        ] {
            assert!(ring.open(elsewhere, &sealed).is_err());
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let (path, ring) = ring();
        let sealed = ring.seal(HOME, b"secret", &OsEntropy).unwrap();
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[position] ^= 1;
            assert!(ring.open(HOME, &damaged).is_err(), "byte {position}");
        }
        assert!(ring.open(HOME, &sealed[..10]).is_err());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn another_node_follows_a_rotation_by_itself() {
        let (path, one) = ring();
        let two = Keyring::open_or_create(&path, SystemClock.now(), &OsEntropy).unwrap();
        let old = one.seal(HOME, b"before", &OsEntropy).unwrap();
        assert_eq!(one.add_data_key(SystemClock.now(), &OsEntropy).unwrap(), 2);
        let new = one.seal(HOME, b"after", &OsEntropy).unwrap();
        assert_eq!(two.open(HOME, &new).unwrap().as_slice(), b"after");
        assert_eq!(two.open(HOME, &old).unwrap().as_slice(), b"before");
        let moved = one.reseal(HOME, &old, &OsEntropy).unwrap().unwrap();
        assert_eq!(one.open(HOME, &moved).unwrap().as_slice(), b"before");
        assert!(one.reseal(HOME, &moved, &OsEntropy).unwrap().is_none());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_key_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let (path, ring) = ring();
        ring.add_data_key(SystemClock.now(), &OsEntropy).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{ring:?}").contains("secret"));
        std::fs::remove_file(path).unwrap();
    }
}
