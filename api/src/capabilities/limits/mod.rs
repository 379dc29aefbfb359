//! Counting what may be done only so often, in the database, so that every
//! node counts together and a restart forgets nothing.

mod store;

use crate::{
    capabilities::core::{Core, Refusal, Stop, Tx},
    tools::{
        crypto::Purpose,
        db::{Conn, DbFault},
        web::{Problem, ProblemCode},
    },
};

/// How often, in what time.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Name, part of the counter's key.
    pub name: &'static str,
    /// At most so many.
    pub most: u32,
    /// Seconds from the first to the moment the count starts anew.
    pub window_seconds: u32,
}

/// One use of a rule by a subject: a phone, an address, a card.
#[derive(Debug, Clone)]
pub struct Charge {
    /// The rule.
    pub rule: Rule,
    /// Who or what is counted. Only its keyed hash is stored.
    pub subject: String,
}

/// A rule that has no use left.
#[derive(Debug, Clone, Copy)]
pub struct Exceeded {
    /// The rule's name.
    pub rule: &'static str,
    /// Seconds until there is one again.
    pub retry_after: i64,
}

impl Refusal for Exceeded {}

impl From<Exceeded> for Problem {
    fn from(exceeded: Exceeded) -> Self {
        Self::new(ProblemCode::TooManyRequests).retry_after(exceeded.retry_after)
    }
}

/// An hour, in seconds.
pub const HOUR: u32 = 3600;
/// A day, in seconds.
pub const DAY: u32 = 86_400;

/// The key of the counter that a charge uses.
pub fn key(core: &Core, charge: &Charge) -> String {
    core.keyring
        .blind_parts(Purpose::Limit, &[charge.rule.name, &charge.subject])
        .as_str()
        .to_owned()
}

/// Uses every rule once, or none when one of them has no use left. The refusal
/// is kept: what was counted before it stays counted.
///
/// The counters are taken in the order of their keys, so that two requests
/// that share some never wait for each other in a circle.
pub fn charge(tx: &mut Tx<'_>, charges: &[Charge]) -> Result<(), Stop<Exceeded>> {
    match count(tx, charges)? {
        None => Ok(()),
        Some(exceeded) => Err(Stop::Keep(exceeded)),
    }
}

/// As [`charge`], for work that goes on whether or not a use is left: returns
/// the rule that has none.
pub fn count(tx: &mut Tx<'_>, charges: &[Charge]) -> Result<Option<Exceeded>, DbFault> {
    let mut keyed: Vec<(String, Rule)> =
        charges.iter().map(|charge| (key(tx.core, charge), charge.rule)).collect();
    keyed.sort_by(|one, other| one.0.cmp(&other.0));
    let charged = store::charge(tx.conn, &keyed, tx.now)?;
    let Some((key, rule)) = keyed.iter().find(|(key, _)| !charged.contains(key)) else {
        return Ok(None);
    };
    // These rows are ours by now: in which order they are taken makes no difference.
    refund_keys(tx.conn, &charged)?;
    let retry_after = match rule.most {
        0 => rule.window_seconds.into(),
        _ => store::seconds_left(tx.conn, key, tx.now.naive_utc())?.unwrap_or(1),
    };
    Ok(Some(Exceeded { rule: rule.name, retry_after }))
}

/// The counters that charges use, for giving them back after a crash.
pub fn keys(core: &Core, charges: &[Charge]) -> Vec<String> {
    let mut keys: Vec<String> = charges.iter().map(|charge| key(core, charge)).collect();
    keys.sort();
    keys
}

/// Gives one use of each counter back, taken in the order of [`keys`].
pub fn refund_keys(conn: &mut Conn, keys: &[String]) -> Result<(), DbFault> {
    keys.iter().try_for_each(|key| store::refund(conn, key))
}

/// Gives one use of each rule back.
pub fn refund(tx: &mut Tx<'_>, charges: &[Charge]) -> Result<(), DbFault> {
    refund_keys(tx.conn, &keys(tx.core, charges))
}

/// The first rule that has no use left, without using any.
pub fn peek(tx: &mut Tx<'_>, charges: &[Charge]) -> Result<Option<Exceeded>, DbFault> {
    let now = tx.now.naive_utc();
    let keys: Vec<String> = charges.iter().map(|charge| key(tx.core, charge)).collect();
    let running = if keys.is_empty() { Vec::new() } else { store::running(tx.conn, &keys, now)? };
    for (key, Charge { rule, .. }) in keys.iter().zip(charges) {
        let spent = running.iter().find(|one| one.subject == *key && one.used >= rule.most.into());
        let retry_after = match spent {
            _ if rule.most == 0 => rule.window_seconds.into(),
            Some(counter) => counter.seconds_left(now),
            None => continue,
        };
        return Ok(Some(Exceeded { rule: rule.name, retry_after }));
    }
    Ok(None)
}

/// How often a rule may still be used.
pub fn left(tx: &mut Tx<'_>, charge: &Charge) -> Result<u32, DbFault> {
    let used = store::used(tx.conn, &key(tx.core, charge), tx.now)?;
    Ok(charge.rule.most.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX)))
}

/// What a rule has left, and until when that is all.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Uses.
    pub left: u32,
    /// Seconds until the count starts anew.
    pub resets_in: i64,
}

/// What a rule has left; `resets_in` is the whole window when it was not used
/// yet.
pub fn standing(tx: &mut Tx<'_>, charge: &Charge) -> Result<Standing, DbFault> {
    let resets_in = store::seconds_left(tx.conn, &key(tx.core, charge), tx.now.naive_utc())?;
    Ok(Standing {
        left: left(tx, charge)?,
        resets_in: resets_in.unwrap_or(charge.rule.window_seconds.into()),
    })
}

pub use store::purge;
