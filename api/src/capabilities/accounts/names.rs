//! Whether a document's account has a name, found out with the same work for
//! every document there is, and every one there is not.

use subtle::ConstantTimeEq;

use super::{document_index, store};
use crate::{
    capabilities::core::{Tx, corrupt},
    kernel::ids::AccountId,
    tools::{crypto::Place, db::DbFault, identity::PersonName},
};

/// What a document and a name have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The account of the document's person.
    pub account: Option<AccountId>,
    /// Whether it has the name.
    pub same_name: bool,
}

/// An account that nobody has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Looks for the account of a document, given by its uniqueness key, and whether
/// it has a name. The account is held: it is not erased before the transaction
/// ends.
pub fn has_name(tx: &mut Tx<'_>, key: &str, name: &PersonName) -> Result<Named, DbFault> {
    let index = document_index(tx.core, key);
    store::hold_document(tx.conn, index.as_str())?;
    let owner = store::document_owner(tx.conn, index.as_str())?;
    let row = owner.as_deref().unwrap_or(NOBODY);
    let place = Place { table: "accounts", column: "name_sealed", row };
    // Stands in for the name of nobody, and is made for everybody.
    let own = tx.core.seal(place, name.raw())?;
    let sealed = store::name(tx.conn, row)?.unwrap_or(own);
    let held = tx.core.open(place, &sealed)?;
    let held = PersonName::parse(&held).map_err(|_| corrupt(place))?;
    let same: bool = held.key().as_bytes().ct_eq(name.key().as_bytes()).into();
    let account = owner.as_deref().map(str::parse).transpose().map_err(|_| corrupt(place))?;
    Ok(Named { account, same_name: same && account.is_some() })
}
