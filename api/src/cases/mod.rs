//! Cases: what people wrote to the operator, each with a number.
//!
//! What somebody writes is sealed in the case. The mail about it carries it
//! only as far as the operator's settings allow; name and document number stay
//! here unless the operator has chosen otherwise.

mod store;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    core::Core,
    crypto::Place,
    db::{Conn, DbFault},
    kernel::{
        Timestamp,
        ids::{AccountId, OutboxId},
    },
    ports::Mail,
};

pub use store::erase;

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
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

    const fn words(self) -> &'static str {
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
    pub number: String,
    /// Who was signed in when it was written, if anybody.
    pub account: Option<AccountId>,
    /// What was written.
    pub body: CaseBody,
    /// When.
    pub created_at: Timestamp,
}

fn place(number: &str) -> Place<'_> {
    Place { table: "support_cases", column: "body_sealed", row: number }
}

/// The case with this number.
pub fn find(core: &Core, conn: &mut Conn, number: &str) -> Result<Option<Case>, DbFault> {
    let Some(row) = store::find(conn, number)? else { return Ok(None) };
    store::case(core, row).map(Some)
}

/// The cases that somebody wrote while signed in to an account, the newest
/// first.
pub fn of_account(core: &Core, conn: &mut Conn, account: AccountId) -> Result<Vec<Case>, DbFault> {
    let rows = store::of_account(conn, account)?;
    rows.into_iter().map(|row| store::case(core, row)).collect()
}

/// The mail about a case; `None` when it was erased meanwhile.
pub fn mail(
    core: &Core,
    conn: &mut Conn,
    (id, number): (OutboxId, &str),
) -> Result<Option<Mail>, DbFault> {
    let Some(case) = find(core, conn, number)? else { return Ok(None) };
    let settings = &core.settings.mail;
    let words = case.body.topic.words();
    let secret = |value: &Option<String>| match value {
        None => "（未填写）".to_owned(),
        Some(value) if settings.include_personal_data => value.clone(),
        Some(_) => "（已加密保存，请用 shiming cases show 查看）".to_owned(),
    };
    let text = format!(
        "编号：{number}\n主题：{words}\n时间：{}\n姓名：{}\n证件号：{}\n\n{}\n",
        case.created_at.format("%Y-%m-%d %H:%M UTC"),
        secret(&case.body.name),
        secret(&case.body.document_number),
        case.body.message,
    );
    Ok(Some(Mail {
        id,
        to: settings.support_to.clone(),
        reply_to: Some(case.body.reply_to.clone()),
        subject: format!("[{number}] {words}"),
        text,
    }))
}
