//! The sandbox: a bank and an SMS gateway that exist only here, so that a
//! laptop, a test or an integrator can go through every flow.
//!
//! It is an adapter like any other and refuses to start in production (see
//! [`crate::tools::config`]). What it keeps is sealed like real data and lives in the
//! database, so that it works on many nodes.

mod bank;
mod behaviour;
mod cardholders;
pub mod http;
mod mail;
mod sms;
mod store;

use std::sync::Arc;

use crate::{
    kernel::{Clock, Entropy},
    tools::{crypto::Keyring, db::Db},
};

pub use bank::SandboxBank;
pub use behaviour::{BankBehaviour, Behaviour, Mode, Outcome};
pub use mail::SandboxMail;
pub use sms::SandboxSms;
pub use store::purge;

/// What the sandbox works with.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Database.
    pub db: Db,
    /// Keys.
    pub keyring: Arc<Keyring>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}
