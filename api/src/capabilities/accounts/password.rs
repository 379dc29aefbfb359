//! The password of an account.

use super::{Account, store, username_index};
use crate::{
    capabilities::core::{Core, Tx, corrupt},
    kernel::ids::{AccountId, PasswordId},
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
        identity::PersonalData,
    },
};

/// The account with this username and the hash of its password: one query,
/// whether there is such an account or not.
pub fn credentials(
    tx: &mut Tx<'_>,
    username_key: &str,
) -> Result<Option<(AccountId, String)>, DbFault> {
    let index = username_index(tx.core, username_key);
    let Some((id, hash)) = store::credentials(tx.conn, index.as_str())? else { return Ok(None) };
    let place = Place { table: "username_claims", column: "account_id", row: &id };
    let account = id.parse().map_err(|_| corrupt(place))?;
    Ok(Some((account, hash)))
}

/// Keeps the password that was compared with `old`, under the same hash or one
/// made anew at a higher cost; `false` when another password was set meanwhile.
/// Whatever else sets one waits until this transaction is over.
pub fn keep_password(
    conn: &mut Conn,
    account: AccountId,
    (old, new): (&str, &str),
) -> Result<bool, DbFault> {
    store::replace_password_hash(conn, &account.to_string(), (old, new))
}

/// Sets a new password. The old one is kept among the earlier ones, as many
/// as the policy asks for.
pub fn replace_password(tx: &mut Tx<'_>, account: AccountId, hash: &str) -> Result<(), DbFault> {
    let id = account.to_string();
    let keep = earlier_wanted(tx.core);
    if keep > 0 {
        let bad = || corrupt(Place { table: "accounts", column: "password_hash", row: &id });
        let old = store::password_hash(tx.conn, &id)?.ok_or_else(bad)?;
        let entry = PasswordId::new(tx.now, &*tx.core.entropy)?.to_string();
        store::insert_earlier_password(tx.conn, (&entry, &id, &old), tx.now)?;
    }
    store::forget_earlier_passwords(tx.conn, &id, keep)?;
    store::set_password(tx.conn, &id, hash, tx.now)
}

fn earlier_wanted(core: &Core) -> i64 {
    match core.settings.password.policy {
        crate::tools::identity::PasswordPolicyKind::Nist => 0,
        crate::tools::identity::PasswordPolicyKind::Djbh => core.settings.password.history.into(),
    }
}

/// Hashes that a new password must not match: the present one, and as many
/// earlier ones as the policy asks for.
pub fn earlier_passwords(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<String>, DbFault> {
    let id = account.to_string();
    let mut hashes: Vec<String> = store::password_hash(tx.conn, &id)?.into_iter().collect();
    let earlier = earlier_wanted(tx.core);
    if earlier > 0 {
        hashes.extend(store::earlier_passwords(tx.conn, &id, earlier)?);
    }
    Ok(hashes)
}

/// Whether a password contains what is known of the account.
pub fn contains_personal(account: &Account, password: &str) -> bool {
    account.personal_data().is_in(password)
}

/// Notes whether the password that somebody signed in with contains personal
/// data.
pub fn note_personal(conn: &mut Conn, account: &Account, contains: bool) -> Result<(), DbFault> {
    if account.password_contains_personal == contains {
        return Ok(());
    }
    store::note_personal(conn, &account.id.to_string(), contains)
}

impl Account {
    /// What a password, or an answer to a security question, must not contain.
    pub fn personal_data(&self) -> PersonalData<'_> {
        let unit = self.unit.as_ref();
        PersonalData {
            username: &self.username,
            name: Some(self.elements.name.raw()),
            document: Some(self.elements.document.number()),
            phone: Some(self.elements.phone.national()),
            unit_name: unit.map(|unit| unit.name.as_str()),
            credit_code: unit.map(|unit| unit.credit_code.as_str()),
        }
    }
}
