//! 谁查询过我: which business systems asked whether one's name and document
//! belong together.

use std::collections::{HashMap, hash_map::Entry};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        clients::{self, ClientView},
        core::{Ctx, Tx},
        identity_checks::{self, IdentityCheck},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, IdentityCheckId},
    },
    tools::{
        db::{Conn, DbFault},
        web::{Page, PageQuery, Problem},
    },
};

/// A business system has asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityCheckItem {
    #[schema(value_type = String, format = Uuid)]
    id: IdentityCheckId,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    checked_at: Timestamp,
    client: ClientView,
    /// What for, as the system says.
    #[schema(example = "事业单位公开招聘资格审核")]
    purpose: String,
    /// Whether it had the right name.
    matched: bool,
}

/// The name of the list, for its cursors.
const LIST: &str = "identity-checks";

/// Reads a part of the list, the newest first.
pub(super) async fn read(
    ctx: &Ctx,
    account: AccountId,
    query: PageQuery,
) -> Result<Page<IdentityCheckItem>, Problem> {
    let (before, most) = (query.position(LIST)?, query.look_for());
    let list = move |tx: &mut Tx<'_>| -> Result<_, DbFault> {
        let found = identity_checks::list(tx.conn, account, before, most)?;
        let Page { items, next_cursor, has_more } =
            query.page(LIST, found, |check| check.id.to_string());
        Ok(Page { items: with_askers(tx.conn, items)?, next_cursor, has_more })
    };
    Ok(ctx.read(list).await?)
}

/// Each system is looked up once, however often it has asked.
fn with_askers(
    conn: &mut Conn,
    found: Vec<IdentityCheck>,
) -> Result<Vec<IdentityCheckItem>, DbFault> {
    let mut askers = HashMap::new();
    let mut items = Vec::with_capacity(found.len());
    for IdentityCheck { id, client, purpose, matched, checked_at, .. } in found {
        let client = match askers.entry(client) {
            Entry::Occupied(known) => ClientView::clone(known.get()),
            Entry::Vacant(free) => {
                // Clients are never removed.
                let Some(client) = clients::find(conn, client)? else { continue };
                free.insert(ClientView::from(&client)).clone()
            }
        };
        items.push(IdentityCheckItem { id, checked_at, client, purpose, matched });
    }
    Ok(items)
}
