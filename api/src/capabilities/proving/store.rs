//! The table of questions put to the bank.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    capabilities::{
        core::{Tx, corrupt},
        limits,
    },
    kernel::{
        Timestamp,
        ids::{BankCheckId, FlowId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault, Repeat, schema::bank_checks},
    },
};

/// The outcome of a question that has none yet.
const PENDING: &str = "pending";

/// Records that the bank is about to be asked, and what that was charged to.
pub(super) fn check_started(
    conn: &mut Conn,
    (id, flow): (BankCheckId, FlowId),
    (question, charges): (&str, &[String]),
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::insert_into(bank_checks::table)
        .values((
            bank_checks::id.eq(id.to_string()),
            bank_checks::flow_id.eq(flow.to_string()),
            bank_checks::question_hash.eq(question),
            bank_checks::outcome.eq(PENDING),
            bank_checks::started_at.eq(now.naive_utc()),
            bank_checks::charges.eq(Some(charges.join(" "))),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Records that a question without an answer is asked again.
pub(super) fn check_resumed(
    conn: &mut Conn,
    id: BankCheckId,
    charges: &[String],
    now: Timestamp,
) -> Result<(), DbFault> {
    diesel::update(bank_checks::table.find(id.to_string()))
        .set((
            bank_checks::outcome.eq(PENDING),
            bank_checks::started_at.eq(now.naive_utc()),
            bank_checks::finished_at.eq(None::<NaiveDateTime>),
            bank_checks::charges.eq(Some(charges.join(" "))),
        ))
        .repeated()
        .execute(conn)?;
    Ok(())
}

/// Records what the bank said; `false` when the question was taken for
/// abandoned meanwhile, and its charges given back.
pub(super) fn check_finished(
    conn: &mut Conn,
    id: BankCheckId,
    outcome: &str,
    now: Timestamp,
) -> Result<bool, DbFault> {
    let open = bank_checks::table.find(id.to_string()).filter(bank_checks::outcome.eq(PENDING));
    let finished = diesel::update(open)
        .set((
            bank_checks::outcome.eq(outcome),
            bank_checks::finished_at.eq(Some(now.naive_utc())),
            bank_checks::charges.eq(None::<String>),
        ))
        .repeated()
        .execute(conn)?;
    Ok(finished == 1)
}

/// Gives back what a question without an answer was charged to: the process
/// that asked it died, and nobody is to blame.
pub(super) fn abandon(conn: &mut Conn, id: BankCheckId, now: Timestamp) -> Result<(), DbFault> {
    let charges: Option<Option<String>> = bank_checks::table
        .find(id.to_string())
        .select(bank_checks::charges)
        .first(conn)
        .optional()?;
    let keys: Vec<String> =
        charges.flatten().iter().flat_map(|keys| keys.split(' ')).map(str::to_owned).collect();
    if check_finished(conn, id, "abandoned", now)? {
        limits::refund_keys(conn, &keys)?;
    }
    Ok(())
}

/// Gives back what questions are charged to whose process has died; returns
/// how many.
pub fn refund_abandoned(tx: &mut Tx<'_>) -> Result<usize, DbFault> {
    let until = tx.now - super::bank::patience(tx.core);
    let dead: Vec<String> = bank_checks::table
        .filter(bank_checks::outcome.eq(PENDING))
        .filter(bank_checks::started_at.lt(until.naive_utc()))
        .select(bank_checks::id)
        .limit(100)
        .load(tx.conn)?;
    for id in &dead {
        let place = Place { table: "bank_checks", column: "id", row: id };
        abandon(tx.conn, id.parse().map_err(|_| corrupt(place))?, tx.now)?;
    }
    Ok(dead.len())
}

/// Erases what was asked for a flow.
pub fn erase(conn: &mut Conn, flow: FlowId) -> Result<(), DbFault> {
    let own = bank_checks::table.filter(bank_checks::flow_id.eq(flow.to_string()));
    diesel::delete(own).execute(conn)?;
    Ok(())
}

/// Forgets checks from before `until`.
pub fn purge(conn: &mut Conn, until: Timestamp) -> Result<usize, DbFault> {
    let old = bank_checks::table.filter(bank_checks::started_at.lt(until.naive_utc()));
    Ok(diesel::delete(old).execute(conn)?)
}
