//! 已授权的系统: which business systems one has let see what, and taking that
//! back.

use serde::Serialize;
use utoipa::ToSchema;

use super::still_signed_in;
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        clients::{self, ClientView, Item},
        core::Ctx,
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
        web::Problem,
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
pub(super) async fn withdraw(ctx: &Ctx, session: Session, client: ClientId) -> Result<(), Problem> {
    ctx.write(move |tx| -> Result<(), Problem> {
        if grants::withdraw(tx.conn, (session.account, client))? {
            let id = client.to_string();
            let subject =
                AuditSubject { detail: Some(&id), ..AuditSubject::account(session.account) };
            tx.audit(AuditKind::ConsentWithdrawn, subject)?;
            let told = (session.account, client, EventKind::ConsentWithdrawn);
            events::emit_to(tx, told.0, told.1, told.2)?;
        }
        still_signed_in(tx.conn, &session, tx.now)?;
        // Whoever begins a grant holds the consent and then the session, so
        // that it is seen here or never comes to be.
        grants::end_of_client(tx.conn, (session.account, client), tx.now)?;
        Ok(())
    })
    .await?;
    Ok(())
}
