//! The tables of accounts, claims and consents.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    db::{
        Conn, DbFault, claimed,
        schema::{accounts, consents, document_claims, username_claims},
    },
    kernel::Timestamp,
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

pub(super) fn replace_password_hash(
    conn: &mut Conn,
    id: &str,
    (old, new): (&str, &str),
) -> Result<(), DbFault> {
    let unchanged = accounts::table.find(id).filter(accounts::password_hash.eq(old));
    diesel::update(unchanged).set(accounts::password_hash.eq(new)).execute(conn)?;
    Ok(())
}

pub(super) fn username_owner(conn: &mut Conn, index: &str) -> Result<Option<String>, DbFault> {
    Ok(username_claims::table
        .find(index)
        .select(username_claims::account_id)
        .first(conn)
        .optional()?)
}

pub(super) fn document_claimed(conn: &mut Conn, index: &str) -> Result<bool, DbFault> {
    let found: i64 = document_claims::table.find(index).count().get_result(conn)?;
    Ok(found > 0)
}

pub(super) fn claim_username(conn: &mut Conn, index: &str, id: &str) -> Result<bool, DbFault> {
    claimed(conn, |conn| {
        diesel::insert_into(username_claims::table)
            .values((username_claims::username_index.eq(index), username_claims::account_id.eq(id)))
            .execute(conn)
    })
}

pub(super) fn claim_document(conn: &mut Conn, index: &str, id: &str) -> Result<bool, DbFault> {
    claimed(conn, |conn| {
        diesel::insert_into(document_claims::table)
            .values((document_claims::document_index.eq(index), document_claims::account_id.eq(id)))
            .execute(conn)
    })
}

pub(super) fn insert_consent(
    conn: &mut Conn,
    id: &str,
    (kind, version): (&str, &str),
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(consents::table)
        .values((
            consents::account_id.eq(id),
            consents::kind.eq(kind),
            consents::version.eq(version),
            consents::given_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}
