//! What happened to an account, as its owner reads it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    audit::{self, AuditKind, Event},
    core::Core,
    kernel::{
        Timestamp,
        ids::{AccountId, AuditEventId},
    },
    web::{Problem, ProblemCode},
};

/// Events of one answer, unless it is said, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 100;

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
pub struct HistoryQuery {
    /// `next` of the answer before: what happened before that.
    before: Option<String>,
    /// Events at most; 50 when left out, 100 at most.
    limit: Option<u32>,
}

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

/// What happened, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    items: Vec<HistoryItem>,
    /// For `before` of the next request; `null` at the end.
    #[schema(required, value_type = Option<String>, format = Uuid)]
    next: Option<AuditEventId>,
}

impl From<Event> for HistoryItem {
    fn from(event: Event) -> Self {
        let Event { id, at, kind, detail, ip_prefix, device } = event;
        Self { id, at, kind, detail, ip_prefix, device }
    }
}

/// Reads a part of the history.
pub(super) async fn read(
    core: &Arc<Core>,
    account: AccountId,
    query: HistoryQuery,
) -> Result<History, Problem> {
    let malformed = |_| Problem::new(ProblemCode::MalformedRequest);
    let before = query.before.as_deref().map(str::parse).transpose().map_err(malformed)?;
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    // One more than is shown tells whether there is more.
    let most = i64::from(limit) + 1;
    let mut events = core.db.read(move |conn| audit::history(conn, account, before, most)).await?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    Ok(History {
        next: events.last().filter(|_| more).map(|event| event.id),
        items: events.into_iter().map(HistoryItem::from).collect(),
    })
}
