//! Whether what somebody knows of an account and his document go together.

use super::{Account, document_index, find, store, username_index};
use crate::{
    capabilities::core::{Tx, corrupt},
    tools::{
        crypto::Place,
        db::DbFault,
        identity::{DocumentType, IdDocument},
    },
};

/// What is known of an account, by its comparison key.
#[derive(Debug, Clone, Copy)]
pub enum Known<'a> {
    /// Its username.
    Username(&'a str),
    /// The document or credit code that it has claimed.
    Claimed(&'a str),
}

/// The account that is known, if its person or its unit's agent has this
/// document.
///
/// Whoever asks has proved the document, but may be a stranger to the account,
/// and must not learn from the time it takes that there is one: the same two
/// short queries in any case, and only the document is opened. The rest is read
/// once it is his.
pub fn find_held(
    tx: &mut Tx<'_>,
    known: Known<'_>,
    document: &IdDocument,
) -> Result<Option<Account>, DbFault> {
    let owner = match known {
        Known::Username(key) => {
            store::username_owner(tx.conn, username_index(tx.core, key).as_str())?
        }
        Known::Claimed(key) => {
            store::document_owner(tx.conn, document_index(tx.core, key).as_str())?
        }
    };
    let row = store::document(tx.conn, &owner.unwrap_or_default())?;
    let Some(row) = row else { return Ok(None) };
    let place = |column| Place { table: "accounts", column, row: &row.id };
    let kind = DocumentType::from_code(&row.document_type)
        .ok_or_else(|| corrupt(place("document_type")))?;
    let sealed = place("document_number_sealed");
    let number = tx.core.open(sealed, &row.document_number_sealed)?;
    let latest = row.verified_at.max(row.created_at).date();
    let held = IdDocument::parse(kind, &number, row.issuing_country.as_deref(), latest)
        .map_err(|_| corrupt(sealed))?;
    if held.uniqueness_key() != document.uniqueness_key() {
        return Ok(None);
    }
    find(tx, row.id.parse().map_err(|_| corrupt(place("id")))?)
}
