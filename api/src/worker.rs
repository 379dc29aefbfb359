//! Work beside the requests: sending what the outbox holds, and forgetting
//! what is too old to keep.
//!
//! Every node runs one; a lease on each message keeps them apart.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    adapters::sandbox,
    audit, captcha,
    core::Core,
    db::{Conn, DbFault},
    idempotency,
    identity::Phone,
    kernel::Secret,
    limits, otp,
    outbox::{self, Leased, Message, Retry},
    password_failures,
    ports::{SmsFault, SmsMessage, SmsText},
    registration, sessions,
};

/// Messages that one node sends at the same time.
const AT_ONCE: usize = 32;
/// How often the outbox is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often what is too old is forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// How often the key file is read again, so that a rotation is followed.
const KEYS_EVERY: Duration = Duration::from_secs(2);

/// Works until told to stop, then sends what is due once more.
pub async fn run(core: Arc<Core>, stopped: watch::Receiver<bool>) {
    // Apart from each other: a slow gateway must not keep keys from being read.
    tokio::join!(deliver(&core, stopped.clone()), keep_house(&core, stopped));
}

async fn keep_house(core: &Arc<Core>, mut stopped: watch::Receiver<bool>) {
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    let mut keys = tokio::time::interval(KEYS_EVERY);
    loop {
        tokio::select! {
            _ = tidy.tick() => log(forget(core).await, "tidying up failed"),
            _ = keys.tick() => {
                if let Err(error) = core.keyring.reload() {
                    tracing::error!(%error, "the key file cannot be read; the keys in memory stay in use");
                }
            }
            _ = stopped.changed() => return,
        }
    }
}

fn log<T>(result: Result<T, DbFault>, what: &'static str) {
    if let Err(fault) = result {
        tracing::error!(%fault, "{what}");
    }
}

const UNREADABLE: &str = "the outbox cannot be worked on";

async fn deliver(core: &Arc<Core>, mut stopped: watch::Receiver<bool>) {
    let mut sending = JoinSet::new();
    loop {
        log(take_on(core, &mut sending).await, UNREADABLE);
        tokio::select! {
            () = core.outbox_bell.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            // A place is free. A panic in one message must not stop the others.
            Some(_) = sending.join_next() => while sending.try_join_next().is_some() {},
            _ = stopped.changed() => break,
        }
    }
    log(take_on(core, &mut sending).await, UNREADABLE);
    while sending.join_next().await.is_some() {}
}

/// Begins to send as much of what is due as there are places for; returns how
/// many messages that were.
async fn take_on(core: &Arc<Core>, sending: &mut JoinSet<()>) -> Result<usize, DbFault> {
    let Ok(places @ 1..) = i64::try_from(AT_ONCE.saturating_sub(sending.len())) else {
        return Ok(0);
    };
    let own = Arc::clone(core);
    let lease = move |conn: &mut Conn| outbox::lease(&own, conn, places, own.clock.now());
    let leased = core.db.write(lease).await?;
    let taken = leased.len();
    for message in leased {
        let core = Arc::clone(core);
        sending.spawn(async move { log(send(&core, message).await, "a message was not sent") });
    }
    Ok(taken)
}

/// Sends everything that is due; returns how many messages were taken on.
pub async fn run_outbox(core: &Arc<Core>) -> Result<usize, DbFault> {
    let (mut taken, mut sending) = (0, JoinSet::new());
    loop {
        taken += take_on(core, &mut sending).await?;
        if sending.join_next().await.is_none() {
            return Ok(taken);
        }
    }
}

async fn send(core: &Arc<Core>, leased: Leased) -> Result<(), DbFault> {
    let Message::SmsCode { challenge, purpose, phone } = leased.message.clone();
    let own = Arc::clone(core);
    // The code's hash is committed before the message goes out: a code that
    // somebody reads is always one that can be entered.
    let code = core.db.write(move |conn| otp::draw(&own, conn, challenge, own.clock.now())).await?;
    let (Some(code), Ok(phone)) = (code, Phone::parse(&phone)) else {
        let id = leased.id;
        return core.db.write(move |conn| outbox::done(conn, id)).await;
    };
    let text = SmsText::Code {
        purpose,
        code: copy(&code),
        valid_seconds: core.settings.sms.valid_seconds,
    };
    let sent = hand_over(core, &SmsMessage { id: leased.id, phone, text }).await;
    let own = Arc::clone(core);
    core.db
        .write(move |conn| match sent {
            Ok(()) => outbox::done(conn, leased.id),
            Err(error) => {
                let again = outbox::retry(conn, &leased, own.clock.now() + TimeDelta::seconds(3))?;
                let given_up = again == Retry::GivenUp;
                tracing::warn!(message = %leased.id, %error, given_up, "the SMS gateway failed");
                Ok(())
            }
        })
        .await
}

fn copy(code: &Secret<String>) -> Secret<String> {
    Secret::new(code.expose().clone())
}

/// Hands a message to the gateway, with a few tries and the same code.
async fn hand_over(core: &Core, message: &SmsMessage) -> Result<(), SmsFault> {
    let limit = Duration::from_millis(core.settings.sms.timeout_milliseconds.into());
    let mut attempt = 1;
    loop {
        let sent = tokio::time::timeout(limit, core.sms.send(message)).await;
        match sent.unwrap_or(Err(SmsFault::Timeout)) {
            Err(SmsFault::Broken(_)) if attempt < outbox::TRIES => attempt += 1,
            result => return result,
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Forgets what is too old to keep; returns how many rows.
pub async fn forget(core: &Arc<Core>) -> Result<usize, DbFault> {
    let own = Arc::clone(core);
    let now = core.clock.now();
    let week = now - TimeDelta::days(7);
    let records = now - TimeDelta::days(core.settings.retention.audit_days.into());
    // One transaction each: short, so that requests are not kept waiting.
    let mut forgotten = 0;
    forgotten += own.db.write(move |conn| captcha::purge(conn, now)).await?;
    forgotten += own.db.write(move |conn| registration::purge(conn, now, records)).await?;
    forgotten += own.db.write(move |conn| otp::purge(conn, now - TimeDelta::days(1))).await?;
    forgotten += own.db.write(move |conn| limits::purge(conn, now)).await?;
    forgotten += own.db.write(move |conn| password_failures::purge(conn, now)).await?;
    forgotten += own.db.write(move |conn| idempotency::purge(conn, now)).await?;
    forgotten += own.db.write(move |conn| sessions::purge(conn, week)).await?;
    forgotten += own.db.write(move |conn| outbox::purge(conn, week)).await?;
    forgotten += own.db.write(move |conn| audit::purge(conn, records)).await?;
    forgotten += own.db.write(move |conn| sandbox::purge(conn, week)).await?;
    Ok(forgotten)
}
