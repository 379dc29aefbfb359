//! The sandbox: a bank and an SMS gateway that exist only here, so that a
//! laptop, a test or an integrator can go through every flow.
//!
//! It is an adapter like any other and refuses to start in production (see
//! [`crate::config`]). What it keeps is sealed like real data and lives in the
//! database, so that it works on many nodes.

mod bank;
mod cardholders;
pub mod http;
mod mail;
mod sms;
mod store;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    crypto::Keyring,
    db::{Db, DbFault},
    kernel::{Clock, Entropy},
};

pub use bank::SandboxBank;
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

/// How a port answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As it should.
    Normal,
    /// With an error.
    Error,
    /// Not at all, until the caller gives up.
    Timeout,
    /// As it should, after `delay_ms`.
    Slow,
}

/// How a port answers next.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// In which way.
    mode: Mode,
    /// Milliseconds before `slow` answers; 2000 when left out.
    #[serde(default)]
    #[schema(example = 2000)]
    delay_ms: Option<u32>,
    /// How many answers until it is normal again; forever when left out.
    #[serde(default)]
    #[schema(example = 1)]
    remaining: Option<u32>,
}

/// A port that can be made to misbehave.
#[derive(Debug, Clone, Copy)]
enum Port {
    Bank,
    Sms,
}

impl Port {
    const fn code(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Sms => "sms",
        }
    }
}

/// The port is set to fail.
struct Broken;

impl Sandbox {
    /// Behaves as `port` was told to, using up one of `remaining`.
    async fn behave(&self, port: Port) -> Result<Result<(), Broken>, DbFault> {
        let behaviour = self.db.write(move |conn| store::next_behaviour(conn, port.code())).await?;
        match behaviour.mode {
            Mode::Normal => Ok(Ok(())),
            Mode::Error => Ok(Err(Broken)),
            Mode::Slow => {
                let delay = behaviour.delay_ms.unwrap_or(2000);
                tokio::time::sleep(Duration::from_millis(delay.into())).await;
                Ok(Ok(()))
            }
            // Longer than any caller waits.
            Mode::Timeout => {
                tokio::time::sleep(Duration::from_secs(120)).await;
                Ok(Err(Broken))
            }
        }
    }
}
