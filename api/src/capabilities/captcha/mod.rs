//! Captchas: five digits as a picture and as speech, for one use.

pub mod http;
pub mod render;
mod store;
mod studio;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    capabilities::{
        core::{Core, Refusal, Stop, Tx},
        limits::{self, Charge, HOUR, Rule},
    },
    kernel::{Timestamp, ids::CaptchaId},
    tools::{
        crypto::{Place, Purpose},
        db::DbFault,
        web::Problem,
    },
};

pub use store::purge;
pub use studio::Studio;

/// Digits of an answer.
const LENGTH: usize = 5;

/// Proof that somebody solved a captcha; made by [`redeem`] only. A flow keeps
/// it, sealed, as it is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CaptchaPassed(());

/// Why an answer was not accepted. Either way there is none to answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptchaRefused {
    /// Not the digits shown.
    Wrong,
    /// Too old, used before, or never issued.
    Expired,
}

impl CaptchaRefused {
    /// The field error code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Wrong => "captcha_wrong",
            Self::Expired => "captcha_expired",
        }
    }
}

impl Refusal for CaptchaRefused {}

impl From<CaptchaRefused> for Problem {
    fn from(refused: CaptchaRefused) -> Self {
        let problem = Self::field("/captcha/answer", refused.code());
        match refused {
            CaptchaRefused::Wrong => problem,
            CaptchaRefused::Expired => problem.nothing_used(),
        }
    }
}

/// A captcha that waits for its answer.
#[derive(Debug)]
pub struct Issued {
    /// Its id.
    pub id: CaptchaId,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "captchas", column: "answer_sealed", row }
}

/// Issues a captcha.
pub fn issue(tx: &mut Tx<'_>) -> Result<Issued, Stop> {
    let rule = Rule {
        name: "captcha_address_hour",
        most: tx.core.settings.captcha.per_address_hour,
        window_seconds: HOUR,
    };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    limits::charge(tx, &[charge])?;
    let id = CaptchaId::new(tx.now, &*tx.core.entropy)?;
    let answer = tx.core.entropy.digits(LENGTH)?;
    let expires_at = tx.now + TimeDelta::seconds(tx.core.settings.captcha.valid_seconds.into());
    let row = id.to_string();
    store::insert(tx.conn, &row, &tx.core.seal(place(&row), &answer)?, expires_at)?;
    Ok(Issued { id, expires_at })
}

/// The answer of a captcha that is still open.
pub fn answer(tx: &mut Tx<'_>, id: CaptchaId) -> Result<Option<String>, DbFault> {
    let row = id.to_string();
    match store::find(tx.conn, &row, tx.now)? {
        Some(sealed) => tx.core.open(place(&row), &sealed).map(Some),
        None => Ok(None),
    }
}

/// The seed of a captcha's picture and sound: the same each time, so that
/// nobody gathers many drawings of one answer.
pub fn seed(core: &Core, id: CaptchaId) -> [u8; 32] {
    core.keyring.keyed_hash(Purpose::CaptchaSeed, &[id.to_string().as_bytes()])
}

/// Uses up a captcha, right or wrong: the refusal is kept.
pub fn redeem(
    tx: &mut Tx<'_>,
    id: CaptchaId,
    given: &str,
) -> Result<CaptchaPassed, Stop<CaptchaRefused>> {
    let row = id.to_string();
    // Of two requests with one captcha only one deletes the row.
    let Some(sealed) = store::take(tx.conn, &row, tx.now)? else {
        return Err(Stop::Keep(CaptchaRefused::Expired));
    };
    let expected = tx.core.open(place(&row), &sealed)?;
    let right = tx.core.keyring.blind(Purpose::CaptchaSeed, &digits(given))
        == tx.core.keyring.blind(Purpose::CaptchaSeed, &expected);
    if right { Ok(CaptchaPassed(())) } else { Err(Stop::Keep(CaptchaRefused::Wrong)) }
}

/// The digits of what was typed: full-width ones count, spaces do not.
fn digits(given: &str) -> String {
    given
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10).unwrap_or(c),
            other => other,
        })
        .collect()
}
