//! Messages that a change causes, committed together with the change.
//!
//! A message is sent after the commit, by a worker; a crash in between only
//! delays it. Codes are made when they are sent and never lie in the queue.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::{
        Timestamp,
        ids::{ChallengeId, ClientId, DeliveryId, FlowId, OutboxId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
        identity::Phone,
        ports::{Notice, SmsPurpose},
    },
};

pub use store::{depth, purge};

/// Tries at the gateway before a message is put back.
pub const TRIES: u32 = 3;

/// How long a worker may take over a message before another one may try:
/// longer than all tries at the gateway together.
fn lease_time(core: &Core) -> TimeDelta {
    let settings = &core.settings;
    let slowest = settings
        .sms
        .timeout_milliseconds
        .max(settings.mail.timeout_milliseconds)
        .max(settings.webhooks.timeout_milliseconds);
    let one = i64::from(slowest);
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
    /// A code for a challenge of a recovery; whom it goes to, and whether to
    /// anybody, is found out when it is sent.
    RecoveryCode {
        /// The challenge.
        challenge: ChallengeId,
        /// What it is for.
        purpose: SmsPurpose,
        /// The recovery.
        flow: FlowId,
    },
    /// News for the owner of an account.
    SmsNotice {
        /// What.
        notice: Notice,
        /// To whom: eleven digits.
        phone: String,
    },
    /// An event for an address of a business system.
    Webhook {
        /// Its delivery.
        delivery: DeliveryId,
        /// The system.
        client: ClientId,
    },
    /// A business system is told that a session in which somebody signed in to
    /// it has ended; the token is made when it is sent.
    ClientLogout {
        /// Which.
        client: ClientId,
        /// The name by which it knows the account.
        subject: String,
        /// The name by which it knows the session.
        session: String,
    },
    /// A case for the operator's mailbox.
    SupportMail {
        /// Number of the case.
        number: String,
    },
}

impl Message {
    const fn kind(&self) -> &'static str {
        match self {
            Self::SmsCode { .. } => "sms_code",
            Self::RecoveryCode { .. } => "recovery_code",
            Self::SmsNotice { .. } => "sms_notice",
            Self::Webhook { .. } => "webhook",
            Self::SupportMail { .. } => "support_mail",
            Self::ClientLogout { .. } => "client_logout",
        }
    }

    /// The business system that it goes to.
    pub const fn system(&self) -> Option<ClientId> {
        match self {
            Self::Webhook { client, .. } | Self::ClientLogout { client, .. } => Some(*client),
            Self::SmsCode { .. }
            | Self::RecoveryCode { .. }
            | Self::SmsNotice { .. }
            | Self::SupportMail { .. } => None,
        }
    }

    /// How long it is worth sending: a code that comes late is of no use,
    /// news are.
    fn lifetime(&self, core: &Core) -> TimeDelta {
        match self {
            Self::SmsCode { .. } | Self::RecoveryCode { .. } => {
                TimeDelta::seconds(core.settings.sms.give_up_seconds.into())
            }
            Self::SmsNotice { .. } => {
                TimeDelta::hours(core.settings.sms.notice_give_up_hours.into())
            }
            Self::Webhook { .. } => TimeDelta::hours(core.settings.webhooks.give_up_hours.into()),
            Self::ClientLogout { .. } => {
                TimeDelta::hours(core.settings.webhooks.give_up_hours.into())
            }
            Self::SupportMail { .. } => TimeDelta::days(core.settings.mail.give_up_days.into()),
        }
    }
}

/// Messages that share places at a worker, so that they can keep each other
/// waiting, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// To people and to the operator, by gateways that the operator chose.
    Gateways,
    /// Events for business systems, at addresses that they chose: how slow they
    /// are is not in our hands.
    Webhooks,
    /// The same for the ends of sessions: few, and somebody who has signed out
    /// wants to be out, however many events there are.
    Logouts,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 3] = [Self::Gateways, Self::Webhooks, Self::Logouts];
    /// The kinds of message that go to business systems.
    const SYSTEMS: [&'static str; 2] = ["webhook", "client_logout"];

    /// Whether its messages are of these kinds, or of all others.
    const fn kinds(self) -> (bool, &'static [&'static str]) {
        match self {
            Self::Gateways => (false, &Self::SYSTEMS),
            Self::Webhooks => (true, &["webhook"]),
            Self::Logouts => (true, &["client_logout"]),
        }
    }
}

/// Messages of a lane that one node sends to one business system at the same
/// time: one that hangs takes a few places, not all.
pub const PER_SYSTEM: usize = 4;

/// How many messages of a lane a worker can take on.
#[derive(Debug)]
pub struct Room {
    /// In all.
    pub most: i64,
    /// What it is sending to each business system already.
    pub taken: BTreeMap<ClientId, usize>,
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
    /// How often it was taken on, this time included.
    pub attempts: i32,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "outbox", column: "payload_sealed", row }
}

/// Adds news for the owner of a phone to the transaction.
pub fn notify(tx: &mut Tx<'_>, phone: &Phone, notice: Notice) -> Result<(), DbFault> {
    let phone = phone.national().to_owned();
    enqueue(tx, &Message::SmsNotice { notice, phone })
}

/// Adds a message to the transaction; the worker is woken after its commit.
pub fn enqueue(tx: &mut Tx<'_>, message: &Message) -> Result<(), DbFault> {
    let id = OutboxId::new(tx.now, &*tx.core.entropy)?.to_string();
    let give_up_at = tx.now + message.lifetime(tx.core);
    let row = store::NewRow {
        payload_sealed: tx.core.seal_json(place(&id), message)?,
        id,
        kind: message.kind(),
        client_id: message.system().map(|client| client.to_string()),
        state: "waiting",
        attempts: 0,
        created_at: tx.now.naive_utc(),
        due_at: tx.now.naive_utc(),
        give_up_at: give_up_at.naive_utc(),
    };
    tx.has_messages();
    store::insert(tx.conn, &row)
}

/// Takes on messages that are due, as far as there is room. Each goes to one worker. What
/// is of no use any more is given up: a code that would come late must not
/// come at all. (What goes to a business system is tried once more however late
/// it is: it is noted there what became of it.) One that cannot be read keeps
/// none of the others waiting.
pub fn lease(tx: &mut Tx<'_>, lane: Lane, room: Room) -> Result<Vec<Leased>, DbFault> {
    if lane == Lane::Gateways {
        let late = store::give_up_late(tx.conn, &Lane::SYSTEMS, tx.now)?;
        if late > 0 {
            tracing::warn!(messages = late, "messages were not sent in time and are given up");
        }
    }
    let mut leased = Vec::new();
    for row in wanted(tx.conn, (lane, room), tx.now)? {
        if !store::postpone(tx.conn, &row.id, row.due_at, tx.now + lease_time(tx.core))? {
            continue;
        }
        match opened(tx.core, &row) {
            Ok(message) => leased.push(message),
            Err(fault) => {
                // A newer node of the same installation may know what it is;
                // if none does, its time is over one day.
                tracing::error!(message = %row.id, %fault, "a message cannot be read");
                if row.give_up_at.and_utc() <= tx.now {
                    store::give_up(tx.conn, &row.id)?;
                } else {
                    store::reschedule(tx.conn, &row.id, tx.now + growing_pause(row.attempts + 1))?;
                }
            }
        }
    }
    Ok(leased)
}

/// What is due, the oldest first, but to no system more than its share. What is
/// beyond it stays for later, and what is behind it comes forward.
fn wanted(
    conn: &mut Conn,
    (lane, room): (Lane, Room),
    now: Timestamp,
) -> Result<Vec<store::DueRow>, DbFault> {
    let mut left = room.most;
    let taken = room.taken.into_iter().map(|(client, taken)| (client.to_string(), taken));
    let mut taken: BTreeMap<_, _> = taken.collect();
    let is_full = |taken: &usize| *taken >= PER_SYSTEM;
    let full = taken.iter().filter(|(_, taken)| is_full(taken)).map(|(client, _)| client.clone());
    let mut full: BTreeSet<_> = full.collect();
    let mut wanted: Vec<store::DueRow> = Vec::new();
    loop {
        // Of systems that are not full yet, what was chosen is found again.
        let chosen: Vec<_> = wanted.iter().map(|row| row.id.clone()).collect();
        let found = store::due(conn, lane.kinds(), (&full, &chosen, left), now)?;
        let mut beyond = false;
        for row in found {
            if let Some(client) = &row.client_id {
                let taken = taken.entry(client.clone()).or_default();
                if is_full(taken) {
                    full.insert(client.clone());
                    beyond = true;
                    continue;
                }
                *taken += 1;
            }
            left -= 1;
            wanted.push(row);
        }
        // Each round but the last leaves out one system more.
        if !beyond || left <= 0 {
            return Ok(wanted);
        }
    }
}

fn opened(core: &Core, row: &store::DueRow) -> Result<Leased, DbFault> {
    Ok(Leased {
        message: core.open_json(place(&row.id), &row.payload_sealed)?,
        id: row.id.parse().map_err(|_| corrupt(place(&row.id)))?,
        give_up_at: row.give_up_at.and_utc(),
        attempts: row.attempts + 1,
    })
}

/// More and more time after each attempt.
fn growing_pause(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(3 << (attempts.clamp(1, 10) - 1))
}

/// Forgets a message that was sent or is no longer wanted.
pub fn done(conn: &mut Conn, id: OutboxId) -> Result<(), DbFault> {
    store::remove(conn, &id.to_string())
}

impl Leased {
    /// How long to wait before the next try: codes are wanted now, other
    /// messages leave a broken gateway more and more time.
    pub fn pause(&self) -> TimeDelta {
        match self.message {
            Message::SmsCode { .. } | Message::RecoveryCode { .. } => TimeDelta::seconds(3),
            _ => growing_pause(self.attempts),
        }
    }
}

/// Puts a message back for a while, or gives it up for good.
pub fn retry(
    conn: &mut Conn,
    leased: &Leased,
    now: Timestamp,
    pause: TimeDelta,
) -> Result<Retry, DbFault> {
    let due_at = now.checked_add_signed(pause).filter(|due_at| *due_at < leased.give_up_at);
    if let Some(due_at) = due_at {
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
