//! Names by which sectors of clients know accounts (OpenID Connect Core §8).

use super::store;
use crate::{
    capabilities::{
        clients::Client,
        core::{Tx, corrupt},
    },
    kernel::ids::AccountId,
    tools::{
        crypto::{Place, Purpose},
        db::{Conn, DbFault},
    },
};

/// The name by which a client knows an account; kept, so that it can be looked
/// up, from the first time on. Two sectors cannot tell that their names are of
/// one person.
pub fn subject_of(tx: &mut Tx<'_>, client: &Client, account: AccountId) -> Result<String, DbFault> {
    let (sector, account) = (client.sector(), account.to_string());
    let subject = tx.core.keyring.blind_parts(Purpose::Subject, &[&sector, &account]);
    store::claim_subject(tx.conn, subject.as_str(), (&account, &sector))?;
    Ok(subject.as_str().to_owned())
}

/// Whether a text can be a name at all. `PostgreSQL` takes no text with a NUL,
/// which what a client sends may hold.
fn is_name(subject: &str) -> bool {
    subject.len() == 64 && subject.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The account that a client knows by this name.
pub fn account_of(
    conn: &mut Conn,
    client: &Client,
    subject: &str,
) -> Result<Option<AccountId>, DbFault> {
    if !is_name(subject) {
        return Ok(None);
    }
    let Some((account, sector)) = store::find_subject(conn, subject)? else { return Ok(None) };
    if sector != client.sector() {
        return Ok(None);
    }
    let bad = || corrupt(Place { table: "subjects", column: "account_id", row: subject });
    account.parse().map(Some).map_err(|_| bad())
}

/// Every name by which an account is known: subject and sector.
pub fn subjects_of(conn: &mut Conn, account: AccountId) -> Result<Vec<(String, String)>, DbFault> {
    store::subjects_of(conn, &account.to_string())
}
