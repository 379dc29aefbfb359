//! Messages that a change causes, committed together with the change.
//!
//! A message is sent after the commit, by a worker; a crash in between only
//! delays it. Codes are made when they are sent and never lie in the queue.

mod store;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    core::{Core, corrupt},
    crypto::Place,
    db::{Conn, DbFault},
    kernel::{
        Timestamp,
        ids::{ChallengeId, OutboxId},
    },
    ports::SmsPurpose,
};

pub use store::{depth, purge};

/// Tries at the gateway before a message is put back.
pub const TRIES: u32 = 3;

/// How long a worker may take over a message before another one may try:
/// longer than all tries at the gateway together.
fn lease_time(core: &Core) -> TimeDelta {
    let one = i64::from(core.settings.sms.timeout_milliseconds);
    TimeDelta::milliseconds(one * i64::from(TRIES)) + TimeDelta::seconds(10)
}

/// What is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// A code for a challenge; drawn when it is sent.
    SmsCode {
        /// The challenge.
        challenge: ChallengeId,
        /// What it is for.
        purpose: SmsPurpose,
        /// To whom: eleven digits.
        phone: String,
    },
}

impl Message {
    const fn kind(&self) -> &'static str {
        match self {
            Self::SmsCode { .. } => "sms_code",
        }
    }
}

/// A message that a worker has taken on.
#[derive(Debug)]
pub struct Leased {
    /// Id of the message.
    pub id: OutboxId,
    /// What is to be sent.
    pub message: Message,
    /// After this moment it is of no use.
    pub give_up_at: Timestamp,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "outbox", column: "payload_sealed", row }
}

/// Adds a message to the transaction; ring [`Core::outbox_bell`] after it.
pub fn enqueue(
    core: &Core,
    conn: &mut Conn,
    message: &Message,
    now: Timestamp,
) -> Result<(), DbFault> {
    let id = OutboxId::new(now, &*core.entropy)?.to_string();
    let give_up_at = now + TimeDelta::seconds(core.settings.sms.give_up_seconds.into());
    let row = store::NewRow {
        payload_sealed: core.seal_json(place(&id), message)?,
        id,
        kind: message.kind(),
        state: "waiting",
        attempts: 0,
        created_at: now.naive_utc(),
        due_at: now.naive_utc(),
        give_up_at: give_up_at.naive_utc(),
    };
    store::insert(conn, &row)
}

/// Takes on up to `most` messages that are due. Each goes to one worker.
pub fn lease(
    core: &Core,
    conn: &mut Conn,
    most: i64,
    now: Timestamp,
) -> Result<Vec<Leased>, DbFault> {
    let mut leased = Vec::new();
    for row in store::due(conn, most, now)? {
        if store::postpone(conn, &row.id, row.due_at, now + lease_time(core))? {
            leased.push(Leased {
                message: core.open_json(place(&row.id), &row.payload_sealed)?,
                id: row.id.parse().map_err(|_| corrupt(place(&row.id)))?,
                give_up_at: row.give_up_at.and_utc(),
            });
        }
    }
    Ok(leased)
}

/// Forgets a message that was sent or is no longer wanted.
pub fn done(conn: &mut Conn, id: OutboxId) -> Result<(), DbFault> {
    store::remove(conn, &id.to_string())
}

/// Puts a message back until `due_at`, or gives it up for good.
pub fn retry(conn: &mut Conn, leased: &Leased, due_at: Timestamp) -> Result<Retry, DbFault> {
    if due_at < leased.give_up_at {
        store::reschedule(conn, &leased.id.to_string(), due_at)?;
        Ok(Retry::Later)
    } else {
        store::give_up(conn, &leased.id.to_string())?;
        Ok(Retry::GivenUp)
    }
}

/// What became of a message that could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It is tried again.
    Later,
    /// It is kept as failed, for the operator to see.
    GivenUp,
}
