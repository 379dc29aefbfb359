//! Work beside the requests: sending what the outbox holds, and forgetting
//! what is too old to keep.
//!
//! Every node runs one; a lease on each message keeps them apart.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    access_tokens, account,
    adapters::sandbox,
    audit, captcha, cases, clients,
    core::Core,
    db::{Conn, DbFault},
    flows, grants, idempotency,
    identity::Phone,
    kernel::ids::OutboxId,
    limits, oauth, otp,
    outbox::{self, Leased, Message, Retry},
    password_failures,
    ports::{HttpRequest, Mail, MailFault, SmsFault, SmsMessage, SmsText},
    proving, recovery, sessions,
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
            _ = tidy.tick() => { forget(core).await; }
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

/// What a message has become when it is about to leave.
enum Outgoing {
    Sms(SmsMessage),
    Mail(Mail),
    Post(HttpRequest),
    /// It is no longer wanted, or there is nobody to send it to.
    Nothing,
}

async fn send(core: &Arc<Core>, leased: Leased) -> Result<(), DbFault> {
    let (own, id, message) = (Arc::clone(core), leased.id, leased.message.clone());
    let prepared = core.db.write(move |conn| prepare(&own, conn, (id, message))).await;
    let sent = match &prepared {
        Err(fault) => Err(Failure { reason: fault.to_string(), for_good: false }),
        Ok(Outgoing::Nothing) => Ok(()),
        Ok(Outgoing::Sms(sms)) => hand_over_sms(core, sms)
            .await
            .map_err(|fault| Failure { reason: fault.to_string(), for_good: false }),
        Ok(Outgoing::Post(request)) => hand_over_post(core, request).await,
        Ok(Outgoing::Mail(mail)) => hand_over_mail(core, mail).await.map_err(|fault| Failure {
            reason: fault.to_string(),
            for_good: matches!(fault, MailFault::Refused(_)),
        }),
    };
    let own = Arc::clone(core);
    core.db.write(move |conn| settle(&own, conn, &leased, sent)).await
}

/// Forgets a message that was taken; another one is tried again, or given up.
fn settle(
    core: &Core,
    conn: &mut Conn,
    leased: &Leased,
    sent: Result<(), Failure>,
) -> Result<(), DbFault> {
    let Err(Failure { reason, for_good }) = sent else { return outbox::done(conn, leased.id) };
    let pause = if for_good { TimeDelta::MAX } else { leased.pause() };
    let given_up = outbox::retry(conn, leased, core.clock.now(), pause)? == Retry::GivenUp;
    tracing::warn!(message = %leased.id, reason, given_up, "a message was not sent");
    Ok(())
}

/// Why a message was not sent.
struct Failure {
    reason: String,
    for_good: bool,
}

/// Finds out whom a message goes to and what it says. A code's hash is
/// committed here, before the message goes out: a code that somebody reads is
/// always one that can be entered.
fn prepare(
    core: &Core,
    conn: &mut Conn,
    (id, message): (OutboxId, Message),
) -> Result<Outgoing, DbFault> {
    let now = core.clock.now();
    let sms = |phone, text| Outgoing::Sms(SmsMessage { id, phone, text });
    let code = |purpose, code| SmsText::Code {
        purpose,
        code,
        valid_seconds: core.settings.sms.valid_seconds,
    };
    Ok(match message {
        Message::SmsCode { challenge, purpose, phone } => {
            match (otp::draw(core, conn, challenge, now)?, Phone::parse(&phone)) {
                (Some(drawn), Ok(phone)) => sms(phone, code(purpose, drawn)),
                _ => Outgoing::Nothing,
            }
        }
        Message::RecoveryCode { challenge, purpose, flow } => {
            let phone = recovery::addressee(core, conn, flow, now)?;
            match (otp::draw_for(core, conn, (challenge, phone.as_ref()), now)?, phone) {
                (Some(drawn), Some(phone)) => sms(phone, code(purpose, drawn)),
                _ => Outgoing::Nothing,
            }
        }
        Message::SmsNotice { notice, phone } => match Phone::parse(&phone) {
            Ok(phone) => sms(phone, SmsText::Notice(notice)),
            Err(_) => Outgoing::Nothing,
        },
        Message::ClientLogout { client, subject, session } => {
            let notice = oauth::logout_notice(core, conn, (client, &subject, &session), now)?;
            notice.map_or(Outgoing::Nothing, Outgoing::Post)
        }
        Message::SupportMail { number } => match cases::mail(core, conn, (id, &number))? {
            Some(mail) => Outgoing::Mail(mail),
            None => Outgoing::Nothing,
        },
    })
}

/// Hands a message to the gateway, with a few tries and the same code.
async fn hand_over_sms(core: &Core, message: &SmsMessage) -> Result<(), SmsFault> {
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

async fn hand_over_mail(core: &Core, mail: &Mail) -> Result<(), MailFault> {
    let limit = Duration::from_millis(core.settings.mail.timeout_milliseconds.into());
    let late = |_| Err(MailFault::Broken("no answer in time".into()));
    tokio::time::timeout(limit, core.mail.send(mail)).await.unwrap_or_else(late)
}

/// Hands a request to another system; whatever it answers but a success is
/// tried again.
async fn hand_over_post(core: &Core, request: &HttpRequest) -> Result<(), Failure> {
    let reason = match core.http.post(request).await {
        Ok(200..=299) => return Ok(()),
        Ok(status) => format!("the answer was {status}"),
        Err(fault) => fault.to_string(),
    };
    Err(Failure { reason, for_good: false })
}

/// Forgets what is too old to keep, and gives back what bank checks were
/// charged to whose process has died; returns how many rows. What cannot be
/// done is logged, and keeps nothing else from being done.
pub async fn forget(core: &Arc<Core>) -> usize {
    let now = core.clock.now();
    let week = now - TimeDelta::days(7);
    let retention = &core.settings.retention;
    let records = now - TimeDelta::days(retention.audit_days.into());
    let letters = now - TimeDelta::days(retention.support_days.into());
    let again = Arc::clone(core);
    let day = now - TimeDelta::days(1);
    let jobs: [(&str, Job); 17] = [
        ("captchas", Box::new(move |conn| captcha::purge(conn, now))),
        ("authorization requests", Box::new(move |conn| oauth::purge(conn, now))),
        ("flows", Box::new(move |conn| flows::purge(conn, now))),
        ("bank checks", Box::new(move |conn| proving::purge(conn, records))),
        ("codes", Box::new(move |conn| otp::purge(conn, day))),
        ("limits", Box::new(move |conn| limits::purge(conn, now))),
        ("password failures", Box::new(move |conn| password_failures::purge(conn, now))),
        ("idempotency keys", Box::new(move |conn| idempotency::purge(conn, now))),
        ("sessions", Box::new(move |conn| sessions::purge(conn, week))),
        ("clients", Box::new(move |conn| clients::purge(conn, now))),
        // A code that comes again on the next day still ends its tokens.
        ("grants", Box::new(move |conn| grants::purge(conn, (day, records)))),
        ("revoked tokens", Box::new(move |conn| access_tokens::purge(conn, now))),
        ("messages", Box::new(move |conn| outbox::purge(conn, week))),
        ("audit events", Box::new(move |conn| audit::purge(conn, records))),
        ("cases", Box::new(move |conn| cases::purge(conn, letters))),
        ("sandbox messages", Box::new(move |conn| sandbox::purge(conn, week))),
        (
            "abandoned bank checks",
            Box::new(move |conn| proving::refund_abandoned(&again, conn, now).map(|_| 0)),
        ),
    ];
    let mut forgotten = 0;
    for (what, job) in jobs {
        // One transaction each: short, so that requests are not kept waiting.
        match core.db.write(job).await {
            Ok(rows) => forgotten += rows,
            Err(fault) => tracing::error!(what, %fault, "tidying up failed"),
        }
    }
    match account::erase_due(core).await {
        Ok(accounts) => forgotten += accounts,
        Err(fault) => tracing::error!(%fault, "accounts that are to be closed cannot be found"),
    }
    forgotten
}

/// Something that is tidied up in a transaction of its own; returns how many
/// rows are gone.
type Job = Box<dyn FnOnce(&mut Conn) -> Result<usize, DbFault> + Send>;
