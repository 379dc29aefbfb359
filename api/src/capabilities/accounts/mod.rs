//! Accounts: one for each natural person, unique by username and document,
//! and one for each unit, unique by username and credit code.
//!
//! A unit's account describes its agent (经办人) where a person's describes
//! the person; what is the unit's own stands beside it.

mod closing;
mod holder;
mod names;
mod new_password;
mod password;
mod proof;
mod store;
mod units;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        core::{Core, Stop, Tx, corrupt},
        otp::PhoneProved,
    },
    kernel::{Timestamp, ids::AccountId},
    tools::{
        crypto::{BlindIndex, Place, Purpose},
        db::{Conn, DbFault},
        identity::{
            BankCode, CardNumber, CreditCode, DocumentType, Gender, IdDocument, PersonName, Phone,
            UnitName, Username,
        },
    },
};

pub use closing::{
    Closure, cancel_closure, closure, due_closures, erase, hold, request_closure, take_due_closure,
};
pub use holder::{Known, find_held};
pub use names::{Named, has_name};
pub use new_password::{refuse_earlier, try_new_password};
use password::earlier_passwords;
pub use password::{
    contains_personal, credentials, keep_password, note_personal, replace_password,
};
pub use proof::{BankMatched, Elements, Proofs};
pub use units::{NotDecided, Unit, UnitState, decide_unit, list_units};

/// Proved against a bank card: level 3 of four (1 phone, 2 name and number,
/// 3 bank card or face, 4 counter or certificate).
const ASSURANCE_BANK_CARD: i32 = 3;

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserType)]
pub enum Kind {
    /// 个人用户.
    #[default]
    Person,
    /// 单位用户.
    Unit,
}

impl Kind {
    /// The name that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Unit => "unit",
        }
    }
}

/// Everything an account is made of.
#[derive(Debug)]
pub struct NewAccount {
    /// Name to sign in with.
    pub username: Username,
    /// PHC string.
    pub password_hash: Zeroizing<String>,
    /// The unit, when it is one that registers.
    pub unit: Option<NewUnit>,
    /// What the bank has matched; of a unit's agent.
    pub elements: Elements,
    /// Sex.
    pub gender: Gender,
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// What was consented to: kind and version.
    pub consents: Vec<(String, String)>,
    /// When.
    pub consented_at: Timestamp,
}

/// A unit that registers.
#[derive(Debug)]
pub struct NewUnit {
    /// Its name.
    pub name: UnitName,
    /// Its code.
    pub credit_code: CreditCode,
    /// Who stands for it.
    pub legal_representative: PersonName,
}

/// Why no account was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCreated {
    /// Somebody has the username.
    UsernameTaken,
    /// The document has an account.
    DocumentInUse,
    /// The credit code has an account.
    CreditCodeInUse,
}

/// An account, as its owner may see it: personal data in clear, to be masked
/// by whoever shows it.
#[derive(Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Name to sign in with.
    pub username: String,
    /// What the bank has matched; of a unit's agent.
    pub elements: Elements,
    /// Sex.
    pub gender: Gender,
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// The unit, when it is one.
    pub unit: Option<Unit>,
    /// How well the person is proved.
    pub assurance_level: i32,
    /// When.
    pub verified_at: Timestamp,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When the password was set.
    pub password_set_at: Timestamp,
    /// Until when phone and bank cannot be changed.
    pub changes_held_until: Option<Timestamp>,
    /// Whether the password was found to contain name, document or phone.
    pub password_contains_personal: bool,
}

/// Tells whether an account is as it was: whatever is proved anew and whatever
/// password is set makes another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    verified_at: Timestamp,
    password_set_at: Timestamp,
}

impl Account {
    /// What to compare when something is to be done to this very account.
    pub fn version(&self) -> Version {
        Version { verified_at: self.verified_at, password_set_at: self.password_set_at }
    }

    /// Whose account it is.
    pub fn kind(&self) -> Kind {
        if self.unit.is_some() { Kind::Unit } else { Kind::Person }
    }

    /// Whether it is that of a unit with this name.
    pub fn is_unit_named(&self, name: &UnitName) -> bool {
        self.unit.as_ref().is_some_and(|unit| unit.name.key() == name.key())
    }
}

fn username_index(core: &Core, username_key: &str) -> BlindIndex {
    core.keyring.blind(Purpose::Username, username_key)
}

fn document_index(core: &Core, uniqueness_key: &str) -> BlindIndex {
    core.keyring.blind(Purpose::Document, uniqueness_key)
}

/// Whether somebody has the username.
pub fn username_taken(tx: &mut Tx<'_>, name: &Username) -> Result<bool, DbFault> {
    Ok(store::username_owner(tx.conn, username_index(tx.core, &name.key()).as_str())?.is_some())
}

/// Whether the document has an account of a person.
pub fn document_in_use(tx: &mut Tx<'_>, document: &IdDocument) -> Result<bool, DbFault> {
    let index = document_index(tx.core, &document.uniqueness_key());
    Ok(store::document_owner(tx.conn, index.as_str())?.is_some())
}

/// Whether the credit code has an account.
pub fn credit_code_in_use(tx: &mut Tx<'_>, code: &CreditCode) -> Result<bool, DbFault> {
    let index = document_index(tx.core, &code.uniqueness_key());
    Ok(store::document_owner(tx.conn, index.as_str())?.is_some())
}

/// Creates an account, claiming username and document or credit code. The
/// proofs must be about this very person, card and phone.
///
/// To be called inside a savepoint: a refusal may leave one claim behind.
pub fn create(
    tx: &mut Tx<'_>,
    account: &NewAccount,
    proofs: Proofs<'_>,
) -> Result<AccountId, Stop<NotCreated>> {
    // That there is a proof of the captcha is all that it says.
    let Proofs { captcha: _, bank, phone } = proofs;
    check_proofs(tx.core, &account.elements, (bank, phone))?;
    let id = AccountId::new(tx.now, &*tx.core.entropy)?;
    let row = id.to_string();
    let username = username_index(tx.core, &account.username.key());
    if !store::claim_username(tx.conn, username.as_str(), &row)? {
        return Err(Stop::Keep(NotCreated::UsernameTaken));
    }
    let (key, taken) = match &account.unit {
        Some(unit) => (unit.credit_code.uniqueness_key(), NotCreated::CreditCodeInUse),
        None => (account.elements.document.uniqueness_key(), NotCreated::DocumentInUse),
    };
    if !store::claim_document(tx.conn, document_index(tx.core, &key).as_str(), &row)? {
        return Err(Stop::Keep(taken));
    }
    store::insert(tx.conn, &sealed_row(tx.core, account, &row, tx.now)?)?;
    if let Some(unit) = &account.unit {
        units::insert(tx, &row, unit)?;
    }
    for (kind, version) in &account.consents {
        store::insert_consent(tx.conn, &row, (kind, version), account.consented_at)?;
    }
    Ok(id)
}

fn check_proofs(
    core: &Core,
    elements: &Elements,
    (bank_matched, phone_proved): (&BankMatched, &PhoneProved),
) -> Result<(), DbFault> {
    if bank_matched.is_for(core, elements) && phone_proved.is_for(core, &elements.phone) {
        return Ok(());
    }
    let row = "a proof about somebody else";
    Err(corrupt(Place { table: "flows", column: "answers_sealed", row }))
}

/// The four elements, sealed for the row of an account.
fn sealed_elements(
    core: &Core,
    elements: &Elements,
    id: &str,
) -> Result<store::ElementsRow, DbFault> {
    let seal = |column, text: &str| core.seal(Place { table: "accounts", column, row: id }, text);
    let Elements { name, document, bank, card, phone } = elements;
    Ok(store::ElementsRow {
        name_sealed: seal("name_sealed", name.raw())?,
        document_type: document.document_type().code().to_owned(),
        document_number_sealed: seal("document_number_sealed", document.number())?,
        issuing_country: document.issuing_country().map(str::to_owned),
        bank_code: bank.code().to_owned(),
        card_number_sealed: seal("card_number_sealed", card.number())?,
        phone_sealed: seal("phone_sealed", phone.e164())?,
        phone_index: core.keyring.blind(Purpose::Phone, phone.e164()).as_str().to_owned(),
    })
}

fn sealed_birth_date(core: &Core, date: NaiveDate, id: &str) -> Result<Vec<u8>, DbFault> {
    let place = Place { table: "accounts", column: "birth_date_sealed", row: id };
    Ok(core.seal(place, &date.to_string())?)
}

fn sealed_row(
    core: &Core,
    account: &NewAccount,
    id: &str,
    now: Timestamp,
) -> Result<store::Row, DbFault> {
    let elements = sealed_elements(core, &account.elements, id)?;
    let kind = if account.unit.is_some() { Kind::Unit } else { Kind::Person };
    Ok(store::Row {
        id: id.to_owned(),
        username: account.username.as_str().to_owned(),
        password_hash: account.password_hash.to_string(),
        name_sealed: elements.name_sealed,
        document_type: elements.document_type,
        document_number_sealed: elements.document_number_sealed,
        issuing_country: elements.issuing_country,
        gender: account.gender.code().to_owned(),
        birth_date_sealed: sealed_birth_date(core, account.birth_date, id)?,
        bank_code: elements.bank_code,
        card_number_sealed: elements.card_number_sealed,
        phone_sealed: elements.phone_sealed,
        phone_index: elements.phone_index,
        assurance_level: ASSURANCE_BANK_CARD,
        verified_at: now.naive_utc(),
        created_at: now.naive_utc(),
        kind: kind.code().to_owned(),
        password_set_at: now.naive_utc(),
        changes_held_until: None,
        password_contains_personal: false,
    })
}

/// What somebody has proved anew.
#[derive(Debug)]
pub struct Change<'a> {
    /// The four elements, as the bank has matched them.
    pub elements: &'a Elements,
    /// Sex and date of birth, when a unit has another agent.
    pub agent: Option<(Gender, NaiveDate)>,
}

/// Replaces what an account holds by what was proved; `false` when it was
/// changed since it was read: whoever is told of the change would be the wrong
/// one. A person's document stays as it is; to change another one is a fault
/// of the caller.
pub fn change(
    tx: &mut Tx<'_>,
    account: &Account,
    change: &Change<'_>,
    proofs: (&BankMatched, &PhoneProved),
) -> Result<bool, DbFault> {
    check_proofs(tx.core, change.elements, proofs)?;
    let row = account.id.to_string();
    let same_document =
        change.elements.document.uniqueness_key() == account.elements.document.uniqueness_key();
    if account.unit.is_none() && !same_document {
        return Err(corrupt(Place {
            table: "accounts",
            column: "document_number_sealed",
            row: &row,
        }));
    }
    let sealed = sealed_elements(tx.core, change.elements, &row)?;
    if !store::replace_elements(tx.conn, (&row, account.version()), &sealed, tx.now)? {
        return Ok(false);
    }
    if let Some((gender, birth_date)) = change.agent {
        let birth_date = sealed_birth_date(tx.core, birth_date, &row)?;
        store::replace_agent(tx.conn, &row, gender.code(), &birth_date)?;
    }
    Ok(true)
}

/// Keeps phone and bank as they are until `until`.
pub fn hold_changes(conn: &mut Conn, account: AccountId, until: Timestamp) -> Result<(), DbFault> {
    store::hold_changes(conn, &account.to_string(), until)
}

/// The account with this id.
pub fn find(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>, DbFault> {
    match store::find(tx.conn, &id.to_string())? {
        Some(row) => opened(tx, row).map(Some),
        None => Ok(None),
    }
}

/// The account with this username, given by its comparison key.
pub fn find_by_username(tx: &mut Tx<'_>, username_key: &str) -> Result<Option<Account>, DbFault> {
    let owner = store::username_owner(tx.conn, username_index(tx.core, username_key).as_str())?;
    find_owner(tx, owner)
}

/// The account that has claimed this document or credit code, given by its
/// uniqueness key.
pub fn find_by_document(tx: &mut Tx<'_>, uniqueness_key: &str) -> Result<Option<Account>, DbFault> {
    let owner = store::document_owner(tx.conn, document_index(tx.core, uniqueness_key).as_str())?;
    find_owner(tx, owner)
}

fn find_owner(tx: &mut Tx<'_>, owner: Option<String>) -> Result<Option<Account>, DbFault> {
    let Some(id) = owner else { return Ok(None) };
    match store::find(tx.conn, &id)? {
        Some(row) => opened(tx, row).map(Some),
        None => Ok(None),
    }
}

fn opened(tx: &mut Tx<'_>, row: store::Row) -> Result<Account, DbFault> {
    let open = |column, sealed: &[u8]| {
        tx.core.open(Place { table: "accounts", column, row: &row.id }, sealed)
    };
    let bad = |column| corrupt(Place { table: "accounts", column, row: &row.id });
    let kind = DocumentType::from_code(&row.document_type).ok_or_else(|| bad("document_type"))?;
    let number = open("document_number_sealed", &row.document_number_sealed)?;
    // A day on which every number that was ever accepted was valid.
    let latest = row.verified_at.max(row.created_at).date();
    let country = row.issuing_country.as_deref();
    let elements = Elements {
        name: PersonName::parse(&open("name_sealed", &row.name_sealed)?)
            .map_err(|_| bad("name_sealed"))?,
        document: IdDocument::parse(kind, &number, country, latest)
            .map_err(|_| bad("document_number_sealed"))?,
        bank: BankCode::parse(&row.bank_code).map_err(|_| bad("bank_code"))?,
        card: CardNumber::parse(&open("card_number_sealed", &row.card_number_sealed)?)
            .map_err(|_| bad("card_number_sealed"))?,
        phone: Phone::parse(&open("phone_sealed", &row.phone_sealed)?)
            .map_err(|_| bad("phone_sealed"))?,
    };
    let unit = match row.kind.as_str() {
        "unit" => Some(units::get(tx, &row.id)?),
        _ => None,
    };
    Ok(Account {
        id: row.id.parse().map_err(|_| bad("id"))?,
        elements,
        gender: Gender::from_code(&row.gender).ok_or_else(|| bad("gender"))?,
        birth_date: open("birth_date_sealed", &row.birth_date_sealed)?
            .parse()
            .map_err(|_| bad("birth_date_sealed"))?,
        unit,
        assurance_level: row.assurance_level,
        verified_at: row.verified_at.and_utc(),
        created_at: row.created_at.and_utc(),
        password_set_at: row.password_set_at.and_utc(),
        changes_held_until: row.changes_held_until.map(|until| until.and_utc()),
        password_contains_personal: row.password_contains_personal,
        username: row.username,
    })
}

/// What an account has consented to: kind, version and when.
pub fn consents(
    conn: &mut Conn,
    account: AccountId,
) -> Result<Vec<(String, String, Timestamp)>, DbFault> {
    store::consents(conn, &account.to_string())
}
