//! Accounts: one for each natural person, unique by username and document.

mod proof;
mod store;

use chrono::NaiveDate;
use zeroize::Zeroizing;

use crate::{
    core::{Core, corrupt},
    crypto::{BlindIndex, Place, Purpose},
    db::{Conn, DbFault},
    identity::{
        BankCode, CardNumber, DocumentType, Gender, IdDocument, PersonName, Phone, Username,
    },
    kernel::{Timestamp, ids::AccountId},
    otp::PhoneProved,
};

pub use proof::BankMatched;

/// Proved against a bank card: level 3 of four (1 phone, 2 name and number,
/// 3 bank card or face, 4 counter or certificate).
const ASSURANCE_BANK_CARD: i32 = 3;

/// Everything an account is made of.
#[derive(Debug)]
pub struct NewAccount {
    /// Name to sign in with.
    pub username: Username,
    /// PHC string.
    pub password_hash: Zeroizing<String>,
    /// Name.
    pub name: PersonName,
    /// Identity document.
    pub document: IdDocument,
    /// Sex.
    pub gender: Gender,
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// Bank.
    pub bank: BankCode,
    /// Card.
    pub card: CardNumber,
    /// Phone.
    pub phone: Phone,
    /// What was consented to: kind and version.
    pub consents: Vec<(String, String)>,
}

/// Why no account was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCreated {
    /// Somebody has the username.
    UsernameTaken,
    /// The document has an account.
    DocumentInUse,
}

/// An account, as its owner may see it: personal data in clear, to be masked
/// by whoever shows it.
#[derive(Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Name to sign in with.
    pub username: String,
    /// Name.
    pub name: PersonName,
    /// Identity document.
    pub document: IdDocument,
    /// Sex.
    pub gender: Gender,
    /// Bank.
    pub bank: BankCode,
    /// Card.
    pub card: CardNumber,
    /// Phone.
    pub phone: Phone,
    /// Year of birth; the rest is not shown.
    pub birth_year: i32,
    /// How well the person is proved.
    pub assurance_level: i32,
    /// When.
    pub verified_at: Timestamp,
    /// When the account was created.
    pub created_at: Timestamp,
}

fn username_index(core: &Core, username_key: &str) -> BlindIndex {
    core.keyring.blind(Purpose::Username, username_key)
}

fn document_index(core: &Core, document: &IdDocument) -> BlindIndex {
    core.keyring.blind(Purpose::Document, &document.uniqueness_key())
}

/// Whether somebody has the username.
pub fn username_taken(core: &Core, conn: &mut Conn, name: &Username) -> Result<bool, DbFault> {
    Ok(store::username_owner(conn, username_index(core, &name.key()).as_str())?.is_some())
}

/// Whether the document has an account.
pub fn document_in_use(
    core: &Core,
    conn: &mut Conn,
    document: &IdDocument,
) -> Result<bool, DbFault> {
    store::document_claimed(conn, document_index(core, document).as_str())
}

/// The account with this username and the hash of its password.
pub fn credentials(
    core: &Core,
    conn: &mut Conn,
    username_key: &str,
) -> Result<Option<(AccountId, String)>, DbFault> {
    let index = username_index(core, username_key);
    let Some(id) = store::username_owner(conn, index.as_str())? else { return Ok(None) };
    let bad = || corrupt(Place { table: "username_claims", column: "account_id", row: &id });
    let account = id.parse().map_err(|_| bad())?;
    let hash = store::password_hash(conn, &id)?.ok_or_else(bad)?;
    Ok(Some((account, hash)))
}

/// Keeps a password hash that was made anew at a higher cost, unless the
/// password was changed meanwhile.
pub fn rehash(
    conn: &mut Conn,
    account: AccountId,
    (old, new): (&str, &str),
) -> Result<(), DbFault> {
    store::replace_password_hash(conn, &account.to_string(), (old, new))
}

/// Creates an account, claiming username and document. The two proofs must be
/// about this very person, card and phone.
///
/// To be called inside a savepoint: a refusal may leave one claim behind.
pub fn create(
    core: &Core,
    conn: &mut Conn,
    (account, bank_matched, phone_proved): (&NewAccount, &BankMatched, &PhoneProved),
    now: Timestamp,
) -> Result<Result<AccountId, NotCreated>, DbFault> {
    let NewAccount { name, document, bank, card, phone, .. } = account;
    if !bank_matched.is_for(core, (name, document, (*bank, card), phone))
        || !phone_proved.is_for(core, phone)
    {
        let row = "a proof about somebody else";
        return Err(corrupt(Place { table: "registrations", column: "answers_sealed", row }));
    }
    let id = AccountId::new(now, &*core.entropy)?;
    let row = id.to_string();
    let username = username_index(core, &account.username.key());
    if !store::claim_username(conn, username.as_str(), &row)? {
        return Ok(Err(NotCreated::UsernameTaken));
    }
    if !store::claim_document(conn, document_index(core, document).as_str(), &row)? {
        return Ok(Err(NotCreated::DocumentInUse));
    }
    store::insert(conn, &sealed_row(core, account, &row, now)?)?;
    for (kind, version) in &account.consents {
        store::insert_consent(conn, &row, (kind, version), now)?;
    }
    Ok(Ok(id))
}

fn sealed_row(
    core: &Core,
    account: &NewAccount,
    id: &str,
    now: Timestamp,
) -> Result<store::Row, DbFault> {
    let seal = |column, text: &str| core.seal(Place { table: "accounts", column, row: id }, text);
    Ok(store::Row {
        id: id.to_owned(),
        username: account.username.as_str().to_owned(),
        password_hash: account.password_hash.to_string(),
        name_sealed: seal("name_sealed", account.name.raw())?,
        document_type: account.document.document_type().code().to_owned(),
        document_number_sealed: seal("document_number_sealed", account.document.number())?,
        issuing_country: account.document.issuing_country().map(str::to_owned),
        gender: account.gender.code().to_owned(),
        birth_date_sealed: seal("birth_date_sealed", &account.birth_date.to_string())?,
        bank_code: account.bank.code().to_owned(),
        card_number_sealed: seal("card_number_sealed", account.card.number())?,
        phone_sealed: seal("phone_sealed", account.phone.e164())?,
        phone_index: core.keyring.blind(Purpose::Phone, account.phone.e164()).as_str().to_owned(),
        assurance_level: ASSURANCE_BANK_CARD,
        verified_at: now.naive_utc(),
        created_at: now.naive_utc(),
    })
}

/// The account with this id.
pub fn find(core: &Core, conn: &mut Conn, id: AccountId) -> Result<Option<Account>, DbFault> {
    let Some(row) = store::find(conn, &id.to_string())? else { return Ok(None) };
    let open = |column, sealed: &[u8]| {
        core.open(Place { table: "accounts", column, row: &row.id }, sealed)
    };
    let bad = |column| corrupt(Place { table: "accounts", column, row: &row.id });
    let kind = DocumentType::from_code(&row.document_type).ok_or_else(|| bad("document_type"))?;
    let number = open("document_number_sealed", &row.document_number_sealed)?;
    let born: NaiveDate = open("birth_date_sealed", &row.birth_date_sealed)?
        .parse()
        .map_err(|_| bad("birth_date_sealed"))?;
    Ok(Some(Account {
        id,
        username: row.username.clone(),
        name: PersonName::parse(&open("name_sealed", &row.name_sealed)?)
            .map_err(|_| bad("name_sealed"))?,
        document: IdDocument::parse(
            kind,
            &number,
            row.issuing_country.as_deref(),
            row.created_at.date(),
        )
        .map_err(|_| bad("document_number_sealed"))?,
        gender: Gender::from_code(&row.gender).ok_or_else(|| bad("gender"))?,
        bank: BankCode::parse(&row.bank_code).map_err(|_| bad("bank_code"))?,
        card: CardNumber::parse(&open("card_number_sealed", &row.card_number_sealed)?)
            .map_err(|_| bad("card_number_sealed"))?,
        phone: Phone::parse(&open("phone_sealed", &row.phone_sealed)?)
            .map_err(|_| bad("phone_sealed"))?,
        birth_year: chrono::Datelike::year(&born),
        assurance_level: row.assurance_level,
        verified_at: row.verified_at.and_utc(),
        created_at: row.created_at.and_utc(),
    }))
}
