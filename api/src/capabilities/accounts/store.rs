//! The tables of accounts and of what belongs to them.

use chrono::NaiveDateTime;
use diesel::{dsl::exists, prelude::*};

use super::{Closure, Version};
use crate::{
    kernel::Timestamp,
    tools::db::{
        Conn, DbFault, claimed,
        schema::{
            account_closures, accounts, consents, document_claims, password_history, units,
            username_claims,
        },
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = accounts)]
pub(super) struct Row {
    pub id: String,
    pub username: String,
    pub password_hash: String,
    pub name_sealed: Vec<u8>,
    pub document_type: String,
    pub document_number_sealed: Vec<u8>,
    pub issuing_country: Option<String>,
    pub gender: String,
    pub birth_date_sealed: Vec<u8>,
    pub bank_code: String,
    pub card_number_sealed: Vec<u8>,
    pub phone_sealed: Vec<u8>,
    pub phone_index: String,
    pub assurance_level: i32,
    pub verified_at: NaiveDateTime,
    pub created_at: NaiveDateTime,
    pub kind: String,
    pub password_set_at: NaiveDateTime,
    pub changes_held_until: Option<NaiveDateTime>,
    pub password_contains_personal: bool,
}

/// The part of an account that a bank proves.
#[derive(AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
pub(super) struct ElementsRow {
    pub name_sealed: Vec<u8>,
    pub document_type: String,
    pub document_number_sealed: Vec<u8>,
    pub issuing_country: Option<String>,
    pub bank_code: String,
    pub card_number_sealed: Vec<u8>,
    pub phone_sealed: Vec<u8>,
    pub phone_index: String,
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = units)]
pub(super) struct UnitRow {
    pub account_id: String,
    pub name_sealed: Vec<u8>,
    pub credit_code_sealed: Vec<u8>,
    pub legal_representative_sealed: Vec<u8>,
    pub state: String,
    pub reason_sealed: Option<Vec<u8>>,
    pub created_at: NaiveDateTime,
    pub decided_at: Option<NaiveDateTime>,
}

pub(super) fn insert(conn: &mut Conn, row: &Row) -> Result<(), DbFault> {
    diesel::insert_into(accounts::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn find(conn: &mut Conn, id: &str) -> Result<Option<Row>, DbFault> {
    Ok(accounts::table.find(id).first(conn).optional()?)
}

pub(super) fn password_hash(conn: &mut Conn, id: &str) -> Result<Option<String>, DbFault> {
    Ok(accounts::table.find(id).select(accounts::password_hash).first(conn).optional()?)
}

/// The document of an account, and what it takes to read it.
#[derive(Queryable)]
pub(super) struct DocumentRow {
    pub id: String,
    pub document_type: String,
    pub document_number_sealed: Vec<u8>,
    pub issuing_country: Option<String>,
    pub verified_at: NaiveDateTime,
    pub created_at: NaiveDateTime,
}

pub(super) fn document(conn: &mut Conn, id: &str) -> Result<Option<DocumentRow>, DbFault> {
    let columns = (
        accounts::id,
        accounts::document_type,
        accounts::document_number_sealed,
        accounts::issuing_country,
        accounts::verified_at,
        accounts::created_at,
    );
    Ok(accounts::table.find(id).select(columns).first(conn).optional()?)
}

pub(super) fn credentials(
    conn: &mut Conn,
    username_index: &str,
) -> Result<Option<(String, String)>, DbFault> {
    Ok(username_claims::table
        .inner_join(accounts::table.on(accounts::id.eq(username_claims::account_id)))
        .filter(username_claims::username_index.eq(username_index))
        .select((accounts::id, accounts::password_hash))
        .first(conn)
        .optional()?)
}

pub(super) fn replace_password_hash(
    conn: &mut Conn,
    id: &str,
    (old, new): (&str, &str),
) -> Result<bool, DbFault> {
    let unchanged = accounts::table.find(id).filter(accounts::password_hash.eq(old));
    if old == new && matches!(conn, Conn::Sqlite(_)) {
        // The only writer has nobody to keep waiting, and a row of sealed
        // fields is a long one to write at every sign-in.
        return Ok(diesel::select(exists(unchanged)).get_result(conn)?);
    }
    Ok(diesel::update(unchanged).set(accounts::password_hash.eq(new)).execute(conn)? == 1)
}

pub(super) fn set_password(
    conn: &mut Conn,
    id: &str,
    hash: &str,
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(accounts::table.find(id))
        .set((
            accounts::password_hash.eq(hash),
            accounts::password_set_at.eq(now.naive_utc()),
            accounts::password_contains_personal.eq(false),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn note_personal(conn: &mut Conn, id: &str, contains: bool) -> Result<(), DbFault> {
    diesel::update(accounts::table.find(id))
        .set(accounts::password_contains_personal.eq(contains))
        .execute(conn)?;
    Ok(())
}

pub(super) fn insert_earlier_password(
    conn: &mut Conn,
    (entry, id, hash): (&str, &str, &str),
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(password_history::table)
        .values((
            password_history::id.eq(entry),
            password_history::account_id.eq(id),
            password_history::password_hash.eq(hash),
            password_history::set_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn earlier_passwords(
    conn: &mut Conn,
    id: &str,
    most: i64,
) -> Result<Vec<String>, DbFault> {
    Ok(password_history::table
        .filter(password_history::account_id.eq(id))
        .order(password_history::set_at.desc())
        .limit(most)
        .select(password_history::password_hash)
        .load(conn)?)
}

/// Keeps the newest `keep` only.
pub(super) fn forget_earlier_passwords(
    conn: &mut Conn,
    id: &str,
    keep: i64,
) -> Result<(), DbFault> {
    let old: Vec<String> = password_history::table
        .filter(password_history::account_id.eq(id))
        .order(password_history::set_at.desc())
        .offset(keep)
        .limit(100)
        .select(password_history::id)
        .load(conn)?;
    diesel::delete(password_history::table.filter(password_history::id.eq_any(old)))
        .execute(conn)?;
    Ok(())
}

/// Writes over the elements that were read, as the moment of their check
/// tells.
pub(super) fn replace_elements(
    conn: &mut Conn,
    (id, seen): (&str, Version),
    elements: &ElementsRow,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let unchanged = accounts::table
        .find(id)
        .filter(accounts::verified_at.eq(seen.verified_at.naive_utc()))
        .filter(accounts::password_set_at.eq(seen.password_set_at.naive_utc()));
    let replaced = diesel::update(unchanged)
        .set((elements, accounts::verified_at.eq(now.naive_utc())))
        .execute(conn)?;
    Ok(replaced == 1)
}

pub(super) fn replace_agent(
    conn: &mut Conn,
    id: &str,
    gender: &str,
    birth_date: &[u8],
) -> Result<(), DbFault> {
    diesel::update(accounts::table.find(id))
        .set((accounts::gender.eq(gender), accounts::birth_date_sealed.eq(birth_date)))
        .execute(conn)?;
    Ok(())
}

pub(super) fn hold_changes(conn: &mut Conn, id: &str, until: Timestamp) -> Result<(), DbFault> {
    diesel::update(accounts::table.find(id))
        .set(accounts::changes_held_until.eq(Some(until.naive_utc())))
        .execute(conn)?;
    Ok(())
}

pub(super) fn username_owner(conn: &mut Conn, index: &str) -> Result<Option<String>, DbFault> {
    Ok(username_claims::table
        .find(index)
        .select(username_claims::account_id)
        .first(conn)
        .optional()?)
}

pub(super) fn document_owner(conn: &mut Conn, index: &str) -> Result<Option<String>, DbFault> {
    Ok(document_claims::table
        .find(index)
        .select(document_claims::account_id)
        .first(conn)
        .optional()?)
}

pub(super) fn claim_username(conn: &mut Conn, index: &str, id: &str) -> Result<bool, DbFault> {
    claimed(
        conn,
        diesel::insert_into(username_claims::table).values((
            username_claims::username_index.eq(index),
            username_claims::account_id.eq(id),
        )),
    )
}

pub(super) fn claim_document(conn: &mut Conn, index: &str, id: &str) -> Result<bool, DbFault> {
    claimed(
        conn,
        diesel::insert_into(document_claims::table).values((
            document_claims::document_index.eq(index),
            document_claims::account_id.eq(id),
        )),
    )
}

/// Locks the claim of a document, when there is one.
pub(super) fn hold_document(conn: &mut Conn, index: &str) -> Result<(), DbFault> {
    let claim = document_claims::table.find(index);
    diesel::update(claim)
        .set(document_claims::account_id.eq(document_claims::account_id))
        .execute(conn)?;
    Ok(())
}

/// The sealed name of an account.
pub(super) fn name(conn: &mut Conn, id: &str) -> Result<Option<Vec<u8>>, DbFault> {
    Ok(accounts::table.find(id).select(accounts::name_sealed).first(conn).optional()?)
}

/// Locks a claim; `false` when the account has it no more.
pub(super) fn hold_username(conn: &mut Conn, index: &str, id: &str) -> Result<bool, DbFault> {
    let claim = username_claims::table.find(index).filter(username_claims::account_id.eq(id));
    let held = diesel::update(claim).set(username_claims::account_id.eq(id)).execute(conn)?;
    Ok(held == 1)
}

pub(super) fn release_username(conn: &mut Conn, index: &str, id: &str) -> Result<(), DbFault> {
    let mine = username_claims::table.find(index).filter(username_claims::account_id.eq(id));
    diesel::delete(mine).execute(conn)?;
    Ok(())
}

pub(super) fn release_document(conn: &mut Conn, index: &str, id: &str) -> Result<(), DbFault> {
    let mine = document_claims::table.find(index).filter(document_claims::account_id.eq(id));
    diesel::delete(mine).execute(conn)?;
    Ok(())
}

pub(super) fn insert_consent(
    conn: &mut Conn,
    id: &str,
    (kind, version): (&str, &str),
    at: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(consents::table)
        .values((
            consents::account_id.eq(id),
            consents::kind.eq(kind),
            consents::version.eq(version),
            consents::given_at.eq(at.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn consents(
    conn: &mut Conn,
    id: &str,
) -> Result<Vec<(String, String, Timestamp)>, DbFault> {
    let rows: Vec<(String, String, NaiveDateTime)> = consents::table
        .filter(consents::account_id.eq(id))
        .order(consents::kind)
        .select((consents::kind, consents::version, consents::given_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(kind, version, at)| (kind, version, at.and_utc())).collect())
}

pub(super) fn insert_unit(conn: &mut Conn, row: &UnitRow) -> Result<(), DbFault> {
    diesel::insert_into(units::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn find_unit(conn: &mut Conn, id: &str) -> Result<Option<UnitRow>, DbFault> {
    Ok(units::table.find(id).first(conn).optional()?)
}

pub(super) fn units(conn: &mut Conn, state: Option<&str>) -> Result<Vec<UnitRow>, DbFault> {
    let mut query = units::table.into_boxed();
    if let Some(state) = state {
        query = query.filter(units::state.eq(state.to_owned()));
    }
    Ok(query.order((units::created_at, units::account_id)).load(conn)?)
}

pub(super) fn decide_unit(
    conn: &mut Conn,
    (id, state, reason_sealed): (&str, &str, Option<Vec<u8>>),
    now: Timestamp,
) -> Result<bool, DbFault> {
    let other = units::table.find(id).filter(units::state.ne(state));
    let decided = diesel::update(other)
        .set((
            units::state.eq(state),
            units::reason_sealed.eq(reason_sealed),
            units::decided_at.eq(Some(now.naive_utc())),
        ))
        .execute(conn)?;
    Ok(decided == 1)
}

pub(super) fn insert_closure(conn: &mut Conn, id: &str, closure: Closure) -> Result<bool, DbFault> {
    claimed(
        conn,
        diesel::insert_into(account_closures::table).values((
            account_closures::account_id.eq(id),
            account_closures::requested_at.eq(closure.requested_at.naive_utc()),
            account_closures::closes_at.eq(closure.closes_at.naive_utc()),
        )),
    )
}

pub(super) fn remove_closure(conn: &mut Conn, id: &str) -> Result<bool, DbFault> {
    Ok(diesel::delete(account_closures::table.find(id)).execute(conn)? == 1)
}

/// Takes a closing whose time is over off the table, in one statement.
pub(super) fn take_due_closure(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, DbFault> {
    let due =
        account_closures::table.find(id).filter(account_closures::closes_at.le(now.naive_utc()));
    Ok(diesel::delete(due).execute(conn)? == 1)
}

pub(super) fn closure(conn: &mut Conn, id: &str) -> Result<Option<Closure>, DbFault> {
    let row: Option<(NaiveDateTime, NaiveDateTime)> = account_closures::table
        .find(id)
        .select((account_closures::requested_at, account_closures::closes_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(requested_at, closes_at)| Closure {
        requested_at: requested_at.and_utc(),
        closes_at: closes_at.and_utc(),
    }))
}

pub(super) fn due_closures(
    conn: &mut Conn,
    now: Timestamp,
    most: i64,
) -> Result<Vec<String>, DbFault> {
    Ok(account_closures::table
        .filter(account_closures::closes_at.le(now.naive_utc()))
        .order(account_closures::closes_at)
        .limit(most)
        .select(account_closures::account_id)
        .load(conn)?)
}

/// Erases the rows that carry the account's id; claims are released apart.
pub(super) fn erase(conn: &mut Conn, id: &str) -> Result<(), DbFault> {
    diesel::delete(consents::table.filter(consents::account_id.eq(id))).execute(conn)?;
    diesel::delete(password_history::table.filter(password_history::account_id.eq(id)))
        .execute(conn)?;
    diesel::delete(units::table.find(id)).execute(conn)?;
    diesel::delete(account_closures::table.find(id)).execute(conn)?;
    diesel::delete(accounts::table.find(id)).execute(conn)?;
    Ok(())
}
