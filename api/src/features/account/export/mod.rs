//! Everything held about an account, handed out to its owner in clear (PIPL
//! art. 45). What is held where, and which member of the export tells it,
//! stands in [`crate::tools::db::inventory`]; a test compares the two.

mod systems;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use self::systems::{ExportedCheck, ExportedGrant, ExportedSubject, ExportedSystem};
use super::{
    change::{Change, Part},
    history::HistoryItem,
    own, still_signed_in,
};
use crate::{
    capabilities::{
        accounts::{self, Account, Elements, Kind, Unit, UnitState},
        audit::{self, AuditKind, AuditSubject},
        cases::{self, Case, Topic},
        core::{Ctx, Tx},
        flows,
        security_questions::{self, Enrolled},
        sessions::{self, Session},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, FlowId, SessionId},
    },
    tools::{
        identity::{DocumentType, Gender},
        web::Problem,
    },
};

/// Everything held about an account, in clear. Only secrets are left out: the
/// password and the answers to security questions, which are kept as hashes.
#[derive(Serialize, ToSchema)]
pub struct AccountExport {
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    account: ExportedAccount,
    /// The unit, when it is one; `account` describes its agent.
    #[schema(required)]
    unit: Option<ExportedUnit>,
    /// What was consented to.
    consents: Vec<ExportedConsent>,
    /// Sessions, those included that ended a short while ago.
    sessions: Vec<ExportedSession>,
    /// What happened, the newest first: all that is still kept.
    history: Vec<HistoryItem>,
    /// The questions chosen.
    #[schema(required)]
    security_questions: Option<ExportedQuestions>,
    /// The closing that was asked for.
    #[schema(required)]
    closure: Option<ExportedClosure>,
    /// What was written to the operator while signed in.
    support_cases: Vec<ExportedCase>,
    /// The change that waits for its bank check or code.
    #[schema(required)]
    change: Option<ExportedChange>,
    /// Business systems that were let see something.
    authorized_systems: Vec<ExportedSystem>,
    /// Names by which business systems know the account.
    subjects: Vec<ExportedSubject>,
    /// Sign-ins to business systems, the newest first: all that is still kept.
    grants: Vec<ExportedGrant>,
    /// Business systems that asked whether name and document belong together.
    identity_checks: Vec<ExportedCheck>,
}

/// The account itself.
#[derive(Serialize, ToSchema)]
struct ExportedAccount {
    #[schema(value_type = String, format = Uuid)]
    id: AccountId,
    #[schema(example = "wangxiaoming")]
    username: String,
    kind: Kind,
    #[schema(example = "王小明")]
    name: String,
    document_type: DocumentType,
    #[schema(example = "440305199003070014")]
    document_number: String,
    #[schema(required, example = json!(null))]
    issuing_country: Option<String>,
    gender: Gender,
    #[schema(value_type = String, format = Date)]
    birth_date: NaiveDate,
    #[schema(example = "CCB")]
    bank_code: String,
    #[schema(example = "6217000000000000004")]
    card_number: String,
    #[schema(example = "+8613800138000")]
    phone: String,
    #[schema(example = 3)]
    assurance_level: i32,
    #[schema(value_type = String, format = DateTime)]
    verified_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    password_set_at: Timestamp,
    /// Whether the password was found to contain name, document or phone.
    password_contains_personal: bool,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    changes_held_until: Option<Timestamp>,
}

/// A unit.
#[derive(Serialize, ToSchema)]
struct ExportedUnit {
    #[schema(example = "深圳市测试科技有限公司")]
    name: String,
    #[schema(example = "914403001922038216")]
    credit_code: String,
    #[schema(example = "张三")]
    legal_representative: String,
    state: UnitState,
    #[schema(required, example = json!(null))]
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Consent to a text.
#[derive(Serialize, ToSchema)]
struct ExportedConsent {
    /// `user_agreement`, `privacy_notice` or `bank_check`.
    #[schema(example = "user_agreement")]
    kind: String,
    #[schema(example = "2026-11-01")]
    version: String,
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
}

/// A session.
#[derive(Serialize, ToSchema)]
struct ExportedSession {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    /// `browser` or `app`.
    #[schema(example = "browser")]
    kind: &'static str,
    #[schema(required, example = "Chrome on Windows")]
    device: Option<String>,
    #[schema(example = "203.0.113.0/24")]
    ip_prefix: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    password_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

/// Chosen security questions.
#[derive(Serialize, ToSchema)]
struct ExportedQuestions {
    /// Their ids; see `GET /api/v1/security-questions`.
    #[schema(example = json!(["childhood_toy", "family_dish", "places_lost"]))]
    questions: Vec<String>,
    /// Sets of wrong answers since.
    #[schema(example = 0)]
    wrong_sets: u32,
    #[schema(value_type = String, format = DateTime)]
    set_at: Timestamp,
}

/// A closing that was asked for.
#[derive(Serialize, ToSchema)]
struct ExportedClosure {
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    closes_at: Timestamp,
}

/// What was written to the operator.
#[derive(Serialize, ToSchema)]
struct ExportedCase {
    #[schema(example = "C20261124-7F3K9Q")]
    number: String,
    topic: Topic,
    #[schema(required, example = "王小明")]
    name: Option<String>,
    #[schema(required, example = "440305199003070014")]
    document_number: Option<String>,
    #[schema(example = "wang@example.com")]
    reply_to: String,
    #[schema(example = "银行确认信息无误，但核验仍不匹配。")]
    message: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A change that is not real yet: what the account would hold.
#[derive(Serialize, ToSchema)]
struct ExportedChange {
    changed: Vec<Part>,
    #[schema(example = "王小明")]
    name: String,
    document_type: DocumentType,
    #[schema(example = "440305199003070014")]
    document_number: String,
    #[schema(required, example = json!(null))]
    issuing_country: Option<String>,
    #[schema(example = "CCB")]
    bank_code: String,
    #[schema(example = "6217000000000000004")]
    card_number: String,
    #[schema(example = "+8613800138000")]
    phone: String,
    /// Of another agent.
    #[schema(required)]
    gender: Option<Gender>,
    /// Of another agent.
    #[schema(required, value_type = Option<String>, format = Date)]
    birth_date: Option<NaiveDate>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Hands everything out, and records that.
pub(super) async fn export(ctx: &Ctx, session: Session) -> Result<AccountExport, Problem> {
    session.require_fresh_password(&ctx.core, ctx.now)?;

    ctx.write(move |tx| gather(tx, &session)).await
}

fn gather(tx: &mut Tx<'_>, session: &Session) -> Result<AccountExport, Problem> {
    let account = own(tx, session)?;
    let id = account.id;
    // First, so that the export tells of itself.
    tx.audit(AuditKind::Exported, AuditSubject::account(id))?;
    let consents = accounts::consents(tx.conn, id)?.into_iter();
    let change: Option<Change> = flows::find(tx, FlowId::of_account(id))?;
    let export = AccountExport {
        exported_at: tx.now,
        consents: consents
            .map(|(kind, version, given_at)| ExportedConsent { kind, version, given_at })
            .collect(),
        sessions: sessions::held(tx.conn, id)?.into_iter().map(ExportedSession::from).collect(),
        history: audit::everything(tx.conn, id)?.into_iter().map(HistoryItem::from).collect(),
        security_questions: security_questions::find(tx.conn, id)?.map(ExportedQuestions::from),
        closure: accounts::closure(tx.conn, id)?.map(ExportedClosure::from),
        support_cases: cases::of_account(tx, id)?.iter().map(ExportedCase::from).collect(),
        change: change.as_ref().map(exported_change).transpose()?,
        authorized_systems: systems::systems(tx.conn, id)?,
        subjects: systems::subjects(tx.conn, id)?,
        grants: systems::sign_ins(tx.conn, id)?,
        identity_checks: systems::checks(tx.conn, id)?,
        account: ExportedAccount::from(&account),
        unit: account.unit.map(ExportedUnit::from),
    };
    still_signed_in(tx.conn, session, tx.now)?;
    Ok(export)
}

impl From<&Account> for ExportedAccount {
    fn from(account: &Account) -> Self {
        let Elements { name, document, bank, card, phone } = &account.elements;
        Self {
            id: account.id,
            username: account.username.clone(),
            kind: account.kind(),
            name: name.raw().to_owned(),
            document_type: document.document_type(),
            document_number: document.number().to_owned(),
            issuing_country: document.issuing_country().map(str::to_owned),
            gender: account.gender,
            birth_date: account.birth_date,
            bank_code: bank.code().to_owned(),
            card_number: card.number().to_owned(),
            phone: phone.e164().to_owned(),
            assurance_level: account.assurance_level,
            verified_at: account.verified_at,
            created_at: account.created_at,
            password_set_at: account.password_set_at,
            password_contains_personal: account.password_contains_personal,
            changes_held_until: account.changes_held_until,
        }
    }
}

impl From<Unit> for ExportedUnit {
    fn from(unit: Unit) -> Self {
        Self {
            name: unit.name.as_str().to_owned(),
            credit_code: unit.credit_code.as_str().to_owned(),
            legal_representative: unit.legal_representative.raw().to_owned(),
            state: unit.state,
            reason: unit.reason,
            created_at: unit.created_at,
        }
    }
}

impl From<(Session, Option<Timestamp>)> for ExportedSession {
    fn from((session, ended_at): (Session, Option<Timestamp>)) -> Self {
        Self {
            id: session.id,
            kind: session.kind.code(),
            device: session.device,
            ip_prefix: session.ip_prefix,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            password_at: session.password_at,
            ended_at,
        }
    }
}

impl From<Enrolled> for ExportedQuestions {
    fn from(enrolled: Enrolled) -> Self {
        let Enrolled { questions, wrong_sets, set_at, .. } = enrolled;
        Self { questions: questions.to_vec(), wrong_sets, set_at }
    }
}

impl From<accounts::Closure> for ExportedClosure {
    fn from(closure: accounts::Closure) -> Self {
        let accounts::Closure { requested_at, closes_at } = closure;
        Self { requested_at, closes_at }
    }
}

impl From<&Case> for ExportedCase {
    fn from(case: &Case) -> Self {
        Self {
            number: case.number.as_str().to_owned(),
            topic: case.body.topic,
            name: case.body.name.clone(),
            document_number: case.body.document_number.clone(),
            reply_to: case.body.reply_to.clone(),
            message: case.body.message.clone(),
            created_at: case.created_at,
        }
    }
}

fn exported_change(change: &Change) -> Result<ExportedChange, Problem> {
    let Elements { name, document, bank, card, phone } = change.elements()?;
    let agent = change.answers.agent;
    Ok(ExportedChange {
        changed: change.answers.changed.clone(),
        name: name.raw().to_owned(),
        document_type: document.document_type(),
        document_number: document.number().to_owned(),
        issuing_country: document.issuing_country().map(str::to_owned),
        bank_code: bank.code().to_owned(),
        card_number: card.number().to_owned(),
        phone: phone.e164().to_owned(),
        gender: agent.map(|agent| agent.gender),
        birth_date: agent.map(|agent| agent.birth_date),
        created_at: change.created_at,
        expires_at: change.expires_at,
    })
}
