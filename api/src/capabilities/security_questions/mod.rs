//! Security questions: three of a fixed bank, with answers that only their
//! owner should know.
//!
//! They are weak (NIST SP 800-63B-4 §3.1.1.2 and OWASP ASVS 6.4.2 reject
//! them), but the guide has them. So the three answers are hashed together,
//! with Argon2id over a keyed hash: none of them can be tried alone, and not
//! without the key file. A set of wrong answers is counted before it is looked
//! at, and a few of them end the questions' use.

mod answers;
mod bank;
mod store;

use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::{Timestamp, ids::AccountId},
    tools::{
        config::QuestionsMode,
        crypto::{Place, Purpose},
        db::{Conn, DbFault},
    },
};

pub use answers::{AnswerSet, Chosen};
pub use bank::{Group, Question, groups, question};

/// Questions of a set.
pub const QUESTIONS: usize = 3;

/// Whether an account has questions that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QuestionsState)]
pub enum State {
    /// None were chosen.
    None,
    /// They can be used.
    Set,
    /// Wrong answers used them up; they must be chosen again.
    Disabled,
}

/// The questions that an account has chosen.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// Whose.
    pub account: AccountId,
    /// Ids of the questions.
    pub questions: [String; QUESTIONS],
    /// Sets of wrong answers since they were chosen or answered rightly.
    pub wrong_sets: u32,
    /// When they were chosen.
    pub set_at: Timestamp,
}

impl Enrolled {
    /// Whether they can be used.
    pub fn state(&self, core: &Core) -> State {
        if self.tries_left(core) == 0 { State::Disabled } else { State::Set }
    }

    /// Sets of wrong answers that remain.
    pub fn tries_left(&self, core: &Core) -> u32 {
        core.settings.security_questions.wrong_sets.saturating_sub(self.wrong_sets)
    }
}

/// Whether this installation uses security questions at all.
pub fn is_on(core: &Core) -> bool {
    core.settings.security_questions.mode != QuestionsMode::Off
}

fn enrolled(row: &store::Row) -> Result<Enrolled, DbFault> {
    let bad = |column| corrupt(Place { table: "security_answers", column, row: &row.account_id });
    let questions: Vec<String> = row.questions.split(' ').map(str::to_owned).collect();
    Ok(Enrolled {
        account: row.account_id.parse().map_err(|_| bad("account_id"))?,
        questions: questions.try_into().map_err(|_| bad("questions"))?,
        wrong_sets: u32::try_from(row.wrong_sets).map_err(|_| bad("wrong_sets"))?,
        set_at: row.set_at.and_utc(),
    })
}

/// What an account has chosen.
pub fn find(conn: &mut Conn, account: AccountId) -> Result<Option<Enrolled>, DbFault> {
    store::find(conn, &account.to_string())?.as_ref().map(enrolled).transpose()
}

/// What the account with this username has chosen: the same queries, whether
/// there is such an account or not.
pub fn find_by_username(tx: &mut Tx<'_>, username_key: &str) -> Result<Option<Enrolled>, DbFault> {
    let index = tx.core.keyring.blind(Purpose::Username, username_key);
    store::find_by_username(tx.conn, index.as_str())?.as_ref().map(enrolled).transpose()
}

/// Keeps new questions and the hash of their answers.
pub fn set(
    conn: &mut Conn,
    account: AccountId,
    (questions, hash): ([String; QUESTIONS], &str),
    now: Timestamp,
) -> Result<(), DbFault> {
    store::replace(conn, &account.to_string(), (&questions.join(" "), hash), now)
}

/// Gives the questions up; `false` when there were none.
pub fn remove(conn: &mut Conn, account: AccountId) -> Result<bool, DbFault> {
    store::remove(conn, &account.to_string())
}

/// Counts a set of answers as if it were wrong and returns the hash to compare
/// it with; `None` when no try is left. Of many requests at the same time only
/// as many are looked at as there are tries.
pub fn begin(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<String>, DbFault> {
    let id = account.to_string();
    if store::count(tx.conn, &id, most(tx.core))? {
        store::answers_hash(tx.conn, &id)
    } else {
        Ok(None)
    }
}

/// The answers were right: the count starts anew, unless the tries are used up:
/// their owner was told that the questions are.
pub fn succeeded(tx: &mut Tx<'_>, account: AccountId) -> Result<(), DbFault> {
    store::start_anew(tx.conn, &account.to_string(), most(tx.core))
}

fn most(core: &Core) -> i32 {
    i32::try_from(core.settings.security_questions.wrong_sets).unwrap_or(i32::MAX)
}
