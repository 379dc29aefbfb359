//! The table of drafts, and of questions put to the bank.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::draft::{Draft, Stage};
use crate::{
    core::{Core, corrupt},
    crypto::Place,
    db::{
        Conn, DbFault,
        schema::{bank_checks, registrations},
    },
    kernel::{
        Timestamp,
        ids::{BankCheckId, RegistrationId},
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = registrations)]
struct Row {
    id: String,
    stage: String,
    revision: i64,
    answers_sealed: Vec<u8>,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    absolute_expires_at: NaiveDateTime,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "registrations", column: "answers_sealed", row }
}

fn row_of(core: &Core, draft: &Draft) -> Result<Row, DbFault> {
    let id = draft.id.to_string();
    Ok(Row {
        answers_sealed: core.seal_json(place(&id), &draft.answers)?,
        id,
        stage: draft.stage.code().to_owned(),
        revision: draft.revision,
        created_at: draft.created_at.naive_utc(),
        expires_at: draft.expires_at.naive_utc(),
        absolute_expires_at: draft.absolute_expires_at.naive_utc(),
    })
}

pub(super) fn insert(core: &Core, conn: &mut Conn, draft: &Draft) -> Result<(), DbFault> {
    let row = row_of(core, draft)?;
    diesel::insert_into(registrations::table).values(row).execute(conn)?;
    Ok(())
}

/// A draft that has not expired.
pub(super) fn find(
    core: &Core,
    conn: &mut Conn,
    id: RegistrationId,
    now: Timestamp,
) -> Result<Option<Draft>, DbFault> {
    let row: Option<Row> = registrations::table
        .find(id.to_string())
        .filter(registrations::expires_at.gt(now.naive_utc()))
        .first(conn)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let stage = Stage::from_code(&row.stage)
        .ok_or_else(|| corrupt(Place { column: "stage", ..place(&row.id) }))?;
    Ok(Some(Draft {
        id,
        stage,
        revision: row.revision,
        answers: core.open_json(place(&row.id), &row.answers_sealed)?,
        created_at: row.created_at.and_utc(),
        expires_at: row.expires_at.and_utc(),
        absolute_expires_at: row.absolute_expires_at.and_utc(),
    }))
}

/// Writes a changed draft over the revision it was read at; `false` when
/// another request was quicker.
pub(super) fn save(core: &Core, conn: &mut Conn, draft: &mut Draft) -> Result<bool, DbFault> {
    let seen = draft.revision;
    draft.revision += 1;
    let row = row_of(core, draft)?;
    let unchanged = registrations::table.find(&row.id).filter(registrations::revision.eq(seen));
    let saved = diesel::update(unchanged)
        .set((
            registrations::stage.eq(row.stage),
            registrations::revision.eq(row.revision),
            registrations::answers_sealed.eq(row.answers_sealed),
            registrations::expires_at.eq(row.expires_at),
        ))
        .execute(conn)?;
    Ok(saved == 1)
}

pub(super) fn remove(conn: &mut Conn, id: RegistrationId) -> Result<bool, DbFault> {
    Ok(diesel::delete(registrations::table.find(id.to_string())).execute(conn)? == 1)
}

/// Records that the bank is about to be asked.
pub(super) fn check_started(
    conn: &mut Conn,
    (id, flow): (BankCheckId, RegistrationId),
    question: &str,
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(bank_checks::table)
        .values((
            bank_checks::id.eq(id.to_string()),
            bank_checks::flow_id.eq(flow.to_string()),
            bank_checks::question_hash.eq(question),
            bank_checks::outcome.eq("pending"),
            bank_checks::started_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Records what the bank said.
pub(super) fn check_finished(
    conn: &mut Conn,
    id: BankCheckId,
    outcome: &str,
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(bank_checks::table.find(id.to_string()))
        .set((bank_checks::outcome.eq(outcome), bank_checks::finished_at.eq(Some(now.naive_utc()))))
        .execute(conn)?;
    Ok(())
}

/// Forgets drafts that have expired, and checks from before `until`.
pub fn purge(conn: &mut Conn, now: Timestamp, until: Timestamp) -> Result<usize, DbFault> {
    let checks =
        diesel::delete(bank_checks::table.filter(bank_checks::started_at.lt(until.naive_utc())))
            .execute(conn)?;
    let expired = registrations::table.filter(registrations::expires_at.le(now.naive_utc()));
    Ok(checks + diesel::delete(expired).execute(conn)?)
}
