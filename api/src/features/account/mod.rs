//! The signed-in person's own account: shown, changed, read about, handed out,
//! closed.
//!
//! Whatever changes something asks last whether its session is still alive
//! ([`still_signed_in`]): of a change of the password and whatever another
//! session does at the same moment, one comes first, and nothing is written
//! for an account that is erased meanwhile.

pub mod change;
mod closing;
mod erase;
mod export;
mod history;
pub mod http;
mod identity_checks;
mod password;
pub mod questions;
mod systems;
mod view;

pub use erase::erase_due;

use crate::{
    capabilities::{
        accounts::{self, Account},
        core::{Stop, Tx},
        limits::{self, Charge, DAY, Rule},
        sessions::{self, Session},
    },
    kernel::Timestamp,
    tools::{
        db::Conn,
        web::{Problem, ProblemCode, overloaded},
    },
};

fn not_signed_in() -> Problem {
    Problem::new(ProblemCode::NotSignedIn)
}

/// The account of a session. It may have been erased a moment ago.
fn own(tx: &mut Tx<'_>, session: &Session) -> Result<Account, Problem> {
    accounts::find(tx, session.account)?.ok_or_else(not_signed_in)
}

/// Refuses what a session wanted that was ended meanwhile.
fn still_signed_in(conn: &mut Conn, session: &Session, now: Timestamp) -> Result<(), Problem> {
    if sessions::hold(conn, session, now)? { Ok(()) } else { Err(not_signed_in()) }
}

/// Counts what an account may do only so often a day, because it costs a
/// message or hashes.
fn charge(tx: &mut Tx<'_>, session: &Session, name: &'static str, most: u32) -> Result<(), Stop> {
    let rule = Rule { name, most, window_seconds: DAY };
    let charge = Charge { rule, subject: session.account.to_string() };
    Ok(limits::charge(tx, &[charge])?)
}
