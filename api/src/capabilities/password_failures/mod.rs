//! What wrong passwords lead to: first a growing delay, then a lock for a
//! while, for one account *from one place*. The account as a whole is never
//! locked, so nobody can lock somebody else out of it.
//!
//! Three counts stand apart: the account from this address (or from a device
//! that has signed in to it before), the account from anywhere, and the
//! address for any account. A try at an account is counted before the password
//! is looked at, so that a hundred tries at the same time are a hundred tries.
//! A try from an address is counted once it was wrong: a campus behind one
//! address signs in at the same time, and nobody there may wait for another.
//! A device that has signed in to the account before has a count of its own
//! instead, whatever its neighbours do.

pub mod device;
mod store;

use chrono::TimeDelta;

use crate::{
    capabilities::{
        core::{Core, Refusal, Stop, Tx},
        limits::{self, Charge, Rule},
    },
    tools::{
        crypto::Purpose,
        db::DbFault,
        web::{Problem, ProblemCode},
    },
};

pub use store::purge;

/// Who tries, from where.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Comparison key of the username, known or not.
    pub username: String,
    /// The address, as limits count it.
    pub address: String,
    /// A device that has signed in to this account before, as it proved.
    pub device: Option<String>,
}

/// Why the password is not even looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many wrong ones.
    Locked {
        /// Seconds until the next try.
        retry_after: i64,
    },
    /// The next one must wait a little.
    TooSoon {
        /// Seconds until the next try.
        retry_after: i64,
    },
}

impl Refusal for Refused {}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Locked { retry_after } => {
                Self::new(ProblemCode::LoginLocked).retry_after(retry_after)
            }
            Refused::TooSoon { retry_after } => {
                Self::new(ProblemCode::LoginTooSoon).retry_after(retry_after)
            }
        }
    }
}

/// Wrong passwords for one account from everywhere before each further try
/// from an unknown device is slowed down.
const PER_ACCOUNT: i64 = 50;
/// Seconds that such a try waits.
const ACCOUNT_DELAY: i64 = 5;

/// What is counted of one account.
enum Count {
    Place,
    Account,
}

impl Count {
    /// Seconds to wait after the `n`th wrong password.
    fn delay(&self, core: &Core, n: i64) -> i64 {
        let rules = &core.settings.password.failures;
        match self {
            Self::Place if n >= i64::from(rules.before_lock) => i64::from(rules.lock_seconds),
            Self::Place => match n {
                ..=2 => 0,
                3 => 2,
                _ => 5,
            },
            Self::Account if n >= PER_ACCOUNT => ACCOUNT_DELAY,
            Self::Account => 0,
        }
    }
}

fn counts(core: &Core, attempt: &Attempt) -> Vec<(String, Count)> {
    let key = |parts: &[&str]| key(core, parts);
    let Attempt { username, address, device } = attempt;
    let mut counts = match device {
        Some(device) => vec![(key(&["password_device", username, device]), Count::Place)],
        None => vec![
            (key(&["password_place", username, address]), Count::Place),
            (key(&["password_account", username]), Count::Account),
        ],
    };
    // One order for all, so that two tries never wait for each other.
    counts.sort_by(|one, other| one.0.cmp(&other.0));
    counts
}

fn key(core: &Core, parts: &[&str]) -> String {
    core.keyring.blind_parts(Purpose::Limit, parts).as_str().to_owned()
}

/// Wrong passwords from one address, whatever the accounts. Nothing for a
/// device that the account knows: somebody else's guesses behind the same
/// address must not keep its owner out, nor his mistakes a neighbour.
fn from_address(core: &Core, attempt: &Attempt) -> Option<Charge> {
    if attempt.device.is_some() {
        return None;
    }
    let rules = &core.settings.password.failures;
    let rule = Rule {
        name: "password_address",
        most: rules.per_address,
        window_seconds: rules.lock_seconds,
    };
    Some(Charge { rule, subject: attempt.address.clone() })
}

/// Counts a try as if it were wrong, or refuses it.
pub fn begin(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), Stop<Refused>> {
    if let Some(spent) = limits::peek(tx, from_address(tx.core, attempt).as_slice())? {
        return Err(Stop::Keep(Refused::Locked { retry_after: spent.retry_after }));
    }
    let lock = TimeDelta::seconds(tx.core.settings.password.failures.lock_seconds.into());
    let counts = counts(tx.core, attempt);
    let keys: Vec<&str> = counts.iter().map(|(key, _)| key.as_str()).collect();
    let seen = store::find(tx.conn, &keys, tx.now)?;
    for found in &seen {
        if let Some(retry_after) = found.blocked_for(tx.now) {
            let locked = retry_after > ACCOUNT_DELAY + 1;
            return Err(Stop::Keep(if locked {
                Refused::Locked { retry_after }
            } else {
                Refused::TooSoon { retry_after }
            }));
        }
    }
    for ((key, count), found) in counts.iter().zip(&seen) {
        let failures = found.failures + 1;
        let blocked_until = tx.now + TimeDelta::seconds(count.delay(tx.core, failures));
        let forgotten_at = (tx.now + lock).max(blocked_until);
        if !store::count(tx.conn, key, found, (failures, blocked_until, forgotten_at))? {
            // Another try with the same count was quicker by a hair.
            return Err(Stop::Keep(Refused::TooSoon { retry_after: 1 }));
        }
    }
    Ok(())
}

/// The password was right: the place starts anew, and the account takes this
/// try back.
pub fn succeeded(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), DbFault> {
    for (key, count) in counts(tx.core, attempt) {
        match count {
            Count::Place => store::clear(tx.conn, &key)?,
            Count::Account => store::take_back(tx.conn, &key)?,
        }
    }
    Ok(())
}

/// Another password was set by somebody who proved who he is: he may sign in
/// at once, from the address and the device he is at.
pub fn lift(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), DbFault> {
    let Attempt { username, address, device } = attempt;
    let mut places = vec![key(tx.core, &["password_place", username, address])];
    places.extend(device.iter().map(|device| key(tx.core, &["password_device", username, device])));
    places.sort();
    places.iter().try_for_each(|place| store::clear(tx.conn, place))
}

/// The password was wrong, or nobody has this username.
pub fn failed(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), DbFault> {
    // Tries that were looked at together may pass the limit together: the
    // hashing queue bounds how many.
    limits::count(tx, from_address(tx.core, attempt).as_slice()).map(drop)
}
