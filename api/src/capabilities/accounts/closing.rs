//! Closing an account (注销): asked for, waited out, then everything is erased.

use super::{Account, document_index, store, username_index};
use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::{Timestamp, ids::AccountId},
    tools::{
        crypto::{BlindIndex, Place},
        db::{Conn, DbFault},
        identity::Username,
    },
};

/// A closing that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Closure {
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the account is erased.
    pub closes_at: Timestamp,
}

/// Asks for the account to be closed; what was asked before stands.
pub fn request_closure(
    conn: &mut Conn,
    account: AccountId,
    closure: Closure,
) -> Result<bool, DbFault> {
    store::insert_closure(conn, &account.to_string(), closure)
}

/// Takes it back; `false` when nothing was asked for.
pub fn cancel_closure(conn: &mut Conn, account: AccountId) -> Result<bool, DbFault> {
    store::remove_closure(conn, &account.to_string())
}

/// The closing of an account, if one was asked for.
pub fn closure(conn: &mut Conn, account: AccountId) -> Result<Option<Closure>, DbFault> {
    store::closure(conn, &account.to_string())
}

/// Accounts whose time is over.
pub fn due_closures(conn: &mut Conn, now: Timestamp, most: i64) -> Result<Vec<AccountId>, DbFault> {
    let bad =
        |id: &str| corrupt(Place { table: "account_closures", column: "account_id", row: id });
    let due = store::due_closures(conn, now, most)?;
    due.iter().map(|id| id.parse().map_err(|_| bad(id))).collect()
}

/// Takes a due closing on; `false` when it was taken back, or another node took
/// it on.
pub fn take_due_closure(
    conn: &mut Conn,
    account: AccountId,
    now: Timestamp,
) -> Result<bool, DbFault> {
    store::take_due_closure(conn, &account.to_string(), now)
}

fn own_username(core: &Core, account: &Account) -> Result<BlindIndex, DbFault> {
    let row = account.id.to_string();
    let bad = |_| corrupt(Place { table: "accounts", column: "username", row: &row });
    let username = Username::parse(&account.username).map_err(bad)?;
    Ok(username_index(core, &username.key()))
}

/// Keeps an account from being erased to the end of the transaction; `false`
/// when it was. Nothing else touches the row that is held, so it may be held
/// before any other.
pub fn hold(tx: &mut Tx<'_>, account: &Account) -> Result<bool, DbFault> {
    let index = own_username(tx.core, account)?;
    store::hold_username(tx.conn, index.as_str(), &account.id.to_string())
}

/// Erases an account with its claims, consents and earlier passwords. What
/// other capabilities keep about it is theirs to erase.
pub fn erase(tx: &mut Tx<'_>, account: &Account) -> Result<(), DbFault> {
    let id = account.id.to_string();
    store::release_username(tx.conn, own_username(tx.core, account)?.as_str(), &id)?;
    let key = match &account.unit {
        Some(unit) => unit.credit_code.uniqueness_key(),
        None => account.elements.document.uniqueness_key(),
    };
    store::release_document(tx.conn, document_index(tx.core, &key).as_str(), &id)?;
    store::erase(tx.conn, &id)
}
