//! One-time codes by SMS: asked for, made when sent, redeemed once.
//!
//! A code is bound to purpose, flow and phone. Only its keyed hash is stored.
//! It is derived from the challenge with a key, as HOTP does (RFC 4226), so
//! that a message that is sent again after a crash or a time-out, perhaps for
//! the second time, carries the same code as the first.

mod problems;
mod store;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    capabilities::{
        core::{Core, Stop, Tx, corrupt},
        limits::{self, Charge, DAY, Exceeded, HOUR, Rule},
        outbox::{self, Message},
    },
    kernel::{
        Secret, Timestamp,
        ids::{ChallengeId, FlowId},
    },
    tools::{
        crypto::{BlindIndex, Place, Purpose},
        db::{Conn, DbFault},
        identity::{OtpCode, Phone},
        ports::SmsPurpose,
    },
};

pub use store::{erase, purge};

/// Codes have six digits.
const CODES: u64 = 1_000_000;

/// Proof that somebody read a message sent to a phone; made by [`redeem`]
/// only. A flow keeps it, sealed, as it is.
#[derive(Debug, Clone, Serialize, Deserialize, Zeroize)]
pub struct PhoneProved {
    /// Keyed hash of the phone.
    phone: String,
}

impl PhoneProved {
    /// Whether the proof is about `phone`.
    pub fn is_for(&self, core: &Core, phone: &Phone) -> bool {
        index(core, phone).matches(&self.phone)
    }
}

/// What a code is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// What it is for.
    pub purpose: SmsPurpose,
    /// Id of the flow.
    pub flow: FlowId,
    /// Whose phone.
    pub to: Addressee<'a>,
}

/// Whose phone a code goes to.
#[derive(Debug, Clone, Copy)]
pub enum Addressee<'a> {
    /// A known phone.
    Phone(&'a Phone),
    /// Of whoever somebody claims to be, by a key of that claim. Nobody looks
    /// before the message is sent whether there is such a person: what the
    /// claimant sees and how long it takes is the same either way.
    Claimed(&'a str),
}

/// A code that was asked for.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it stops being accepted: counted from the moment it is sent.
    pub expires_at: Timestamp,
    /// Wrong tries that remain.
    pub tries_left: u32,
}

/// Why no code is sent.
#[derive(Debug, Clone, Copy)]
pub enum RequestRefused {
    /// The last message is too young.
    TooSoon {
        /// Seconds to wait.
        retry_after: i64,
    },
    /// A limit is reached.
    Exceeded(Exceeded),
}

/// Why a code is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeRefused {
    /// Not the code sent.
    Wrong {
        /// Tries that remain.
        tries_left: u32,
    },
    /// Its time is over.
    Expired,
    /// Tried too often, replaced, used, or never sent.
    Dead,
}

fn index(core: &Core, phone: &Phone) -> BlindIndex {
    core.keyring.blind(Purpose::Phone, phone.e164())
}

/// How long a code is good for.
fn valid(core: &Core) -> TimeDelta {
    TimeDelta::seconds(core.settings.sms.valid_seconds.into())
}

fn code_hash(core: &Core, challenge: &str, code: &str) -> BlindIndex {
    core.keyring.blind_parts(Purpose::OtpCode, &[challenge, code])
}

fn charges(tx: &Tx<'_>, binding: Binding<'_>) -> Vec<Charge> {
    let limits = &tx.core.settings.limits;
    let rule = |name, most, window_seconds| Rule { name, most, window_seconds };
    let mut charges = match binding.to {
        Addressee::Phone(phone) => phone_charges(tx.core, phone).to_vec(),
        Addressee::Claimed(person) => vec![
            Charge {
                rule: rule("sms_person_hour", limits.sms_per_phone_hour, HOUR),
                subject: person.to_owned(),
            },
            Charge {
                rule: rule("sms_person_day", limits.sms_per_phone_day, DAY),
                subject: person.to_owned(),
            },
        ],
    };
    charges.push(Charge {
        rule: rule("sms_flow", limits.sms_per_flow, DAY),
        subject: binding.flow.to_string(),
    });
    charges.push(Charge {
        rule: rule("sms_address_hour", limits.sms_per_address_hour, HOUR),
        subject: tx.origin.limit_subject(),
    });
    charges
}

fn phone_charges(core: &Core, phone: &Phone) -> [Charge; 2] {
    let limits = &core.settings.limits;
    let charge = |name, most, window_seconds| Charge {
        rule: Rule { name, most, window_seconds },
        subject: phone.e164().to_owned(),
    };
    [
        charge("sms_phone_hour", limits.sms_per_phone_hour, HOUR),
        charge("sms_phone_day", limits.sms_per_phone_day, DAY),
    ]
}

/// Whether a code could be sent now: asked before a bank check is paid for.
///
/// Not what the phone has had, unless messages are switched off: until the bank
/// has matched, whoever asks may be a stranger, and would learn that a phone he
/// typed is somebody's who asks for messages. [`request`] counts it.
pub fn precheck(tx: &mut Tx<'_>, binding: Binding<'_>) -> Result<(), Stop<RequestRefused>> {
    let own = |charge: &Charge| match binding.to {
        Addressee::Phone(phone) => charge.subject == phone.e164() && charge.rule.most > 0,
        Addressee::Claimed(_) => false,
    };
    let mut charges = charges(tx, binding);
    charges.retain(|charge| !own(charge));
    check(tx, binding, &charges)
}

/// Whether the last message is old enough and the charges can be paid.
fn check(
    tx: &mut Tx<'_>,
    binding: Binding<'_>,
    charges: &[Charge],
) -> Result<(), Stop<RequestRefused>> {
    if let Some(last) = store::newest(tx.conn, &binding.flow.to_string(), binding.purpose.code())? {
        let resend_at = last.requested_at.and_utc()
            + TimeDelta::seconds(tx.core.settings.sms.resend_seconds.into());
        if tx.now < resend_at {
            let retry_after = (resend_at - tx.now).num_seconds() + 1;
            return Err(Stop::Keep(RequestRefused::TooSoon { retry_after }));
        }
    }
    match limits::peek(tx, charges)? {
        Some(exceeded) => Err(Stop::Keep(RequestRefused::Exceeded(exceeded))),
        None => Ok(()),
    }
}

/// Asks for a code: counts it, kills older ones of the flow, and leaves the
/// sending to the outbox.
pub fn request(tx: &mut Tx<'_>, binding: Binding<'_>) -> Result<Challenge, Stop<RequestRefused>> {
    let charges = charges(tx, binding);
    check(tx, binding, &charges)?;
    limits::charge(tx, &charges).map_err(|stop| stop.map(RequestRefused::Exceeded))?;
    let flow = binding.flow.to_string();
    store::kill_open(tx.conn, &flow, binding.purpose.code())?;
    let id = ChallengeId::new(tx.now, &*tx.core.entropy)?;
    let sms = &tx.core.settings.sms;
    let (phone_index, message) = match binding.to {
        Addressee::Phone(phone) => (
            index(tx.core, phone).as_str().to_owned(),
            Message::SmsCode {
                challenge: id,
                purpose: binding.purpose,
                phone: phone.national().to_owned(),
            },
        ),
        // Filled in when it is known.
        Addressee::Claimed(_) => (
            String::new(),
            Message::RecoveryCode { challenge: id, purpose: binding.purpose, flow: binding.flow },
        ),
    };
    let valid = valid(tx.core);
    store::insert(
        tx.conn,
        &store::Row {
            id: id.to_string(),
            purpose: binding.purpose.code().to_owned(),
            flow_id: flow,
            phone_index,
            state: "requested".into(),
            code_hash: None,
            wrong_tries: 0,
            requested_at: tx.now.naive_utc(),
            expires_at: (tx.now + valid + TimeDelta::seconds(sms.give_up_seconds.into()))
                .naive_utc(),
        },
    )?;
    outbox::enqueue(tx, &message)?;
    Ok(Challenge {
        id,
        requested_at: tx.now,
        expires_at: tx.now + valid,
        tries_left: sms.wrong_tries,
    })
}

/// The state of a code for showing it; `None` when it was used.
pub fn find(tx: &mut Tx<'_>, id: ChallengeId) -> Result<Option<Challenge>, DbFault> {
    let Some(row) = store::find(tx.conn, &id.to_string())? else { return Ok(None) };
    if row.state == "used" {
        return Ok(None);
    }
    let tries_left = if row.state == "dead" { 0 } else { tries_left(tx.core, row.wrong_tries) };
    let requested_at = row.requested_at.and_utc();
    let valid = valid(tx.core);
    Ok(Some(Challenge {
        id,
        requested_at,
        expires_at: if row.state == "sent" {
            row.expires_at.and_utc()
        } else {
            requested_at + valid
        },
        tries_left,
    }))
}

fn tries_left(core: &Core, wrong_tries: i32) -> u32 {
    core.settings.sms.wrong_tries.saturating_sub(u32::try_from(wrong_tries).unwrap_or(u32::MAX))
}

/// The code of a challenge: the same each time it is asked for.
fn code(core: &Core, challenge: &str) -> String {
    let seed = core.keyring.keyed_hash(Purpose::OtpSeed, &[challenge.as_bytes()]);
    // The remainder of 256 bits: no code is likelier than another.
    let number = seed.iter().fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % CODES);
    format!("{number:06}")
}

/// The code that is about to be sent, whose time starts now. `None` when it is
/// no longer wanted. The message goes out after this is committed.
pub fn draw(tx: &mut Tx<'_>, id: ChallengeId) -> Result<Option<Secret<String>>, DbFault> {
    draw_until(tx, &id.to_string(), tx.now + valid(tx.core))
}

fn draw_until(
    tx: &mut Tx<'_>,
    row: &str,
    expires_at: Timestamp,
) -> Result<Option<Secret<String>>, DbFault> {
    let code = code(tx.core, row);
    let hash = code_hash(tx.core, row, &code);
    let drawn = store::draw(tx.conn, row, hash.as_str(), expires_at)?;
    Ok(drawn.then(|| Secret::new(code)))
}

/// As [`draw`], for a challenge whose addressee was only claimed: `phone` is
/// whom it turned out to be, if anybody. A phone that has had enough messages
/// gets none, and whoever asked is not told: other flows of the same person
/// would show through. For the same reason the time starts once, not again
/// when the gateway has to be tried again: it never is for nobody.
pub fn draw_for(
    tx: &mut Tx<'_>,
    id: ChallengeId,
    phone: Option<&Phone>,
) -> Result<Option<Secret<String>>, DbFault> {
    let row = id.to_string();
    let sent = store::find(tx.conn, &row)?.filter(|found| found.state == "sent");
    let until = sent.map_or(tx.now + valid(tx.core), |sent| sent.expires_at.and_utc());
    let Some(code) = draw_until(tx, &row, until)? else { return Ok(None) };
    let Some(phone) = phone else { return Ok(None) };
    let fresh = store::address(tx.conn, &row, index(tx.core, phone).as_str())?;
    // A message that is sent again after a crash was counted before.
    if fresh && limits::count(tx, &phone_charges(tx.core, phone))?.is_some() {
        return Ok(None);
    }
    Ok(Some(code))
}

/// Kills the codes of a flow for a purpose that nobody has entered.
pub fn kill(conn: &mut Conn, flow: FlowId, purpose: SmsPurpose) -> Result<(), DbFault> {
    store::kill_open(conn, &flow.to_string(), purpose.code())
}

/// Redeems a code. Of two requests with the right code one succeeds; every
/// wrong try counts, whatever else happens at the same time.
pub fn redeem(
    tx: &mut Tx<'_>,
    of: (ChallengeId, Binding<'_>),
    given: &OtpCode,
) -> Result<PhoneProved, Stop<CodeRefused>> {
    redeem_if(tx, of, given, |_, _| Ok(true))
}

/// As [`redeem`]. Once the digits are right, and not before, `holds` is asked
/// whether the proof will do; if not, the code is as wrong as any other.
pub fn redeem_if(
    tx: &mut Tx<'_>,
    (id, binding): (ChallengeId, Binding<'_>),
    given: &OtpCode,
    holds: impl FnOnce(&mut Tx<'_>, &PhoneProved) -> Result<bool, DbFault>,
) -> Result<PhoneProved, Stop<CodeRefused>> {
    let row_id = id.to_string();
    let Some(row) = store::find(tx.conn, &row_id)? else {
        return Err(Stop::Keep(CodeRefused::Dead));
    };
    let same_phone = match binding.to {
        Addressee::Phone(phone) => index(tx.core, phone).matches(&row.phone_index),
        // Whose it is, is for the caller to compare with the proof.
        Addressee::Claimed(_) => true,
    };
    let bound = row.purpose == binding.purpose.code() && row.flow_id == binding.flow.to_string();
    if !(bound && same_phone) {
        return Err(Stop::Keep(CodeRefused::Dead));
    }
    if row.expires_at.and_utc() <= tx.now {
        return Err(Stop::Keep(CodeRefused::Expired));
    }
    let expected = match (row.state.as_str(), &row.code_hash) {
        ("sent", Some(hash)) => hash,
        // Asked for, not sent yet: nothing that is typed can be right.
        ("requested", None) => "",
        ("used" | "dead", _) => return Err(Stop::Keep(CodeRefused::Dead)),
        _ => {
            let place = Place { table: "otp_challenges", column: "state", row: &row_id };
            return Err(corrupt(place).into());
        }
    };
    if code_hash(tx.core, &row_id, given.as_str()).matches(expected) {
        let proof = PhoneProved { phone: row.phone_index };
        if holds(tx, &proof)? {
            let used = store::use_up(tx.conn, &row_id)?;
            return if used { Ok(proof) } else { Err(Stop::Keep(CodeRefused::Dead)) };
        }
    }
    let most = i32::try_from(tx.core.settings.sms.wrong_tries).unwrap_or(i32::MAX);
    if !store::count_wrong(tx.conn, &row_id, most)? {
        return Err(Stop::Keep(CodeRefused::Dead));
    }
    let tries_left = tries_left(tx.core, row.wrong_tries + 1);
    let dead = tries_left == 0;
    Err(Stop::Keep(if dead { CodeRefused::Dead } else { CodeRefused::Wrong { tries_left } }))
}
