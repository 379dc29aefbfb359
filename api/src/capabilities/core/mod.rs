//! What every feature is handed: settings, database, keys, time, randomness,
//! the hashing pool and the outside world. Made once, by the composition.

mod ctx;
pub mod http;
mod stop;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    kernel::{Clock, Entropy},
    tools::{
        config::Settings,
        crypto::{CryptoError, Keyring, Place},
        db::{Db, DbFault},
        password::Hasher,
        ports::{BankVerifier, HttpPost, Mailer, SmsSender},
    },
};

pub use ctx::{Ctx, Origin, Tx};
pub use stop::{Refusal, Stop};

/// The parts that make up a running service.
#[derive(Debug)]
pub struct Core {
    /// Settings.
    pub settings: Settings,
    /// Database.
    pub db: Db,
    /// Keys.
    pub keyring: Arc<Keyring>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Password hashing.
    pub hasher: Hasher,
    /// Bank check.
    pub bank: Arc<dyn BankVerifier>,
    /// Text messages.
    pub sms: Arc<dyn SmsSender>,
    /// Mail to the operator.
    pub mail: Arc<dyn Mailer>,
    /// Business systems, at addresses they gave us.
    pub http: Arc<dyn HttpPost>,
    /// Rung when the outbox has something new, so that a code leaves at once.
    pub outbox_bell: Notify,
}

impl Core {
    /// Seals a text for its place in the database.
    pub fn seal(&self, place: Place<'_>, text: &str) -> Result<Vec<u8>, CryptoError> {
        self.keyring.seal(place, text.as_bytes(), &*self.entropy)
    }

    /// Opens a text sealed for its place in the database.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, DbFault> {
        let bytes = self.keyring.open(place, sealed)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| corrupt(place))
    }

    /// Seals a value as JSON.
    pub fn seal_json(
        &self,
        place: Place<'_>,
        value: &impl serde::Serialize,
    ) -> Result<Vec<u8>, DbFault> {
        let text =
            serde_json::to_vec(value).map(zeroize::Zeroizing::new).map_err(|_| corrupt(place))?;
        Ok(self.keyring.seal(place, &text, &*self.entropy)?)
    }

    /// Opens a value sealed as JSON.
    pub fn open_json<T: serde::de::DeserializeOwned>(
        &self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<T, DbFault> {
        let bytes = self.keyring.open(place, sealed)?;
        serde_json::from_slice(&bytes).map_err(|_| corrupt(place))
    }

    /// A random token of 256 bits, in hexadecimal.
    pub fn random_token(&self) -> Result<String, CryptoError> {
        Ok(crate::tools::crypto::blind::hex(&self.entropy.bytes::<32>()?))
    }
}

/// The fault of a row that does not hold what our code writes.
pub fn corrupt(place: Place<'_>) -> DbFault {
    DbFault::CorruptRow { table: place.table, column: place.column, id: place.row.to_owned() }
}
