//! What has happened to a client's users since it last looked.

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        core::Ctx,
        events::{self, Event, EventKind},
    },
    kernel::{
        Timestamp,
        ids::{ClientId, EventId},
    },
    tools::web::{PageQuery, Problem, ProblemCode, cursor},
};

/// The list's name in cursors.
const LIST: &str = "changes";

/// Something that happened to a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// The same as `webhook-id` of the message that tells of it.
    #[schema(value_type = String, format = Uuid)]
    id: EventId,
    kind: EventKind,
    /// The user.
    #[schema(example = "5c0e1f…")]
    sub: String,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    happened_at: Timestamp,
}

/// What has happened, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    items: Vec<Change>,
    /// For `cursor` of the next request, now or later: there is always one.
    #[schema(example = "Y2hhbmdlczowMTkzNWUwYy03ZjRlLTdjNWEtOGE1My0wMjQyYWMxMjAwMDI")]
    next_cursor: String,
    /// Whether there is more now.
    has_more: bool,
}

impl From<Event> for Change {
    fn from(event: Event) -> Self {
        let Event { id, kind, subject, happened_at } = event;
        Self { id, kind, sub: subject, happened_at }
    }
}

/// Reads on from a cursor.
pub(super) async fn read(
    ctx: &Ctx,
    client: ClientId,
    query: PageQuery,
) -> Result<Changes, Problem> {
    let after: Option<EventId> = query.position(LIST)?;
    let kept = TimeDelta::days(ctx.core.settings.retention.event_days.into());
    if after.is_some_and(|after| after < EventId::earliest(ctx.now - kept)) {
        // What came after it may be forgotten: the client must look anew.
        return Err(Problem::new(ProblemCode::CursorInvalid));
    }
    let most = query.look_for();
    let found = ctx.read(move |tx| events::changes(tx.conn, (client, after), most, tx.now)).await?;
    let page = query.page(LIST, found, |(id, _)| id.to_string());
    // At the end, it goes on from where the list ends now, so that the cursor
    // of a client without changes does not grow old.
    let end = || {
        let horizon = events::horizon(ctx.now);
        cursor(LIST, &after.map_or(horizon, |after| after.max(horizon)).to_string())
    };
    Ok(Changes {
        next_cursor: page.next_cursor.unwrap_or_else(end),
        has_more: page.has_more,
        items: page.items.into_iter().filter_map(|(_, event)| event).map(Change::from).collect(),
    })
}
