//! The keys in memory, kept in step with the key file.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, LessSafeKey, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    hmac::{self, HMAC_SHA256},
};
use chrono::TimeDelta;

use super::{
    CryptoError, Purpose,
    keyfile::{KeyFile, fault},
    signing::TokenKeys,
};
use crate::kernel::{Entropy, Timestamp};

/// The keys of one version of the key file, ready for use.
pub(super) struct Keys {
    pub active: u32,
    pub ciphers: HashMap<u32, LessSafeKey>,
    pub hash_keys: HashMap<Purpose, hmac::Key>,
    pub tokens: TokenKeys,
}

/// All keys of the installation.
///
/// Cheap to share; every node of a cluster reads the same file (or the same
/// mounted secret). A field sealed with a key that is not known yet makes the
/// ring read the file again, so a rotation needs no restart.
pub struct Keyring {
    path: PathBuf,
    keys: RwLock<Arc<Keys>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Opens the key file, making it (mode 0600) when there is none, and adding
    /// signing keys that a file of an earlier version lacks.
    pub fn open_or_create(
        path: &Path,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, CryptoError> {
        if KeyFile::read(path)?.is_none() && KeyFile::generate(now, entropy)?.create(path)? {
            tracing::warn!(path = %path.display(), "key file created: back it up, apart from the database");
        }
        // What the file lacks keeps nobody from what it has: it may be mounted
        // read-only.
        if let Err(error) = complete(path, now, entropy) {
            tracing::error!(%error, "the key file lacks signing keys and cannot be completed");
        }
        Ok(Self { path: path.to_owned(), keys: RwLock::new(Arc::new(load(path)?)) })
    }

    /// Adds the next signing keys, which sign from `ahead` on, and drops those
    /// whose tokens have all expired, when none lives longer than
    /// `tokens_live`; returns how many were added and dropped. Nodes that share
    /// the file follow by themselves.
    pub fn rotate_signing(
        &self,
        times: (TimeDelta, TimeDelta),
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(usize, usize), CryptoError> {
        self.change(|file| file.rotate_signing(times, now, entropy))
    }

    /// Adds a data key, makes it the active one and returns its id.
    ///
    /// Fields already sealed stay readable; [`crate::tools::db::rotation`] seals them
    /// anew. Nodes that share the file follow by themselves.
    pub fn add_data_key(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<u32, CryptoError> {
        self.change(|file| file.add_data_key(now, entropy))
    }

    /// Drops a data key that nothing is sealed with any more, which
    /// [`crate::tools::db::rotation`] knows. Nodes that share the file follow by
    /// themselves.
    pub fn retire_data_key(&self, id: u32, now: Timestamp) -> Result<(), CryptoError> {
        self.change(|file| {
            file.retire_data_key(id, now).map_err(|reason| fault(&self.path, &reason))
        })
    }

    /// The ids of the data keys that were followed by another one.
    pub fn older_data_keys(&self) -> Vec<u32> {
        let keys = self.keys();
        let mut older: Vec<u32> =
            keys.ciphers.keys().copied().filter(|id| *id != keys.active).collect();
        older.sort_unstable();
        older
    }

    /// Changes the key file, as the only one who does at this moment.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut KeyFile) -> Result<T, CryptoError>,
    ) -> Result<T, CryptoError> {
        let _lock = KeyFile::lock(&self.path)?;
        let mut file =
            KeyFile::read(&self.path)?.ok_or_else(|| fault(&self.path, &"it has disappeared"))?;
        let changed = change(&mut file)?;
        file.replace(&self.path)?;
        self.reload()?;
        Ok(changed)
    }

    /// Reads the key file again.
    pub fn reload(&self) -> Result<(), CryptoError> {
        let fresh = Arc::new(load(&self.path)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(super) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys that sign and check tokens.
    pub fn with_tokens<T>(&self, use_keys: impl FnOnce(&TokenKeys) -> T) -> T {
        use_keys(&self.keys().tokens)
    }
}

/// Adds the signing keys that the file lacks.
fn complete(path: &Path, now: Timestamp, entropy: &dyn Entropy) -> Result<(), CryptoError> {
    let lacks = |file: &KeyFile| !file.missing_algorithms().is_empty();
    if !KeyFile::read(path)?.as_ref().is_some_and(lacks) {
        return Ok(());
    }
    let _lock = KeyFile::lock(path)?;
    // Another node may have been quicker.
    let Some(mut file) = KeyFile::read(path)?.filter(lacks) else { return Ok(()) };
    file.add_missing_signing_keys(now, entropy)?;
    file.replace(path)
}

fn load(path: &Path) -> Result<Keys, CryptoError> {
    let file = KeyFile::read(path)?.ok_or_else(|| fault(path, &"it does not exist"))?;
    let mut ciphers = HashMap::new();
    for key in &file.data_keys {
        let cipher = key
            .secret
            .bytes()
            .and_then(|bytes| UnboundKey::new(&AES_256_GCM, &bytes).ok())
            .ok_or_else(|| fault(path, &format!("data key {} is not 32 bytes", key.id)))?;
        ciphers.insert(key.id, LessSafeKey::new(cipher));
    }
    if !ciphers.contains_key(&file.active_data_key) {
        return Err(fault(path, &"the active data key is missing"));
    }
    let root = file
        .index_key
        .bytes()
        .filter(|bytes| bytes.len() == 32)
        .ok_or_else(|| fault(path, &"the index key is not 32 bytes"))?;
    // RFC 5869 §2.2: without a salt.
    let derive = Salt::none(HKDF_SHA256).extract(&root);
    let mut hash_keys = HashMap::new();
    for purpose in Purpose::ALL {
        let info = [purpose.label().as_bytes()];
        let key = derive.expand(&info, HMAC_SHA256).map_err(|error| fault(path, &error))?;
        hash_keys.insert(purpose, key.into());
    }
    Ok(Keys {
        active: file.active_data_key,
        ciphers,
        hash_keys,
        tokens: TokenKeys::load(path, &file.signing_keys)?,
    })
}
