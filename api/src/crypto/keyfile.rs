//! The key file: JSON, mode 0600, made on first start and replaced as a whole.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::CryptoError;
use crate::kernel::{Entropy, Timestamp};

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
    /// Keys that sign access tokens; the last one signs, all are published.
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

/// One Ed25519 key, PKCS #8 DER.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKeyEntry {
    pub kid: String,
    pub created_at: Timestamp,
    pub pkcs8: Base64Secret,
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
            signing_keys: vec![signing_key(now, entropy)?],
        };
        file.add_data_key(now, entropy)?;
        Ok(file)
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

fn signing_key(now: Timestamp, entropy: &dyn Entropy) -> Result<SigningKeyEntry, CryptoError> {
    let key = SigningKey::from_bytes(&entropy.bytes::<32>()?);
    let pkcs8 = key.to_pkcs8_der().map_err(|error| CryptoError::Token(error.to_string()))?;
    Ok(SigningKeyEntry {
        kid: super::blind::hex(&entropy.bytes::<8>()?),
        created_at: now,
        pkcs8: Base64Secret::new(pkcs8.as_bytes()),
    })
}

/// A fault of the file at `path`.
pub(super) fn fault(path: &Path, reason: &dyn std::fmt::Display) -> CryptoError {
    CryptoError::KeyFile { path: path.display().to_string(), reason: reason.to_string() }
}
