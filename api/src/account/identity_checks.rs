//! 谁查询过我: which business systems asked whether one's name and document
//! belong together.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    clients::{self, ClientView},
    core::Core,
    db::{Conn, DbFault},
    identity_checks::{self, IdentityCheck},
    kernel::{
        Timestamp,
        ids::{AccountId, IdentityCheckId},
    },
    web::{Problem, ProblemCode},
};

/// Checks of one answer, unless it is said, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 100;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct IdentityChecksQuery {
    /// `next` of the answer before: what was asked before that.
    before: Option<String>,
    /// Checks at most; 50 when left out, 100 at most.
    limit: Option<u32>,
}

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

/// Who has asked, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityChecks {
    items: Vec<IdentityCheckItem>,
    /// For `before` of the next request; `null` at the end.
    #[schema(required, value_type = Option<String>, format = Uuid)]
    next: Option<IdentityCheckId>,
}

/// Reads a part of the list.
pub(super) async fn read(
    core: &Arc<Core>,
    account: AccountId,
    query: IdentityChecksQuery,
) -> Result<IdentityChecks, Problem> {
    let malformed = |_| Problem::new(ProblemCode::MalformedRequest);
    let before = query.before.as_deref().map(str::parse).transpose().map_err(malformed)?;
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    core.db
        .read(move |conn| {
            // One more than is shown tells whether there is more.
            let most = i64::from(limit) + 1;
            let mut found = identity_checks::list(conn, account, before, most)?;
            let more = found.len() > limit as usize;
            found.truncate(limit as usize);
            let next = found.last().filter(|_| more).map(|check| check.id);
            Ok(IdentityChecks { items: items(conn, found)?, next })
        })
        .await
}

fn items(conn: &mut Conn, found: Vec<IdentityCheck>) -> Result<Vec<IdentityCheckItem>, DbFault> {
    let mut items = Vec::new();
    for check in found {
        // Clients are never removed.
        let Some(client) = clients::find(conn, check.client)? else { continue };
        let IdentityCheck { id, purpose, matched, checked_at, .. } = check;
        let client = ClientView::from(&client);
        items.push(IdentityCheckItem { id, checked_at, client, purpose, matched });
    }
    Ok(items)
}
