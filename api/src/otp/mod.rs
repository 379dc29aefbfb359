//! One-time codes by SMS: asked for, made when sent, redeemed once.
//!
//! A code is bound to purpose, flow and phone. Only its keyed hash is stored.
//! It is derived from the challenge with a key, as HOTP does (RFC 4226), so
//! that a message that is sent again after a crash or a time-out, perhaps for
//! the second time, carries the same code as the first.

mod store;

use chrono::TimeDelta;

use crate::{
    core::{Core, corrupt},
    crypto::{BlindIndex, Place, Purpose},
    db::{Conn, DbFault},
    identity::{OtpCode, Phone},
    kernel::{Secret, Timestamp, ids::ChallengeId},
    limits::{self, Charge, DAY, Exceeded, HOUR, Rule},
    outbox::{self, Message},
    ports::SmsPurpose,
    web::RequestMeta,
};

pub use store::purge;

/// Codes have six digits.
const CODES: u64 = 1_000_000;

/// Proof that somebody read a message sent to a phone; made by [`redeem`], or
/// restored from a flow that kept what [`redeem`] said.
#[derive(Debug, Clone)]
pub struct PhoneProved {
    phone: BlindIndex,
}

impl PhoneProved {
    /// The proof that a flow kept in its sealed answers.
    pub fn kept(core: &Core, phone: &Phone) -> Self {
        Self { phone: index(core, phone) }
    }

    /// Whether the proof is about `phone`.
    pub fn is_for(&self, core: &Core, phone: &Phone) -> bool {
        self.phone == index(core, phone)
    }
}

/// What a code is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// What it is for.
    pub purpose: SmsPurpose,
    /// Id of the flow.
    pub flow: &'a str,
    /// Whose phone.
    pub phone: &'a Phone,
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

fn code_hash(core: &Core, challenge: &str, code: &str) -> BlindIndex {
    core.keyring.blind_parts(Purpose::OtpCode, &[challenge, code])
}

fn charges(core: &Core, binding: Binding<'_>, meta: &RequestMeta) -> Vec<Charge> {
    let limits = &core.settings.limits;
    let rule = |name, most, window_seconds| Rule { name, most, window_seconds };
    let phone = binding.phone.e164().to_owned();
    vec![
        Charge {
            rule: rule("sms_phone_hour", limits.sms_per_phone_hour, HOUR),
            subject: phone.clone(),
        },
        Charge { rule: rule("sms_phone_day", limits.sms_per_phone_day, DAY), subject: phone },
        Charge {
            rule: rule("sms_flow", limits.sms_per_flow, DAY),
            subject: binding.flow.to_owned(),
        },
        Charge {
            rule: rule("sms_address_hour", limits.sms_per_address_hour, HOUR),
            subject: meta.address.limit_subject(),
        },
    ]
}

/// Whether a code could be sent now: asked before a bank check is paid for.
pub fn precheck(
    core: &Core,
    conn: &mut Conn,
    binding: Binding<'_>,
    meta: &RequestMeta,
) -> Result<Result<(), RequestRefused>, DbFault> {
    if let Some(last) = store::newest(conn, binding.flow, binding.purpose.code())? {
        let resend_at = last.requested_at.and_utc()
            + TimeDelta::seconds(core.settings.sms.resend_seconds.into());
        if meta.now < resend_at {
            let retry_after = (resend_at - meta.now).num_seconds() + 1;
            return Ok(Err(RequestRefused::TooSoon { retry_after }));
        }
    }
    let spent = limits::peek(core, conn, &charges(core, binding, meta), meta.now)?;
    Ok(spent.map_or(Ok(()), |exceeded| Err(RequestRefused::Exceeded(exceeded))))
}

/// Asks for a code: counts it, kills older ones of the flow, and leaves the
/// sending to the outbox.
pub fn request(
    core: &Core,
    conn: &mut Conn,
    binding: Binding<'_>,
    meta: &RequestMeta,
) -> Result<Result<Challenge, RequestRefused>, DbFault> {
    if let Err(refused) = precheck(core, conn, binding, meta)? {
        return Ok(Err(refused));
    }
    if let Err(exceeded) = limits::charge(core, conn, &charges(core, binding, meta), meta.now)? {
        return Ok(Err(RequestRefused::Exceeded(exceeded)));
    }
    store::kill_open(conn, binding.flow, binding.purpose.code())?;
    let id = ChallengeId::new(meta.now, &*core.entropy)?;
    let sms = &core.settings.sms;
    let valid = TimeDelta::seconds(sms.valid_seconds.into());
    store::insert(
        conn,
        &store::Row {
            id: id.to_string(),
            purpose: binding.purpose.code().to_owned(),
            flow_id: binding.flow.to_owned(),
            phone_index: index(core, binding.phone).as_str().to_owned(),
            state: "requested".into(),
            code_hash: None,
            wrong_tries: 0,
            requested_at: meta.now.naive_utc(),
            expires_at: (meta.now + valid + TimeDelta::seconds(sms.give_up_seconds.into()))
                .naive_utc(),
        },
    )?;
    let message = Message::SmsCode {
        challenge: id,
        purpose: binding.purpose,
        phone: binding.phone.national().to_owned(),
    };
    outbox::enqueue(core, conn, &message, meta.now)?;
    Ok(Ok(Challenge {
        id,
        requested_at: meta.now,
        expires_at: meta.now + valid,
        tries_left: sms.wrong_tries,
    }))
}

/// The state of a code for showing it; `None` when it is dead or used.
pub fn find(core: &Core, conn: &mut Conn, id: ChallengeId) -> Result<Option<Challenge>, DbFault> {
    let Some(row) = store::find(conn, &id.to_string())? else { return Ok(None) };
    if row.state != "requested" && row.state != "sent" {
        return Ok(None);
    }
    let requested_at = row.requested_at.and_utc();
    let valid = TimeDelta::seconds(core.settings.sms.valid_seconds.into());
    Ok(Some(Challenge {
        id,
        requested_at,
        expires_at: if row.state == "sent" {
            row.expires_at.and_utc()
        } else {
            requested_at + valid
        },
        tries_left: tries_left(core, row.wrong_tries),
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
pub fn draw(
    core: &Core,
    conn: &mut Conn,
    id: ChallengeId,
    now: Timestamp,
) -> Result<Option<Secret<String>>, DbFault> {
    let row = id.to_string();
    let code = code(core, &row);
    let hash = code_hash(core, &row, &code);
    let expires_at = now + TimeDelta::seconds(core.settings.sms.valid_seconds.into());
    let drawn = store::draw(conn, &row, hash.as_str(), expires_at)?;
    Ok(drawn.then(|| Secret::new(code)))
}

/// Redeems a code. Of two requests with the right code one succeeds; every
/// wrong try counts, whatever else happens at the same time.
pub fn redeem(
    core: &Core,
    conn: &mut Conn,
    (id, binding): (ChallengeId, Binding<'_>),
    (given, now): (&OtpCode, Timestamp),
) -> Result<Result<PhoneProved, CodeRefused>, DbFault> {
    let row_id = id.to_string();
    let Some(row) = store::find(conn, &row_id)? else { return Ok(Err(CodeRefused::Dead)) };
    let bound = row.purpose == binding.purpose.code()
        && row.flow_id == binding.flow
        && index(core, binding.phone).matches(&row.phone_index);
    if !bound {
        return Ok(Err(CodeRefused::Dead));
    }
    if row.expires_at.and_utc() <= now {
        return Ok(Err(CodeRefused::Expired));
    }
    let expected = match (row.state.as_str(), &row.code_hash) {
        ("sent", Some(hash)) => hash,
        // Asked for, not sent yet: nothing that is typed can be right.
        ("requested", None) => "",
        ("used" | "dead", _) => return Ok(Err(CodeRefused::Dead)),
        _ => return Err(corrupt(Place { table: "otp_challenges", column: "state", row: &row_id })),
    };
    if code_hash(core, &row_id, given.as_str()).matches(expected) {
        let used = store::use_up(conn, &row_id)?;
        return Ok(if used {
            Ok(PhoneProved { phone: index(core, binding.phone) })
        } else {
            Err(CodeRefused::Dead)
        });
    }
    let most = i32::try_from(core.settings.sms.wrong_tries).unwrap_or(i32::MAX);
    if !store::count_wrong(conn, &row_id, most)? {
        return Ok(Err(CodeRefused::Dead));
    }
    let tries_left = tries_left(core, row.wrong_tries + 1);
    Ok(Err(if tries_left == 0 { CodeRefused::Dead } else { CodeRefused::Wrong { tries_left } }))
}
