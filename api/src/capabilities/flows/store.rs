//! The table of flows.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{Answers, Flow, Stage};
use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::{Timestamp, ids::FlowId},
    tools::{
        crypto::Place,
        db::{Conn, DbFault, Repeat, claimed, schema::flows},
    },
};

#[derive(Insertable, Queryable)]
#[diesel(table_name = flows)]
struct Row {
    id: String,
    kind: String,
    stage: String,
    revision: i64,
    answers_sealed: Vec<u8>,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    absolute_expires_at: NaiveDateTime,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "flows", column: "answers_sealed", row }
}

fn row_of<A: Answers>(core: &Core, flow: &Flow<A>) -> Result<Row, DbFault> {
    let id = flow.id.to_string();
    Ok(Row {
        answers_sealed: core.seal_json(place(&id), &flow.answers)?,
        id,
        kind: A::KIND.code().to_owned(),
        stage: flow.stage.code().to_owned(),
        revision: flow.revision,
        created_at: flow.created_at.naive_utc(),
        expires_at: flow.expires_at.naive_utc(),
        absolute_expires_at: flow.absolute_expires_at.naive_utc(),
    })
}

/// Writes a new flow.
pub fn insert<A: Answers>(tx: &mut Tx<'_>, flow: &Flow<A>) -> Result<(), DbFault> {
    diesel::insert_into(flows::table).values(row_of(tx.core, flow)?).repeated().execute(tx.conn)?;
    Ok(())
}

/// Writes a new flow whose id is not its own alone; `false` when there is one
/// with this id.
pub fn claim<A: Answers>(tx: &mut Tx<'_>, flow: &Flow<A>) -> Result<bool, DbFault> {
    let row = row_of(tx.core, flow)?;
    claimed(tx.conn, diesel::insert_into(flows::table).values(row))
}

/// A flow of this kind that has not expired.
pub fn find<A: Answers>(tx: &mut Tx<'_>, id: FlowId) -> Result<Option<Flow<A>>, DbFault> {
    let row: Option<Row> = flows::table
        .find(id.to_string())
        .filter(flows::kind.eq(A::KIND.code()))
        .filter(flows::expires_at.gt(tx.now.naive_utc()))
        .first(tx.conn)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let stage = A::Stage::ALL
        .iter()
        .find(|stage| stage.code() == row.stage)
        .ok_or_else(|| corrupt(Place { column: "stage", ..place(&row.id) }))?;
    Ok(Some(Flow {
        id,
        stage: *stage,
        revision: row.revision,
        answers: tx.core.open_json(place(&row.id), &row.answers_sealed)?,
        created_at: row.created_at.and_utc(),
        expires_at: row.expires_at.and_utc(),
        absolute_expires_at: row.absolute_expires_at.and_utc(),
    }))
}

/// Writes a changed flow over the revision it was read at; `false` when
/// another request was quicker.
pub fn save<A: Answers>(tx: &mut Tx<'_>, flow: &mut Flow<A>) -> Result<bool, DbFault> {
    let seen = flow.revision;
    flow.revision += 1;
    let row = row_of(tx.core, flow)?;
    let unchanged = flows::table.find(&row.id).filter(flows::revision.eq(seen));
    let saved = diesel::update(unchanged)
        .set((
            flows::stage.eq(row.stage),
            flows::revision.eq(row.revision),
            flows::answers_sealed.eq(row.answers_sealed),
            flows::expires_at.eq(row.expires_at),
        ))
        .repeated()
        .execute(tx.conn)?;
    Ok(saved == 1)
}

/// Erases a flow; `false` when it was not there.
pub fn remove(conn: &mut Conn, id: FlowId) -> Result<bool, DbFault> {
    Ok(diesel::delete(flows::table.find(id.to_string())).execute(conn)? == 1)
}

/// Erases a flow that has done what it was for, at the revision it was read at;
/// `false` when another request was quicker.
pub fn complete<A: Answers>(conn: &mut Conn, flow: &Flow<A>) -> Result<bool, DbFault> {
    let read = flows::table.find(flow.id.to_string()).filter(flows::revision.eq(flow.revision));
    Ok(diesel::delete(read).execute(conn)? == 1)
}

/// When the flow with this id began, whatever has become of it.
pub fn begun_at(conn: &mut Conn, id: FlowId) -> Result<Option<Timestamp>, DbFault> {
    let began: Option<NaiveDateTime> =
        flows::table.find(id.to_string()).select(flows::created_at).first(conn).optional()?;
    Ok(began.map(|began| began.and_utc()))
}

/// Erases the flow with this id that began at that moment, and no later one.
pub fn remove_begun_at(conn: &mut Conn, id: FlowId, began: Timestamp) -> Result<(), DbFault> {
    let seen = flows::table.find(id.to_string()).filter(flows::created_at.eq(began.naive_utc()));
    diesel::delete(seen).execute(conn)?;
    Ok(())
}

/// Forgets flows that have expired.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, DbFault> {
    let expired = flows::table.filter(flows::expires_at.le(now.naive_utc()));
    Ok(diesel::delete(expired).execute(conn)?)
}
