//! The key file: JSON, mode 0600, made on first start and replaced as a whole.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{CryptoError, generate, signing::SigningAlg};
use crate::kernel::{Entropy, Timestamp};

/// Longer than any request takes, however long the settings let it wait for the
/// bank and in queues: nothing is written any more with the keys of before.
const LONGEST_REQUEST: TimeDelta = TimeDelta::minutes(10);

/// What the key file holds. Secrets are base64 strings, wiped on drop.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    /// Version of this format.
    pub format: u32,
    /// Id of the data key that new fields are sealed with.
    pub active_data_key: u32,
    /// Every data key that may still be needed to open a field.
    pub data_keys: Vec<DataKey>,
    /// Root of all keyed hashes.
    pub index_key: Base64Secret,
    /// Keys that sign tokens; all are published.
    pub signing_keys: Vec<SigningKeyEntry>,
}

/// One AES-256 key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataKey {
    pub id: u32,
    pub created_at: Timestamp,
    pub secret: Base64Secret,
}

/// One key that signs, PKCS #8 DER.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKeyEntry {
    pub kid: String,
    /// Files of the first version have Ed25519 only and do not say so.
    #[serde(default)]
    pub alg: SigningAlg,
    pub created_at: Timestamp,
    /// From when on it signs: a new key is published before.
    #[serde(default)]
    pub signs_from: Option<Timestamp>,
    pub pkcs8: Base64Secret,
}

impl SigningKeyEntry {
    fn generate(
        alg: SigningAlg,
        (now, signs_from): (Timestamp, Timestamp),
        entropy: &dyn Entropy,
    ) -> Result<Self, CryptoError> {
        Ok(Self {
            kid: super::blind::hex(&entropy.bytes::<8>()?),
            alg,
            created_at: now,
            signs_from: Some(signs_from),
            pkcs8: Base64Secret::new(&generate::pkcs8(alg, entropy)?),
        })
    }

    /// From when on it signs.
    pub fn signs_from(&self) -> Timestamp {
        self.signs_from.unwrap_or(self.created_at)
    }
}

/// Secret bytes in base64.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub(super) struct Base64Secret(String);

impl Base64Secret {
    fn new(bytes: &[u8]) -> Self {
        Self(BASE64_STANDARD.encode(bytes))
    }

    /// The bytes, or `None` when the text is no base64.
    pub fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        BASE64_STANDARD.decode(&self.0).ok().map(Zeroizing::new)
    }
}

impl KeyFile {
    /// Fresh keys for a new installation.
    pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, CryptoError> {
        let mut file = Self {
            format: 1,
            active_data_key: 0,
            data_keys: Vec::new(),
            index_key: Base64Secret::new(Zeroizing::new(entropy.bytes::<32>()?).as_slice()),
            signing_keys: Vec::new(),
        };
        file.add_data_key(now, entropy)?;
        file.add_missing_signing_keys(now, entropy)?;
        Ok(file)
    }

    /// The algorithms that there is no key for.
    pub fn missing_algorithms(&self) -> Vec<SigningAlg> {
        let missing = |alg: &SigningAlg| !self.signing_keys.iter().any(|key| key.alg == *alg);
        SigningAlg::ALL.into_iter().filter(missing).collect()
    }

    /// Adds a key for every algorithm that has none.
    pub fn add_missing_signing_keys(
        &mut self,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), CryptoError> {
        for alg in self.missing_algorithms() {
            self.signing_keys.push(SigningKeyEntry::generate(alg, (now, now), entropy)?);
        }
        Ok(())
    }

    /// Adds the next key of every algorithm, which signs from `ahead` on, and
    /// drops those that were followed by another one longer than `tokens_live`
    /// ago; returns how many were added and dropped.
    pub fn rotate_signing(
        &mut self,
        (ahead, tokens_live): (TimeDelta, TimeDelta),
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(usize, usize), CryptoError> {
        for alg in SigningAlg::ALL {
            self.signing_keys.push(SigningKeyEntry::generate(alg, (now, now + ahead), entropy)?);
        }
        let followed: Vec<(SigningAlg, Timestamp)> = self
            .signing_keys
            .iter()
            .filter(|key| key.signs_from() + tokens_live < now)
            .map(|key| (key.alg, key.signs_from()))
            .collect();
        let before = self.signing_keys.len();
        self.signing_keys.retain(|key| {
            let follows =
                |(alg, from): &(SigningAlg, Timestamp)| *alg == key.alg && *from > key.signs_from();
            !followed.iter().any(follows)
        });
        Ok((SigningAlg::ALL.len(), before - self.signing_keys.len()))
    }

    /// Adds a data key and makes it the active one; returns its id.
    pub fn add_data_key(
        &mut self,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<u32, CryptoError> {
        let id = self.data_keys.iter().map(|key| key.id).max().unwrap_or(0) + 1;
        self.data_keys.push(DataKey {
            id,
            created_at: now,
            secret: Base64Secret::new(Zeroizing::new(entropy.bytes::<32>()?).as_slice()),
        });
        self.active_data_key = id;
        Ok(id)
    }

    /// Drops a data key that nothing is sealed with any more; says why when it
    /// may not go.
    pub fn retire_data_key(&mut self, id: u32, now: Timestamp) -> Result<(), String> {
        let find = |id| self.data_keys.iter().find(|key| key.id == id);
        if find(id).is_none() {
            return Err(format!("there is no data key {id}"));
        }
        if id == self.active_data_key {
            return Err(format!("data key {id} is the active one"));
        }
        let active_since = find(self.active_data_key).map(|key| key.created_at);
        if active_since.is_none_or(|since| since + LONGEST_REQUEST > now) {
            return Err(format!(
                "data key {} is younger than {} minutes: a request that began before it may still \
                 write with data key {id}",
                self.active_data_key,
                LONGEST_REQUEST.num_minutes(),
            ));
        }
        self.data_keys.retain(|key| key.id != id);
        Ok(())
    }

    /// Reads the file at `path`; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, CryptoError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(path, &error)),
        };
        let file: Self = serde_json::from_str(&text)
            .map_err(|error| fault(path, &format!("line {}: not a key file", error.line())))?;
        if file.format == 1 {
            Ok(Some(file))
        } else {
            Err(fault(path, &format!("format {} is not known", file.format)))
        }
    }

    /// Writes the file for the first time; `false` when another process was
    /// quicker, so that two nodes starting together never use two key sets.
    pub fn create(&self, path: &Path) -> Result<bool, CryptoError> {
        match self.write_beside(path)?.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(fault(path, &error.error)),
        }
    }

    /// Replaces the file, whole or not at all.
    pub fn replace(&self, path: &Path) -> Result<(), CryptoError> {
        self.write_beside(path)?.persist(path).map(drop).map_err(|error| fault(path, &error.error))
    }

    /// Writes a temporary file (mode 0600) into the same folder.
    fn write_beside(&self, path: &Path) -> Result<NamedTempFile, CryptoError> {
        let text = serde_json::to_string_pretty(self)
            .map(Zeroizing::new)
            .map_err(|error| fault(path, &error))?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let write = || -> io::Result<NamedTempFile> {
            fs::create_dir_all(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        write().map_err(|error| fault(path, &error))
    }

    /// Holds the folder's lock while the file is read, changed and replaced:
    /// of two rotations at the same moment none may lose its key.
    pub fn lock(path: &Path) -> Result<File, CryptoError> {
        let lock = || -> io::Result<File> {
            let file = File::create(path.with_extension("lock"))?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|error| fault(path, &error))
    }
}

/// A fault of the file at `path`.
pub(super) fn fault(path: &Path, reason: &dyn std::fmt::Display) -> CryptoError {
    CryptoError::KeyFile { path: path.display().to_string(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Place, Purpose,
            signing::{AccessClaims, Expected},
        },
        *,
    };
    use crate::kernel::{Clock, OsEntropy, SystemClock};

    fn kids(file: &KeyFile, alg: SigningAlg) -> Vec<String> {
        let of_alg = file.signing_keys.iter().filter(|key| key.alg == alg);
        of_alg.map(|key| key.kid.clone()).collect()
    }

    #[test]
    fn a_key_stays_until_its_last_token_has_expired() {
        let start = SystemClock.now();
        let (ahead, lives) = (TimeDelta::minutes(60), TimeDelta::minutes(10));
        let mut file = KeyFile::generate(start, &OsEntropy).unwrap();
        file.signing_keys.retain(|key| key.alg == SigningAlg::EdDSA);
        let first = kids(&file, SigningAlg::EdDSA);
        let mut rotate = |minutes| {
            let now = start + TimeDelta::minutes(minutes);
            file.rotate_signing((ahead, lives), now, &OsEntropy).unwrap();
            file.signing_keys.retain(|key| key.alg != SigningAlg::RS256);
            kids(&file, SigningAlg::EdDSA)
        };
        assert_eq!(rotate(0)[..1], first, "the next one does not sign yet");
        assert_eq!(rotate(70)[..1], first, "the last token may live");
        let third = rotate(71);
        assert!(!third.contains(&first[0]) && third.len() == 3, "{third:?}");
    }

    #[test]
    fn a_data_key_is_dropped_only_when_nothing_can_be_written_with_it() {
        let start = SystemClock.now();
        let at = |minutes| start + TimeDelta::minutes(minutes);
        let mut file = KeyFile::generate(start, &OsEntropy).unwrap();
        assert!(file.retire_data_key(1, at(60)).unwrap_err().contains("active"));
        assert_eq!(file.add_data_key(at(60), &OsEntropy).unwrap(), 2);
        assert!(file.retire_data_key(3, at(80)).unwrap_err().contains("no data key 3"));
        assert!(file.retire_data_key(2, at(80)).unwrap_err().contains("active"));
        assert!(file.retire_data_key(1, at(69)).unwrap_err().contains("younger"));
        file.retire_data_key(1, at(70)).unwrap();
        assert_eq!(file.data_keys.iter().map(|key| key.id).collect::<Vec<_>>(), [2]);
        // Its number does not come again while the one after it is there.
        assert_eq!(file.add_data_key(at(80), &OsEntropy).unwrap(), 3);
    }

    #[test]
    fn a_file_of_the_first_version_is_completed_and_keeps_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.json");
        let now = SystemClock.now();
        let mut old = KeyFile::generate(now, &OsEntropy).unwrap();
        old.signing_keys.retain(|key| key.alg == SigningAlg::EdDSA);
        let mut text = serde_json::to_value(&old).unwrap();
        let entry = text["signing_keys"][0].as_object_mut().unwrap();
        entry.remove("alg");
        entry.remove("signs_from");
        fs::write(&path, text.to_string()).unwrap();
        let ring = super::super::Keyring::open_or_create(&path, now, &OsEntropy).unwrap();
        assert_eq!(ring.with_tokens(super::super::signing::TokenKeys::algorithms), SigningAlg::ALL);
        let new = KeyFile::read(&path).unwrap().unwrap();
        assert_eq!(kids(&new, SigningAlg::EdDSA), kids(&old, SigningAlg::EdDSA));
        // Another start leaves it as it is.
        let before = fs::read(&path).unwrap();
        super::super::Keyring::open_or_create(&path, now, &OsEntropy).unwrap();
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    /// A key file of a release that signed with ring, and what that release
    /// published, signed, sealed and hashed with it.
    const EARLIER: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/keyring.json"));
    const EARLIER_USE: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/keyring-use.json"));

    fn opened(text: &str) -> Result<super::super::Keyring, CryptoError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.json");
        fs::write(&path, text).unwrap();
        super::super::Keyring::open_or_create(&path, SystemClock.now(), &OsEntropy)
    }

    #[test]
    fn a_file_of_an_earlier_release_does_what_it_did() {
        let ring = opened(EARLIER).unwrap();
        let used: serde_json::Value = serde_json::from_str(EARLIER_USE).unwrap();
        let published = ring.with_tokens(super::super::signing::TokenKeys::published);
        assert_eq!(serde_json::to_value(published).unwrap(), used["published"]);
        let expected = Expected {
            typ: "at+jwt",
            issuer: "https://us",
            audience: Some("them"),
            expired: false,
        };
        // When the tokens were signed.
        let now: Timestamp = "2026-12-01T01:00:00Z".parse().unwrap();
        ring.with_tokens(|keys| {
            for (alg, token) in SigningAlg::ALL.into_iter().zip(used["tokens"].as_array().unwrap())
            {
                let open = |token: &str| keys.verify::<AccessClaims>(token, &expected, now);
                let claims = open(token.as_str().unwrap()).unwrap();
                assert_eq!(claims.sub, "somebody", "{alg:?}");
                let again = keys.sign((alg, "at+jwt"), &claims, now).unwrap();
                assert_eq!(open(&again).unwrap().sub, "somebody", "{alg:?}");
                // ECDSA signs with a random number, the others say the same again.
                assert_eq!(again == token.as_str().unwrap(), alg != SigningAlg::ES256, "{alg:?}");
            }
        });
        let place = Place { table: "accounts", column: "name", row: "1" };
        let sealed = used["sealed"].as_str().unwrap().as_bytes().chunks(2);
        let sealed: Vec<u8> = sealed
            .map(|digits| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap())
            .collect();
        assert_eq!(ring.open(place, &sealed).unwrap().as_slice(), "王小明".as_bytes());
        for purpose in Purpose::ALL {
            let hash = ring.blind_parts(purpose, &["王小明", "two"]);
            assert_eq!(hash.as_str(), used["hashes"][format!("{purpose:?}")], "{purpose:?}");
        }
    }

    /// The keys of a file, in the order of [`SigningAlg::ALL`].
    fn ders(file: &KeyFile) -> Vec<Vec<u8>> {
        let of = |alg| file.signing_keys.iter().find(|key| key.alg == alg).unwrap();
        let der = |alg| of(alg).pkcs8.bytes().unwrap().to_vec();
        SigningAlg::ALL.into_iter().map(der).collect()
    }

    #[test]
    fn a_new_key_has_the_form_of_an_earlier_release() {
        let earlier = ders(&serde_json::from_str(EARLIER).unwrap());
        let new = ders(&KeyFile::generate(SystemClock.now(), &OsEntropy).unwrap());
        // Version and algorithm; the length before them varies.
        assert_eq!(new[0][4..22], earlier[0][4..22]);
        // All but the secret number (32 bytes) and the point (64).
        let around = |der: &[u8]| [&der[..36], &der[68..74]].concat();
        assert_eq!(around(&new[1]), around(&earlier[1]));
        assert_eq!(new[1].len(), earlier[1].len());
        // All but the seed (32 bytes) and the public key (32).
        let around = |der: &[u8]| [&der[..16], &der[48..51]].concat();
        assert_eq!(around(&new[2]), around(&earlier[2]));
        assert_eq!(new[2].len(), earlier[2].len());
    }

    #[test]
    fn an_ed25519_key_is_read_with_and_without_its_public_half() {
        let file: KeyFile = serde_json::from_str(EARLIER).unwrap();
        let with = ders(&file).remove(2);
        let opened = |der: &[u8]| {
            let mut file = file.clone();
            for key in &mut file.signing_keys {
                if key.alg == SigningAlg::EdDSA {
                    key.pkcs8 = Base64Secret::new(der);
                }
            }
            let ring = opened(&serde_json::to_string(&file).unwrap())?;
            Ok::<_, CryptoError>(ring.with_tokens(|keys| keys.published().remove(2).x))
        };
        // Version 1 of PKCS #8 (RFC 8410 §10.3): shorter, and ends after the seed.
        let mut without = with[..48].to_vec();
        (without[1], without[4]) = (0x2e, 0);
        assert_eq!(opened(&without).unwrap(), opened(&with).unwrap());
        let mut another = with;
        another[60] ^= 1;
        let refused = opened(&another).unwrap_err().to_string();
        assert!(refused.contains("is damaged"), "{refused}");
    }
}
