//! Work beside the requests: sending what the outbox holds, and forgetting
//! what is too old to keep.
//!
//! Every node runs one; a lease on each message keeps them apart.

mod places;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::sync::watch;

use self::places::Places;

use crate::{
    adapters::sandbox,
    capabilities::{
        access_tokens, audit, captcha, cases, clients,
        core::{Core, Ctx, Origin, Tx},
        events, flows, grants, idempotency, identity_checks, limits, otp,
        outbox::{self, Lane, Leased, Message, Retry},
        password_failures, proving, sessions,
    },
    features::{account, oauth, recovery},
    kernel::ids::OutboxId,
    tools::{
        db::DbFault,
        identity::Phone,
        ports::{HttpRequest, Mail, MailFault, PostFault, SmsFault, SmsMessage, SmsText},
    },
};

/// How often the outbox is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A code for whoever somebody claims to be is made at some moment within this
/// time. It takes longer for somebody than for nobody, and requests meanwhile
/// take longer too: whoever could tell when to send one would see which it was.
const SPREAD: Duration = Duration::from_millis(100);
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

/// What one node is sending, by lane.
#[derive(Default)]
struct Sending {
    gateways: Places,
    webhooks: Places,
    logouts: Places,
}

impl Sending {
    fn of(&mut self, lane: Lane) -> &mut Places {
        match lane {
            Lane::Gateways => &mut self.gateways,
            Lane::Webhooks => &mut self.webhooks,
            Lane::Logouts => &mut self.logouts,
        }
    }

    /// Waits until all is sent; returns whether there was anything.
    async fn settle(&mut self) -> bool {
        let mut any = false;
        for lane in Lane::ALL {
            while self.of(lane).one_free().await.is_some() {
                any = true;
            }
        }
        any
    }
}

async fn deliver(core: &Arc<Core>, mut stopped: watch::Receiver<bool>) {
    let mut sending = Sending::default();
    loop {
        log(take_on(core, &mut sending).await, UNREADABLE);
        tokio::select! {
            () = core.outbox_bell.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            Some(()) = sending.gateways.wanted_one_free() => {}
            Some(()) = sending.webhooks.wanted_one_free() => {}
            Some(()) = sending.logouts.wanted_one_free() => {}
            _ = stopped.changed() => break,
        }
    }
    log(take_on(core, &mut sending).await, UNREADABLE);
    sending.settle().await;
}

/// Begins to send as much of what is due as there are places for; returns how
/// many messages that were.
async fn take_on(core: &Arc<Core>, sending: &mut Sending) -> Result<usize, DbFault> {
    let rooms = Lane::ALL.map(|lane| (lane, sending.of(lane).room()));
    let lease = move |tx: &mut Tx<'_>| {
        let mut leased = Vec::new();
        for (lane, room) in rooms {
            let messages = outbox::lease(tx, lane, room)?;
            leased.extend(messages.into_iter().map(|message| (lane, message)));
        }
        Ok::<_, DbFault>(leased)
    };
    let leased = Ctx::new(core, Origin::Service).write(lease).await?;
    let taken = leased.len();
    for (lane, message) in leased {
        let (core, system) = (Arc::clone(core), message.message.system());
        sending.of(lane).take(system, async move {
            log(send(&core, message).await, "a message was not sent");
        });
    }
    Ok(taken)
}

/// Sends everything that is due; returns how many messages were taken on.
pub async fn run_outbox(core: &Arc<Core>) -> Result<usize, DbFault> {
    let (mut taken, mut sending) = (0, Sending::default());
    loop {
        taken += take_on(core, &mut sending).await?;
        if !sending.settle().await {
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
    if let Message::RecoveryCode { .. } = leased.message {
        let [share] = core.entropy.bytes()?;
        tokio::time::sleep(SPREAD * u32::from(share) / 255).await;
    }
    let ctx = Ctx::new(core, Origin::Service);
    let (id, message) = (leased.id, leased.message.clone());
    let prepared = ctx.write(move |tx| prepare(tx, id, message)).await;
    let sent = match &prepared {
        Err(fault) => Err(Failure { reason: fault.to_string(), for_good: false }),
        Ok(Outgoing::Nothing) => Ok(()),
        Ok(Outgoing::Sms(sms)) => hand_over_sms(core, sms)
            .await
            .map_err(|fault| Failure { reason: fault.to_string(), for_good: false }),
        Ok(Outgoing::Mail(mail)) => hand_over_mail(core, mail).await.map_err(|fault| Failure {
            reason: fault.to_string(),
            for_good: matches!(fault, MailFault::Refused(_)),
        }),
        Ok(Outgoing::Post(request)) => {
            let answer = core.http.post(request).await;
            return ctx.later().write(move |tx| settle_post(tx, &leased, &answer)).await;
        }
    };
    let settled = move |tx: &mut Tx<'_>| {
        let given_up = settle(tx, &leased, sent)? == Some(Retry::GivenUp);
        if let (true, Message::Webhook { delivery, .. }) = (given_up, &leased.message) {
            // Or it would be waiting for a message that never comes.
            events::give_up_delivery(tx.conn, *delivery, tx.now)?;
        }
        Ok(())
    };
    ctx.later().write(settled).await
}

/// Forgets a request that was answered as it should be; another one is tried
/// again, or given up. What became of it is noted with the delivery.
fn settle_post(
    tx: &mut Tx<'_>,
    leased: &Leased,
    answer: &Result<u16, PostFault>,
) -> Result<(), DbFault> {
    let failure = match answer {
        Ok(200..=299 | events::GONE) => None,
        Ok(status) => Some(format!("it answered {status}")),
        Err(fault) => Some(fault.to_string()),
    };
    let failure = failure.map(|reason| Failure { reason, for_good: false });
    let given_up = settle(tx, leased, failure.map_or(Ok(()), Err))? == Some(Retry::GivenUp);
    if let Message::Webhook { delivery, .. } = leased.message {
        events::settle_delivery(tx.conn, delivery, (answer, given_up), tx.now)?;
    }
    Ok(())
}

/// Forgets a message that was taken; another one is tried again, or given up.
fn settle(
    tx: &mut Tx<'_>,
    leased: &Leased,
    sent: Result<(), Failure>,
) -> Result<Option<Retry>, DbFault> {
    let Err(Failure { reason, for_good }) = sent else {
        outbox::done(tx.conn, leased.id)?;
        return Ok(None);
    };
    let pause = if for_good { TimeDelta::MAX } else { leased.pause() };
    let retry = outbox::retry(tx.conn, leased, tx.now, pause)?;
    let given_up = retry == Retry::GivenUp;
    tracing::warn!(message = %leased.id, reason, given_up, "a message was not sent");
    Ok(Some(retry))
}

/// Why a message was not sent.
struct Failure {
    reason: String,
    for_good: bool,
}

/// Finds out whom a message goes to and what it says. A code's hash is
/// committed here, before the message goes out: a code that somebody reads is
/// always one that can be entered.
fn prepare(tx: &mut Tx<'_>, id: OutboxId, message: Message) -> Result<Outgoing, DbFault> {
    let core = tx.core;
    let sms = |phone, text| Outgoing::Sms(SmsMessage { id, phone, text });
    let code = |purpose, code| SmsText::Code {
        purpose,
        code,
        valid_seconds: core.settings.sms.valid_seconds,
    };
    Ok(match message {
        Message::SmsCode { challenge, purpose, phone } => {
            match (otp::draw(tx, challenge)?, Phone::parse(&phone)) {
                (Some(drawn), Ok(phone)) => sms(phone, code(purpose, drawn)),
                _ => Outgoing::Nothing,
            }
        }
        Message::RecoveryCode { challenge, purpose, flow } => {
            let phone = recovery::addressee(tx, flow)?;
            match (otp::draw_for(tx, challenge, phone.as_ref())?, phone) {
                (Some(drawn), Some(phone)) => sms(phone, code(purpose, drawn)),
                _ => Outgoing::Nothing,
            }
        }
        Message::SmsNotice { notice, phone } => match Phone::parse(&phone) {
            Ok(phone) => sms(phone, SmsText::Notice(notice)),
            Err(_) => Outgoing::Nothing,
        },
        Message::Webhook { delivery, .. } => match events::prepare(tx, delivery)? {
            Some(request) => Outgoing::Post(request),
            None => Outgoing::Nothing,
        },
        Message::ClientLogout { client, subject, session } => {
            let notice = oauth::logout_notice(tx, client, &subject, &session)?;
            notice.map_or(Outgoing::Nothing, Outgoing::Post)
        }
        Message::SupportMail { number } => match cases::mail(tx, id, &number)? {
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

/// Forgets what is too old to keep, and gives back what bank checks were
/// charged to whose process has died; returns how many rows. What cannot be
/// done is logged, and keeps nothing else from being done.
pub async fn forget(core: &Arc<Core>) -> usize {
    let ctx = Ctx::new(core, Origin::Service);
    let now = ctx.now;
    let week = now - TimeDelta::days(7);
    let retention = &core.settings.retention;
    let records = now - TimeDelta::days(retention.audit_days.into());
    let letters = now - TimeDelta::days(retention.support_days.into());
    let happened = now - TimeDelta::days(retention.event_days.into());
    let day = now - TimeDelta::days(1);
    let jobs: [(&str, Job); 19] = [
        ("captchas", Box::new(move |tx| captcha::purge(tx.conn, now))),
        ("authorization requests", Box::new(move |tx| oauth::purge(tx.conn, now))),
        ("flows", Box::new(move |tx| flows::purge(tx.conn, now))),
        ("bank checks", Box::new(move |tx| proving::purge(tx.conn, records))),
        ("codes", Box::new(move |tx| otp::purge(tx.conn, day))),
        ("limits", Box::new(move |tx| limits::purge(tx.conn, now))),
        ("password failures", Box::new(move |tx| password_failures::purge(tx.conn, now))),
        ("idempotency keys", Box::new(move |tx| idempotency::purge(tx.conn, now))),
        ("sessions", Box::new(move |tx| sessions::purge(tx.conn, week))),
        ("clients", Box::new(move |tx| clients::purge(tx.conn, now))),
        // A code that comes again on the next day still ends its tokens.
        ("grants", Box::new(move |tx| grants::purge(tx.conn, (day, records)))),
        ("revoked tokens", Box::new(move |tx| access_tokens::purge(tx.conn, now))),
        ("events of clients", Box::new(move |tx| events::purge(tx.conn, happened))),
        ("identity checks", Box::new(move |tx| identity_checks::purge(tx.conn, records))),
        ("messages", Box::new(move |tx| outbox::purge(tx.conn, week))),
        ("audit events", Box::new(move |tx| audit::purge(tx.conn, records))),
        ("cases", Box::new(move |tx| cases::purge(tx.conn, letters))),
        ("sandbox messages", Box::new(move |tx| sandbox::purge(tx.conn, week))),
        ("abandoned bank checks", Box::new(move |tx| proving::refund_abandoned(tx).map(|_| 0))),
    ];
    let mut forgotten = 0;
    for (what, job) in jobs {
        // One transaction each: short, so that requests are not kept waiting.
        match ctx.write(job).await {
            Ok(rows) => forgotten += rows,
            Err(fault) => tracing::error!(what, %fault, "tidying up failed"),
        }
    }
    match sessions::end_idle(&ctx).await {
        // They are kept for a while, so they do not count as forgotten.
        Ok(_) => {}
        Err(fault) => tracing::error!(%fault, "idle sessions cannot be found"),
    }
    match account::erase_due(&ctx).await {
        Ok(accounts) => forgotten += accounts,
        Err(fault) => tracing::error!(%fault, "accounts that are to be closed cannot be found"),
    }
    forgotten
}

/// Something that is tidied up in a transaction of its own; returns how many
/// rows are gone.
type Job = Box<dyn FnOnce(&mut Tx<'_>) -> Result<usize, DbFault> + Send>;
