//! One's own account as it is shown: masked.

use chrono::{Datelike, TimeDelta};
use serde::Serialize;
use utoipa::ToSchema;

use super::{change, own};
use crate::{
    capabilities::{
        accounts::{self, Account, Elements, Kind, Unit, UnitState},
        core::{Core, Tx},
        security_questions::{self, State},
        sessions::Session,
    },
    kernel::{Timestamp, ids::AccountId},
    tools::{
        config::QuestionsMode,
        db::DbFault,
        identity::{DocumentType, Gender, PasswordPolicyKind},
        web::Problem,
    },
};

/// An account. Personal data is masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    #[schema(value_type = String, format = Uuid)]
    id: AccountId,
    #[schema(example = "wangxiaoming")]
    username: String,
    kind: Kind,
    /// The unit, when it is one; the rest describes its agent.
    #[schema(required)]
    unit: Option<AccountUnit>,
    #[schema(example = "王**")]
    name: String,
    document_type: DocumentType,
    #[schema(example = "4403**********0014")]
    document_number: String,
    /// ISO 3166-1 alpha-3, for foreign passports.
    #[schema(required, example = json!(null))]
    issuing_country: Option<String>,
    gender: Gender,
    #[schema(example = "1990-**-**")]
    birth_date: String,
    #[schema(example = "CCB")]
    bank_code: String,
    #[schema(example = "**** 0004")]
    card_number: String,
    #[schema(example = "138****8000")]
    phone: String,
    /// 3: proved against a bank card.
    #[schema(example = 3)]
    assurance_level: i32,
    /// When the bank matched.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    verified_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    password_set_at: Timestamp,
    /// Whether a new password is due: the present one is older than the rules
    /// allow, or contains name, document or phone.
    password_due: bool,
    security_questions: QuestionsSummary,
    /// Until when name, bank, card and phone cannot be changed, because the
    /// password was set anew by security questions.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    changes_held_until: Option<Timestamp>,
    /// When the account will be erased, if that was asked for.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    closes_at: Option<Timestamp>,
    /// Until when the open change of the account can be finished; see
    /// `GET /api/v1/account/change`.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    change_expires_at: Option<Timestamp>,
    /// Until when this session need not enter the password again.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    password_fresh_until: Option<Timestamp>,
}

/// A unit; what a certificate on the wall says is not masked.
#[derive(Debug, Serialize, ToSchema)]
struct AccountUnit {
    #[schema(example = "深圳市测试科技有限公司")]
    name: String,
    #[schema(example = "914403001922038216")]
    credit_code: String,
    #[schema(example = "张**")]
    legal_representative: String,
    state: UnitState,
    /// Why the unit was rejected.
    #[schema(required, example = json!(null))]
    reason: Option<String>,
}

/// What security questions are good for here, and whether there are any.
#[derive(Debug, Serialize, ToSchema)]
struct QuestionsSummary {
    mode: QuestionsMode,
    state: State,
}

impl From<Unit> for AccountUnit {
    fn from(unit: Unit) -> Self {
        Self {
            name: unit.name.as_str().to_owned(),
            credit_code: unit.credit_code.as_str().to_owned(),
            legal_representative: unit.legal_representative.masked(),
            state: unit.state,
            reason: unit.reason,
        }
    }
}

/// Whether the account page asks for a new password.
fn password_due(core: &Core, account: &Account, now: Timestamp) -> bool {
    let rules = &core.settings.password;
    let limited = rules.policy == PasswordPolicyKind::Djbh && rules.max_age_days > 0;
    let longest = TimeDelta::days(rules.max_age_days.into());
    account.password_contains_personal || (limited && account.password_set_at + longest <= now)
}

/// Until when nothing of the account can be changed, if that is so now.
pub(super) fn held_until(account: &Account, now: Timestamp) -> Option<Timestamp> {
    account.changes_held_until.filter(|until| *until > now)
}

/// Whether there are questions that can be used.
pub(super) fn questions_state(tx: &mut Tx<'_>, account: AccountId) -> Result<State, DbFault> {
    let enrolled = security_questions::find(tx.conn, account)?;
    Ok(enrolled.map_or(State::None, |enrolled| enrolled.state(tx.core)))
}

/// Shows the account of a session.
pub(super) fn of(tx: &mut Tx<'_>, session: &Session) -> Result<AccountView, Problem> {
    let account = own(tx, session)?;
    let closure = accounts::closure(tx.conn, account.id)?;
    let change = change::open(tx, &account)?;
    let Elements { name, document, bank, card, phone } = &account.elements;
    Ok(AccountView {
        kind: account.kind(),
        name: name.masked(),
        document_type: document.document_type(),
        document_number: document.masked(),
        issuing_country: document.issuing_country().map(str::to_owned),
        gender: account.gender,
        birth_date: format!("{}-**-**", account.birth_date.year()),
        bank_code: bank.code().to_owned(),
        card_number: card.masked(),
        phone: phone.masked(),
        assurance_level: account.assurance_level,
        verified_at: account.verified_at,
        created_at: account.created_at,
        password_set_at: account.password_set_at,
        password_due: password_due(tx.core, &account, tx.now),
        security_questions: QuestionsSummary {
            mode: tx.core.settings.security_questions.mode,
            state: questions_state(tx, account.id)?,
        },
        changes_held_until: held_until(&account, tx.now),
        closes_at: closure.map(|closure| closure.closes_at),
        change_expires_at: change.map(|change| change.expires_at),
        password_fresh_until: Some(session.password_fresh_until(tx.core)).filter(|at| *at > tx.now),
        id: account.id,
        unit: account.unit.map(AccountUnit::from),
        username: account.username,
    })
}
