//! Cases: what people wrote to the operator, each with a number.
//!
//! What somebody writes is sealed in the case. The mail about it carries none of
//! it unless the operator has chosen otherwise.

mod mail;
mod number;
mod store;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::{Timestamp, ids::AccountId},
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
    },
};

pub use mail::mail;
pub use number::CaseNumber;
pub use store::{erase, purge};

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SupportTopic)]
pub enum Topic {
    /// The bank does not match.
    BankMismatch,
    /// A name or its characters.
    Name,
    /// A phone number.
    Phone,
    /// A unit.
    Unit,
    /// Anything else.
    Other,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] =
        [Self::BankMismatch, Self::Name, Self::Phone, Self::Unit, Self::Other];

    /// The name that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BankMismatch => "bank_mismatch",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Unit => "unit",
            Self::Other => "other",
        }
    }

    /// The topic with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.code() == code)
    }

    /// What the operator reads.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BankMismatch => "银行核验不匹配",
            Self::Name => "姓名（生僻字）",
            Self::Phone => "手机号码",
            Self::Unit => "单位用户",
            Self::Other => "其他",
        }
    }
}

/// What somebody wrote, as it is sealed in the database.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct CaseBody {
    /// What it is about.
    #[zeroize(skip)]
    pub topic: Topic,
    /// Name, if it was given.
    pub name: Option<String>,
    /// Document number, if it was given.
    pub document_number: Option<String>,
    /// Where an answer goes to.
    pub reply_to: String,
    /// What is asked.
    pub message: String,
}

impl std::fmt::Debug for CaseBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseBody(<redacted>)")
    }
}

/// A case.
#[derive(Debug)]
pub struct Case {
    /// Its number.
    pub number: CaseNumber,
    /// Who was signed in when it was written, if anybody.
    pub account: Option<AccountId>,
    /// What was written.
    pub body: CaseBody,
    /// When.
    pub created_at: Timestamp,
}

/// A case as a list shows it: nothing that anybody wrote.
#[derive(Debug)]
pub struct CaseSummary {
    /// Its number.
    pub number: CaseNumber,
    /// What it is about.
    pub topic: Topic,
    /// Who was signed in when it was written, if anybody.
    pub account: Option<AccountId>,
    /// When.
    pub created_at: Timestamp,
}

/// Numbers that may collide in a row before the random source is to blame.
const DRAWS: u32 = 8;

fn place(number: &str) -> Place<'_> {
    Place { table: "support_cases", column: "body_sealed", row: number }
}

/// Makes a case, with a number that no other has.
pub fn open(
    tx: &mut Tx<'_>,
    account: Option<AccountId>,
    body: &CaseBody,
) -> Result<CaseNumber, DbFault> {
    for _ in 0..DRAWS {
        let number = CaseNumber::draw(&*tx.core.entropy, tx.now)?;
        let row = store::Row {
            body_sealed: tx.core.seal_json(place(number.as_str()), body)?,
            number: number.as_str().to_owned(),
            account_id: account.map(|account| account.to_string()),
            topic: body.topic.code().to_owned(),
            created_at: tx.now.naive_utc(),
        };
        if store::claim(tx.conn, &row)? {
            return Ok(number);
        }
    }
    Err(corrupt(Place { table: "support_cases", column: "number", row: "every number drawn" }))
}

/// The case with this number.
pub fn find(tx: &mut Tx<'_>, number: &CaseNumber) -> Result<Option<Case>, DbFault> {
    store::find(tx.conn, number.as_str())?.map(|row| opened(tx.core, &row)).transpose()
}

/// The cases that somebody wrote while signed in to an account, the newest
/// first.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Case>, DbFault> {
    store::of_account(tx.conn, account)?.iter().map(|row| opened(tx.core, row)).collect()
}

/// Every case, the newest first.
pub fn list(conn: &mut Conn) -> Result<Vec<CaseSummary>, DbFault> {
    let summary = |row: store::SummaryRow| {
        let bad = |column| corrupt(Place { column, ..place(&row.number) });
        Ok(CaseSummary {
            number: row.number.parse().map_err(|_| bad("number"))?,
            topic: Topic::from_code(&row.topic).ok_or_else(|| bad("topic"))?,
            account: parse_account(row.account_id.as_deref(), &row.number)?,
            created_at: row.created_at.and_utc(),
        })
    };
    store::summaries(conn)?.into_iter().map(summary).collect()
}

fn parse_account(id: Option<&str>, number: &str) -> Result<Option<AccountId>, DbFault> {
    let bad = |_| corrupt(Place { column: "account_id", ..place(number) });
    id.map(str::parse).transpose().map_err(bad)
}

fn opened(core: &Core, row: &store::Row) -> Result<Case, DbFault> {
    let bad = |_| corrupt(Place { column: "number", ..place(&row.number) });
    Ok(Case {
        number: row.number.parse().map_err(bad)?,
        account: parse_account(row.account_id.as_deref(), &row.number)?,
        body: core.open_json(place(&row.number), &row.body_sealed)?,
        created_at: row.created_at.and_utc(),
    })
}
