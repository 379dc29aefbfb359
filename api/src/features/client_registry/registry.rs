//! What is done with clients, in one transaction with its audit event.

use chrono::TimeDelta;

use super::dto::{NewClientView, NewSecretView, RegisteredClient};
use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        clients::{self, Client, ClientState, Metadata, NumberGrant, Scope},
        core::{Ctx, Origin, Tx},
        events::{self, EventKind},
        grants,
    },
    kernel::{Timestamp, ids::ClientId},
    tools::{
        db::{Conn, DbFault},
        web::{FieldErrors, Problem, ProblemCode},
    },
};

/// Seconds that secrets hold on when another one follows, unless it is said.
pub const OVERLAP_SECONDS: u32 = 86_400;
/// At most.
const LONGEST_OVERLAP: u32 = 30 * 86_400;

/// Whether clients that register clients may be made here: only the operator at
/// the machine may, so that a stolen token makes no others like itself.
fn may_grant_everything(origin: &Origin) -> bool {
    matches!(origin, Origin::Operator)
}

fn record(tx: &mut Tx<'_>, kind: AuditKind, client: ClientId) -> Result<(), DbFault> {
    let id = client.to_string();
    let subject = AuditSubject { detail: Some(&id), ..AuditSubject::default() };
    tx.audit(kind, subject)
}

fn unknown() -> Problem {
    Problem::new(ProblemCode::ClientNotFound)
}

fn find(conn: &mut Conn, id: ClientId) -> Result<Client, Problem> {
    clients::find(conn, id)?.ok_or_else(unknown)
}

/// A client that may be changed from here. What itself registers clients is changed at
/// the machine only: with its own token somebody could give it a secret or a
/// key that outlives the token.
fn find_to_change(tx: &mut Tx<'_>, id: ClientId) -> Result<Client, Problem> {
    let client = find(tx.conn, id)?;
    if client.metadata.scopes().has(Scope::ClientsManage) && !may_grant_everything(tx.origin) {
        return Err(Problem::field("/scope", "operator_only"));
    }
    Ok(client)
}

/// Whether people would show more than they have consented to: what they read
/// then said that the number is masked.
fn shows_more(held: &Metadata, next: &Metadata) -> bool {
    (held.document_number, next.document_number) == (NumberGrant::Masked, NumberGrant::Full)
}

/// Takes every consent to a client back, so that people are asked anew; returns
/// how many.
fn ask_anew(tx: &mut Tx<'_>, client: ClientId) -> Result<usize, DbFault> {
    let withdrawn = grants::end_of_everybody(tx, client)?;
    let id = client.to_string();
    for account in &withdrawn {
        // Where the operator's tool is, is nothing for the person's history.
        let subject = AuditSubject { detail: Some(&id), ..AuditSubject::account(*account) };
        tx.as_origin(&Origin::Operator).audit(AuditKind::ConsentWithdrawn, subject)?;
        events::emit_to(tx, *account, client, EventKind::ConsentWithdrawn)?;
    }
    Ok(withdrawn.len())
}

fn view(conn: &mut Conn, client: Client, now: Timestamp) -> Result<RegisteredClient, DbFault> {
    let secrets = clients::secrets(conn, client.id, now)?;
    Ok(RegisteredClient::of(client, secrets))
}

/// Metadata that may be registered from here; `held` is what the client has.
fn checked(tx: &Tx<'_>, metadata: Metadata, held: Option<&Client>) -> Result<Metadata, Problem> {
    let mut errors: FieldErrors = metadata.check(&tx.core.settings);
    let manages = |metadata: &Metadata| metadata.scopes().has(Scope::ClientsManage);
    let new = manages(&metadata) && !held.is_some_and(|held| manages(&held.metadata));
    if new && !may_grant_everything(tx.origin) {
        errors.add("/scope", "scope_not_grantable");
    }
    if let Some(held) = held {
        let next = Client { metadata: metadata.clone(), ..held.clone() };
        // Its users would all have other names.
        if next.sector() != held.sector() {
            errors.add("/sector_identifier", "sector_changed");
        }
    }
    errors.finish(Some(metadata))
}

/// Registers a client.
pub fn create(tx: &mut Tx<'_>, metadata: Metadata) -> Result<NewClientView, Problem> {
    let metadata = checked(tx, metadata, None)?;
    let client = clients::create(tx, metadata)?;
    let secret = if client.metadata.has_secret() {
        Some(clients::add_secret(tx, client.id, TimeDelta::zero())?.1)
    } else {
        None
    };
    record(tx, AuditKind::ClientCreated, client.id)?;
    Ok(NewClientView::new(view(tx.conn, client, tx.now)?, secret))
}

/// A client.
pub async fn show(ctx: &Ctx, id: ClientId) -> Result<RegisteredClient, Problem> {
    ctx.read(move |tx| {
        let client = find(tx.conn, id)?;
        Ok(view(tx.conn, client, tx.now)?)
    })
    .await
}

/// Up to `most` clients registered after `after`, the oldest first.
pub async fn list(
    ctx: &Ctx,
    after: Option<ClientId>,
    most: i64,
) -> Result<Vec<RegisteredClient>, Problem> {
    ctx.read(move |tx| {
        let found = clients::list(tx.conn, after, most)?;
        let Some(last) = found.last() else { return Ok(Vec::new()) };
        let mut secrets = clients::secrets_between(tx.conn, (after, last.id), tx.now)?;
        let shown = |client: Client| {
            let secrets = secrets.remove(&client.id).unwrap_or_default();
            RegisteredClient::of(client, secrets)
        };
        Ok(found.into_iter().map(shown).collect())
    })
    .await
}

/// Every client, the oldest first.
pub async fn show_all(ctx: &Ctx) -> Result<Vec<RegisteredClient>, Problem> {
    list(ctx, None, i64::MAX).await
}

/// Replaces what is known of a client; returns also how many people are asked
/// for their consent anew.
pub async fn change(
    ctx: &Ctx,
    id: ClientId,
    metadata: Metadata,
) -> Result<(RegisteredClient, usize), Problem> {
    ctx.write(move |tx| -> Result<_, Problem> {
        let held = find_to_change(tx, id)?;
        let metadata = checked(tx, metadata, Some(&held))?;
        let mut asked = 0;
        if metadata != held.metadata {
            clients::set_metadata(tx.conn, (id, &metadata), tx.now)?;
            record(tx, AuditKind::ClientChanged, id)?;
            if shows_more(&held.metadata, &metadata) {
                asked = ask_anew(tx, id)?;
            }
        }
        let client = find(tx.conn, id)?;
        Ok((view(tx.conn, client, tx.now)?, asked))
    })
    .await
}

/// Gives a client another secret; those it has hold for `overlap` seconds.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    id: ClientId,
    overlap: u32,
) -> Result<NewSecretView, Problem> {
    if overlap > LONGEST_OVERLAP {
        return Err(Problem::field("/overlap_seconds", "out_of_range"));
    }
    let client = find_to_change(tx, id)?;
    if !client.metadata.has_secret() {
        return Err(Problem::field("/token_endpoint_auth_method", "has_no_secret"));
    }
    let overlap = TimeDelta::seconds(overlap.into());
    let (_, clear) = clients::add_secret(tx, id, overlap)?;
    record(tx, AuditKind::ClientSecretRotated, id)?;
    Ok(NewSecretView::new(clear, tx.now + overlap))
}

/// Lets a client do anything or nothing.
pub async fn set_state(
    ctx: &Ctx,
    id: ClientId,
    state: ClientState,
) -> Result<RegisteredClient, Problem> {
    ctx.write(move |tx| {
        find_to_change(tx, id)?;
        if clients::set_state(tx.conn, (id, state), tx.now)? {
            record(tx, AuditKind::ClientStateChanged, id)?;
        }
        let client = find(tx.conn, id)?;
        Ok(view(tx.conn, client, tx.now)?)
    })
    .await
}
