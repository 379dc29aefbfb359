//! `Idempotency-Key`: the same request twice has one effect and one answer.
//!
//! A request whose effect is one transaction ([`Once::write`]) leaves its answer
//! (sealed: it may name a person) in that transaction: at no moment is there one
//! without the other, and a repetition that comes meanwhile waits. A refusal
//! that takes the transaction back leaves nothing, and a repetition is decided
//! anew.
//!
//! One that asks a bank between two transactions ([`Once::around`]) takes a
//! lease in the first and leaves its answer in the second. One that waits for a
//! hash ([`Once::run`]) takes the lease before and leaves its answer after. A repetition gets that answer; a
//! request whose process died is run again once its lease is over, so each of
//! its steps must bear that.
//!
//! The same key with another request is refused.

pub mod http;
mod store;

use chrono::{NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::{
    capabilities::core::{Core, Stop, Tx},
    tools::{
        crypto::{Place, Purpose, blind::hex},
        db::DbFault,
        web::{Problem, ProblemCode, problem::Refusal},
    },
};

pub use http::{Answer, Idempotency, Next, Once, Reply, Settled};
pub use store::purge;

/// Longer than any request takes: the bank asked twice, and the queues for
/// hashing and the database.
fn lease_time(core: &Core) -> TimeDelta {
    let bank = i64::from(core.settings.bank.timeout_milliseconds);
    let hash = i64::from(core.settings.password.queue_milliseconds);
    TimeDelta::milliseconds(bank * 2 + hash * 2) + TimeDelta::seconds(15)
}
/// How long an answer is kept for repetitions.
const KEEP: TimeDelta = TimeDelta::hours(24);

/// What came of a request: both are given again to a repetition.
#[derive(Debug, Serialize, Deserialize)]
enum Outcome {
    Done(Reply),
    Refused(Refusal),
}

impl Outcome {
    /// The answer once more.
    fn again(self) -> Result<Reply, Problem> {
        match self {
            Self::Done(reply) => Ok(reply),
            Self::Refused(refusal) => Err(refusal.into()),
        }
    }
}

/// By which a request has a key: another one may take it over at its end.
#[derive(Debug, Clone, Copy)]
struct Lease {
    ends_at: NaiveDateTime,
}

/// A key, and the request that came with it.
#[derive(Debug)]
struct Claim {
    key_hash: String,
    request_hash: String,
}

impl Claim {
    fn new(core: &Core, (key, route): (&str, &str), (caller, body): (&str, &[u8])) -> Self {
        let hash = |parts: &[&[u8]]| hex(&core.keyring.keyed_hash(Purpose::Idempotency, parts));
        Self {
            key_hash: hash(&[b"key", key.as_bytes(), route.as_bytes(), caller.as_bytes()]),
            // With the key, which is kept nowhere: a body may hold a password, and
            // must not be easier to guess by this hash than by the password's.
            request_hash: hash(&[b"request", key.as_bytes(), body]),
        }
    }
}

fn place(row: &str) -> Place<'_> {
    Place { table: "idempotency_keys", column: "reply_sealed", row }
}

/// A key that a request has brought.
enum Taken {
    /// An earlier request has left its outcome.
    Before(Outcome),
    /// This request does the work, by this lease.
    Now(Lease),
}

/// The outcome of an earlier request with the key; or the end of the lease by
/// which this request is the one to do the work.
fn take(tx: &mut Tx<'_>, claim: &Claim) -> Result<Taken, Problem> {
    let Claim { key_hash, request_hash } = claim;
    let lease = Lease { ends_at: (tx.now + lease_time(tx.core)).naive_utc() };
    let fresh = store::Row {
        key_hash: key_hash.clone(),
        request_hash: request_hash.clone(),
        state: "running".into(),
        reply_sealed: None,
        lease_ends_at: lease.ends_at,
        expires_at: (tx.now + KEEP).naive_utc(),
    };
    if store::claim(tx.conn, &fresh)? {
        return Ok(Taken::Now(lease));
    }
    let Some(row) = store::find(tx.conn, key_hash)? else {
        // Released by its owner this very moment: the client retries.
        return Err(Problem::new(ProblemCode::RequestInProgress).retry_after(1));
    };
    if row.request_hash != *request_hash {
        return Err(Problem::new(ProblemCode::IdempotencyKeyReused));
    }
    if let Some(sealed) = row.reply_sealed {
        return Ok(Taken::Before(tx.core.open_json(place(key_hash), &sealed)?));
    }
    let running = row.lease_ends_at.and_utc() > tx.now;
    if running || !store::renew(tx.conn, key_hash, row.lease_ends_at, lease)? {
        return Err(Problem::new(ProblemCode::RequestInProgress).retry_after(2));
    }
    Ok(Taken::Now(lease))
}

/// Keeps the outcome for repetitions, if it is to be remembered and no other
/// request has taken the key over meanwhile.
fn keep(
    tx: &mut Tx<'_>,
    key_hash: &str,
    lease: Lease,
    result: Result<&Reply, &Problem>,
) -> Result<(), DbFault> {
    let outcome = match result {
        Ok(reply) => Outcome::Done(reply.clone()),
        Err(problem) if problem.is_remembered() => Outcome::Refused(problem.refusal()),
        Err(_) => return store::release(tx.conn, key_hash, lease),
    };
    store::finish(tx.conn, (key_hash, lease), &tx.core.seal_json(place(key_hash), &outcome)?)
}

/// Keeps what a transaction has come to, if it is committed.
fn keep_settled(
    tx: &mut Tx<'_>,
    key_hash: &str,
    lease: Lease,
    settled: &Settled,
) -> Result<(), DbFault> {
    match settled {
        Ok(reply) => keep(tx, key_hash, lease, Ok(reply)),
        Err(Stop::Keep(problem)) => keep(tx, key_hash, lease, Err(problem)),
        Err(Stop::Undo(_) | Stop::Fault(_)) => Ok(()),
    }
}
