//! What happened to an account, as its owner reads it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        audit::{self, AuditKind, Event},
        core::Ctx,
    },
    kernel::{
        Timestamp,
        ids::{AccountId, AuditEventId},
    },
    tools::web::{Page, PageQuery, Problem},
};

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryItem {
    #[schema(value_type = String, format = Uuid)]
    id: AuditEventId,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    at: Timestamp,
    kind: AuditKind,
    /// One word more: `browser` or `app` of a sign-in, what was changed, which
    /// session was ended.
    #[schema(required, example = "browser")]
    detail: Option<String>,
    /// Where from, coarsely; `null` for what the operator or the service did.
    #[schema(required, example = "203.0.113.0/24")]
    ip_prefix: Option<String>,
    #[schema(required, example = "Chrome on Windows")]
    device: Option<String>,
}

impl From<Event> for HistoryItem {
    fn from(event: Event) -> Self {
        let Event { id, at, kind, detail, ip_prefix, device } = event;
        Self { id, at, kind, detail, ip_prefix, device }
    }
}

/// The name of the list, for its cursors.
const LIST: &str = "history";

/// Reads a part of the history, the newest first.
pub(super) async fn read(
    ctx: &Ctx,
    account: AccountId,
    query: PageQuery,
) -> Result<Page<HistoryItem>, Problem> {
    let (before, most) = (query.position(LIST)?, query.look_for());
    let events = ctx.read(move |tx| audit::history(tx.conn, account, before, most)).await?;
    Ok(query.page(LIST, events, |event| event.id.to_string()).map(HistoryItem::from))
}
