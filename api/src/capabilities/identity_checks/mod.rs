//! Who asked whether a name and a document belong together (「谁查询过我」), for
//! the person to read.

mod store;

use crate::{
    capabilities::core::corrupt,
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId, IdentityCheckId},
    },
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
    },
};

pub use store::{erase, purge};

/// One answer to whether a name and a document belong together.
#[derive(Debug, Clone)]
pub struct IdentityCheck {
    /// Its id.
    pub id: IdentityCheckId,
    /// Whose document it was, when it has an account.
    pub account: Option<AccountId>,
    /// Who asked.
    pub client: ClientId,
    /// What for, as they say.
    pub purpose: String,
    /// The answer.
    pub matched: bool,
    /// When.
    pub checked_at: Timestamp,
}

/// Keeps an answer.
pub fn record(conn: &mut Conn, check: &IdentityCheck) -> Result<(), DbFault> {
    store::insert(conn, check)
}

/// Up to `most` checks of an account from before `before`, the newest first.
pub fn list(
    conn: &mut Conn,
    account: AccountId,
    before: Option<IdentityCheckId>,
    most: i64,
) -> Result<Vec<IdentityCheck>, DbFault> {
    let before = before.map(|id| id.to_string());
    let rows = store::list(conn, &account.to_string(), before.as_deref(), most)?;
    rows.into_iter().map(store::Row::check).collect()
}

/// Every check of an account, the newest first.
pub fn everything(conn: &mut Conn, account: AccountId) -> Result<Vec<IdentityCheck>, DbFault> {
    list(conn, account, None, i64::MAX)
}

impl store::Row {
    fn check(self) -> Result<IdentityCheck, DbFault> {
        let bad = |column| corrupt(Place { table: "identity_checks", column, row: &self.id });
        let account = self.account_id.as_deref().map(str::parse).transpose();
        Ok(IdentityCheck {
            id: self.id.parse().map_err(|_| bad("id"))?,
            account: account.map_err(|_| bad("account_id"))?,
            client: self.client_id.parse().map_err(|_| bad("client_id"))?,
            purpose: self.purpose,
            matched: self.matched,
            checked_at: self.checked_at.and_utc(),
        })
    }
}
