//! A key file for everybody: making an RSA key takes longer than most tests.
//! Each of them has a database of its own, so that nothing is shared by it.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, sync::OnceLock};

use chrono::DateTime;
use shiming::{kernel::OsEntropy, tools::crypto::Keyring};
use tempfile::TempDir;

/// Puts the key file that this process uses to `path`.
pub fn copy_to(path: &Path) {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let folder = TempDir::with_prefix("shiming-keys-").unwrap();
        let path = folder.path().join("keyring.json");
        // Before any clock of a test: the keys may sign from the beginning.
        Keyring::open_or_create(&path, DateTime::UNIX_EPOCH, &OsEntropy).unwrap();
        fs::read(&path).unwrap()
    });
    let new = fs::File::options().write(true).create_new(true).mode(0o600).open(path);
    new.unwrap().write_all(file).unwrap();
}
