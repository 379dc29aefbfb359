//! The tables of the sandbox.

use diesel::prelude::*;

use super::{BankBehaviour, Mode, Sandbox, cardholders::Cardholder, mail::KeptMail, sms::KeptSms};
use crate::{
    kernel::{
        Timestamp,
        ids::{OutboxId, SandboxCardholderId},
    },
    tools::{
        crypto::{CryptoError, Place, Purpose},
        db::{
            Conn, DbFault, claimed,
            schema::{sandbox_behaviours, sandbox_cardholders, sandbox_messages},
        },
    },
};

/// Messages or people shown at once.
const SHOWN: i64 = 200;

fn message_place(row: &str) -> Place<'_> {
    Place { table: "sandbox_messages", column: "message_sealed", row }
}

fn cardholder_place(row: &str) -> Place<'_> {
    Place { table: "sandbox_cardholders", column: "cardholder_sealed", row }
}

impl Sandbox {
    fn seal(&self, place: Place<'_>, value: &impl serde::Serialize) -> Result<Vec<u8>, DbFault> {
        let text = serde_json::to_vec(value).map_err(|_| CryptoError::Unsealable)?;
        Ok(self.keyring.seal(place, &text, &*self.entropy)?)
    }

    fn open<T: serde::de::DeserializeOwned>(
        &self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<T, DbFault> {
        let text = self.keyring.open(place, sealed)?;
        serde_json::from_slice(&text).map_err(|_| crate::capabilities::core::corrupt(place))
    }
}

pub(super) fn keep_sms(
    sandbox: &Sandbox,
    conn: &mut Conn,
    (id, sms): (OutboxId, &KeptSms),
) -> Result<(), DbFault> {
    keep(sandbox, conn, (id, "sms", &sms.phone), sms)
}

pub(super) fn keep_mail(
    sandbox: &Sandbox,
    conn: &mut Conn,
    (id, mail): (OutboxId, &KeptMail),
) -> Result<(), DbFault> {
    keep(sandbox, conn, (id, "mail", &mail.to), mail)
}

/// Keeps a message, once: one that comes a second time after a crash is known
/// by its id.
fn keep(
    sandbox: &Sandbox,
    conn: &mut Conn,
    (id, channel, recipient): (OutboxId, &str, &str),
    message: &impl serde::Serialize,
) -> Result<(), DbFault> {
    let now = sandbox.clock.now();
    let id = id.to_string();
    let sealed = sandbox.seal(message_place(&id), message)?;
    let recipient = sandbox.keyring.blind(Purpose::Phone, recipient);
    let row = (
        sandbox_messages::id.eq(id),
        sandbox_messages::channel.eq(channel),
        sandbox_messages::recipient_index.eq(recipient.as_str()),
        sandbox_messages::message_sealed.eq(sealed),
        sandbox_messages::created_at.eq(now.naive_utc()),
    );
    let insert = diesel::insert_into(sandbox_messages::table).values(row);
    claimed(conn, insert).map(|_| ())
}

/// Messages of a channel, the newest first: id, content and time.
pub(super) fn messages<T: serde::de::DeserializeOwned>(
    sandbox: &Sandbox,
    conn: &mut Conn,
    channel: &str,
    recipient: Option<&str>,
) -> Result<Vec<(String, T, Timestamp)>, DbFault> {
    let mut query = sandbox_messages::table
        .filter(sandbox_messages::channel.eq(channel.to_owned()))
        .into_boxed();
    if let Some(recipient) = recipient {
        let index = sandbox.keyring.blind(Purpose::Phone, recipient).as_str().to_owned();
        query = query.filter(sandbox_messages::recipient_index.eq(index));
    }
    let rows: Vec<(String, Vec<u8>, chrono::NaiveDateTime)> = query
        .order((sandbox_messages::created_at.desc(), sandbox_messages::id.desc()))
        .limit(SHOWN)
        .select((
            sandbox_messages::id,
            sandbox_messages::message_sealed,
            sandbox_messages::created_at,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, sealed, at)| {
            let message = sandbox.open(message_place(&id), &sealed)?;
            Ok((id, message, at.and_utc()))
        })
        .collect()
}

pub(super) fn add_cardholder(
    sandbox: &Sandbox,
    conn: &mut Conn,
    cardholder: &Cardholder,
) -> Result<(), DbFault> {
    let id = SandboxCardholderId::new(sandbox.clock.now(), &*sandbox.entropy)?.to_string();
    let sealed = sandbox.seal(cardholder_place(&id), cardholder)?;
    let card = sandbox.keyring.blind(Purpose::Card, &cardholder.card_number);
    diesel::insert_into(sandbox_cardholders::table)
        .values((
            sandbox_cardholders::id.eq(id),
            sandbox_cardholders::card_index.eq(card.as_str()),
            sandbox_cardholders::cardholder_sealed.eq(sealed),
        ))
        .execute(conn)?;
    Ok(())
}

/// Who was added, the newest first.
pub(super) fn added_cardholders(
    sandbox: &Sandbox,
    conn: &mut Conn,
) -> Result<Vec<Cardholder>, DbFault> {
    let rows: Vec<(String, Vec<u8>)> = sandbox_cardholders::table
        .order(sandbox_cardholders::id.desc())
        .limit(SHOWN)
        .select((sandbox_cardholders::id, sandbox_cardholders::cardholder_sealed))
        .load(conn)?;
    rows.iter().map(|(id, sealed)| sandbox.open(cardholder_place(id), sealed)).collect()
}

pub(super) fn find_by_card(
    sandbox: &Sandbox,
    conn: &mut Conn,
    number: &str,
) -> Result<Option<Cardholder>, DbFault> {
    let index = sandbox.keyring.blind(Purpose::Card, number);
    let row: Option<(String, Vec<u8>)> = sandbox_cardholders::table
        .filter(sandbox_cardholders::card_index.eq(index.as_str()))
        .order(sandbox_cardholders::id.desc())
        .select((sandbox_cardholders::id, sandbox_cardholders::cardholder_sealed))
        .first(conn)
        .optional()?;
    row.map(|(id, sealed)| sandbox.open(cardholder_place(&id), &sealed)).transpose()
}

pub(super) fn set_behaviour(
    conn: &mut Conn,
    port: &str,
    behaviour: BankBehaviour,
) -> Result<(), DbFault> {
    let (mode, outcome) =
        (name(behaviour.mode).unwrap_or_default(), behaviour.outcome.and_then(name));
    diesel::delete(sandbox_behaviours::table.find(port)).execute(conn)?;
    claimed(
        conn,
        diesel::insert_into(sandbox_behaviours::table).values((
            sandbox_behaviours::port.eq(port),
            sandbox_behaviours::mode.eq(&mode),
            sandbox_behaviours::delay_ms.eq(behaviour.delay_ms.map(i64::from)),
            sandbox_behaviours::remaining.eq(behaviour.remaining.map(i64::from)),
            sandbox_behaviours::outcome.eq(&outcome),
        )),
    )?;
    Ok(())
}

#[derive(Queryable)]
struct BehaviourRow {
    mode: String,
    delay_ms: Option<i64>,
    remaining: Option<i64>,
    outcome: Option<String>,
}

/// The behaviour in force; counts `remaining` down.
pub(super) fn next_behaviour(conn: &mut Conn, port: &str) -> Result<BankBehaviour, DbFault> {
    let normal =
        BankBehaviour { mode: Mode::Normal, delay_ms: None, remaining: None, outcome: None };
    let row: Option<BehaviourRow> = sandbox_behaviours::table
        .find(port)
        .select((
            sandbox_behaviours::mode,
            sandbox_behaviours::delay_ms,
            sandbox_behaviours::remaining,
            sandbox_behaviours::outcome,
        ))
        .first(conn)
        .optional()?;
    let Some(BehaviourRow { mode, delay_ms, remaining, outcome }) = row else {
        return Ok(normal);
    };
    if let Some(remaining) = remaining {
        let row = sandbox_behaviours::table.find(port);
        let counted = diesel::update(row.filter(sandbox_behaviours::remaining.gt(Some(0))))
            .set(sandbox_behaviours::remaining.eq(Some(remaining - 1)))
            .execute(conn)?;
        if counted == 0 {
            return Ok(normal);
        }
    }
    Ok(BankBehaviour {
        mode: named(port, "mode", mode)?,
        delay_ms: delay_ms.and_then(|delay| u32::try_from(delay).ok()),
        remaining: None,
        outcome: outcome.map(|name| named(port, "outcome", name)).transpose()?,
    })
}

/// The name under which a mode or an outcome is stored: that of the API.
fn name(value: impl serde::Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

fn named<T: serde::de::DeserializeOwned>(
    row: &str,
    column: &'static str,
    name: String,
) -> Result<T, DbFault> {
    let place = Place { table: "sandbox_behaviours", column, row };
    serde_json::from_value(name.into()).map_err(|_| crate::capabilities::core::corrupt(place))
}

/// Forgets messages from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let old = sandbox_messages::table.filter(sandbox_messages::created_at.lt(until.naive_utc()));
    Ok(diesel::delete(old).execute(conn)?)
}
