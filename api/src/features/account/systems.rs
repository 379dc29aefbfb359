//! 已授权的系统: which business systems one has let see what, and taking that
//! back.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::still_signed_in;
use crate::{
    capabilities::{
        audit::{self, AuditKind, AuditSubject},
        clients::{self, ClientView, Item},
        core::Core,
        events::{self, EventKind},
        grants,
        sessions::Session,
    },
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId},
    },
    tools::{
        db::{Conn, DbFault},
        web::{Problem, RequestMeta},
    },
};

/// A business system that sees something of the account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizedSystem {
    client: ClientView,
    /// What it sees.
    items: Vec<Item>,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    given_at: Timestamp,
    /// When something was added last.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    updated_at: Timestamp,
    /// When one signed in to it last.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// Business systems, the one that was changed last first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizedSystems {
    items: Vec<AuthorizedSystem>,
}

/// Lists the systems that an account has let see something.
pub(super) fn list(conn: &mut Conn, account: AccountId) -> Result<AuthorizedSystems, DbFault> {
    let used = grants::last_used(conn, account)?;
    let mut items = Vec::new();
    for consent in grants::consents_of(conn, account)? {
        let Some(client) = clients::find(conn, consent.client)? else { continue };
        items.push(AuthorizedSystem {
            items: client.items(&consent.scopes),
            given_at: consent.given_at,
            updated_at: consent.updated_at,
            last_used_at: used.get(&client.id).copied(),
            client: ClientView::from(&client),
        });
    }
    Ok(AuthorizedSystems { items })
}

/// Takes a consent back: the system's tokens die.
pub(super) async fn withdraw(
    core: &Arc<Core>,
    meta: &RequestMeta,
    (session, client): (Session, ClientId),
) -> Result<(), Problem> {
    let (own, meta) = (Arc::clone(core), meta.clone());
    core.db
        .write(move |conn| -> Result<(), Problem> {
            if grants::withdraw(conn, (session.account, client))? {
                let id = client.to_string();
                let subject =
                    AuditSubject { detail: Some(&id), ..AuditSubject::account(session.account) };
                audit::record(&own, conn, &meta, (AuditKind::ConsentWithdrawn, subject))?;
                let told = (session.account, client, EventKind::ConsentWithdrawn);
                events::emit_to(&own, conn, told, meta.now)?;
            }
            still_signed_in(conn, &session, meta.now)?;
            // Whoever begins a grant holds the consent and then the session, so
            // that it is seen here or never comes to be.
            grants::end_of_client(conn, (session.account, client), meta.now)?;
            Ok(())
        })
        .await?;
    core.outbox_bell.notify_one();
    Ok(())
}
