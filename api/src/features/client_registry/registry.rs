//! What is done with clients, in one transaction with its audit event.

use std::sync::Arc;

use chrono::TimeDelta;

use super::dto::{NewClientView, NewSecretView, RegisteredClient};
use crate::{
    capabilities::{
        audit::{self, AuditKind, AuditSubject, Origin},
        clients::{self, Client, ClientState, Metadata, NumberGrant, Scope},
        core::Core,
        events::{self, EventKind},
        grants,
    },
    kernel::{Timestamp, ids::ClientId},
    tools::{
        db::{Conn, DbFault},
        web::{FieldErrors, Problem, ProblemCode, RequestMeta},
    },
};

/// Seconds that secrets hold on when another one follows, unless it is said.
pub const OVERLAP_SECONDS: u32 = 86_400;
/// At most.
const LONGEST_OVERLAP: u32 = 30 * 86_400;

/// Who does something with clients.
#[derive(Debug, Clone)]
pub enum By {
    /// The operator, at the command line, at this moment.
    Operator(Timestamp),
    /// A tool of the operator's, with a token.
    Tool(RequestMeta),
}

impl By {
    fn now(&self) -> Timestamp {
        match self {
            Self::Operator(now) => *now,
            Self::Tool(meta) => meta.now,
        }
    }

    fn origin(&self) -> Origin<'_> {
        match self {
            Self::Operator(now) => Origin::operator(*now),
            Self::Tool(meta) => meta.into(),
        }
    }

    /// Whether it may let a client register clients: only whoever is at the
    /// machine, so that a stolen token makes no others like itself.
    fn grants_everything(&self) -> bool {
        matches!(self, Self::Operator(_))
    }
}

fn record(
    core: &Core,
    conn: &mut Conn,
    by: &By,
    (kind, client): (AuditKind, ClientId),
) -> Result<(), DbFault> {
    let id = client.to_string();
    let subject = AuditSubject { detail: Some(&id), ..AuditSubject::default() };
    audit::record(core, conn, by.origin(), (kind, subject))
}

fn unknown() -> Problem {
    Problem::new(ProblemCode::ClientNotFound)
}

fn find(conn: &mut Conn, id: ClientId) -> Result<Client, Problem> {
    clients::find(conn, id)?.ok_or_else(unknown)
}

/// A client that `by` may change. What itself registers clients is changed at
/// the machine only: with its own token somebody could give it a secret or a
/// key that outlives the token.
fn find_to_change(conn: &mut Conn, by: &By, id: ClientId) -> Result<Client, Problem> {
    let client = find(conn, id)?;
    if client.metadata.scopes().has(Scope::ClientsManage) && !by.grants_everything() {
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
fn ask_anew(
    core: &Core,
    conn: &mut Conn,
    client: ClientId,
    now: Timestamp,
) -> Result<usize, DbFault> {
    let withdrawn = grants::end_of_everybody(core, conn, client, now)?;
    let id = client.to_string();
    for account in &withdrawn {
        // Where the operator's tool is, is nothing for the person's history.
        let subject = AuditSubject { detail: Some(&id), ..AuditSubject::account(*account) };
        let entry = (AuditKind::ConsentWithdrawn, subject);
        audit::record(core, conn, Origin::operator(now), entry)?;
        events::emit_to(core, conn, (*account, client, EventKind::ConsentWithdrawn), now)?;
    }
    Ok(withdrawn.len())
}

fn view(conn: &mut Conn, client: Client, now: Timestamp) -> Result<RegisteredClient, DbFault> {
    let secrets = clients::secrets(conn, client.id, now)?;
    Ok(RegisteredClient::of(client, secrets))
}

/// Metadata that may be registered by `by`; `held` is what the client has.
fn checked(
    core: &Core,
    by: &By,
    (metadata, held): (Metadata, Option<&Client>),
) -> Result<Metadata, Problem> {
    let mut errors: FieldErrors = metadata.check(&core.settings);
    let manages = |metadata: &Metadata| metadata.scopes().has(Scope::ClientsManage);
    let new = manages(&metadata) && !held.is_some_and(|held| manages(&held.metadata));
    if new && !by.grants_everything() {
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
pub fn create(
    core: &Core,
    conn: &mut Conn,
    by: &By,
    metadata: Metadata,
) -> Result<NewClientView, Problem> {
    let (metadata, now) = (checked(core, by, (metadata, None))?, by.now());
    let client = clients::create(core, conn, metadata, now)?;
    let secret = if client.metadata.has_secret() {
        Some(clients::add_secret(core, conn, (client.id, TimeDelta::zero()), now)?.1)
    } else {
        None
    };
    record(core, conn, by, (AuditKind::ClientCreated, client.id))?;
    Ok(NewClientView::new(view(conn, client, now)?, secret))
}

/// A client.
pub async fn show(
    core: &Arc<Core>,
    id: ClientId,
    now: Timestamp,
) -> Result<RegisteredClient, Problem> {
    core.db
        .read(move |conn| {
            let client = find(conn, id)?;
            Ok(view(conn, client, now)?)
        })
        .await
}

/// Up to `most` clients registered after `after`, the oldest first.
pub async fn list(
    core: &Arc<Core>,
    (after, most): (Option<ClientId>, i64),
    now: Timestamp,
) -> Result<Vec<RegisteredClient>, Problem> {
    core.db
        .read(move |conn| {
            let found = clients::list(conn, after, most)?;
            let Some(last) = found.last() else { return Ok(Vec::new()) };
            let mut secrets = clients::secrets_between(conn, (after, last.id), now)?;
            let shown = |client: Client| {
                let secrets = secrets.remove(&client.id).unwrap_or_default();
                RegisteredClient::of(client, secrets)
            };
            Ok(found.into_iter().map(shown).collect())
        })
        .await
}

/// Every client, the oldest first.
pub async fn show_all(core: &Arc<Core>, now: Timestamp) -> Result<Vec<RegisteredClient>, Problem> {
    list(core, (None, i64::MAX), now).await
}

/// Replaces what is known of a client; returns also how many people are asked
/// for their consent anew.
pub async fn change(
    core: &Arc<Core>,
    by: By,
    (id, metadata): (ClientId, Metadata),
) -> Result<(RegisteredClient, usize), Problem> {
    let own = Arc::clone(core);
    let changed = core
        .db
        .write(move |conn| -> Result<_, Problem> {
            let (held, now) = (find_to_change(conn, &by, id)?, by.now());
            let metadata = checked(&own, &by, (metadata, Some(&held)))?;
            let mut asked = 0;
            if metadata != held.metadata {
                clients::set_metadata(conn, (id, &metadata), now)?;
                record(&own, conn, &by, (AuditKind::ClientChanged, id))?;
                if shows_more(&held.metadata, &metadata) {
                    asked = ask_anew(&own, conn, id, now)?;
                }
            }
            let client = find(conn, id)?;
            Ok((view(conn, client, now)?, asked))
        })
        .await?;
    core.outbox_bell.notify_one();
    Ok(changed)
}

/// Gives a client another secret; those it has hold for `overlap` seconds.
pub fn rotate_secret(
    core: &Core,
    conn: &mut Conn,
    by: &By,
    (id, overlap): (ClientId, u32),
) -> Result<NewSecretView, Problem> {
    if overlap > LONGEST_OVERLAP {
        return Err(Problem::field("/overlap_seconds", "out_of_range"));
    }
    let (client, now) = (find_to_change(conn, by, id)?, by.now());
    if !client.metadata.has_secret() {
        return Err(Problem::field("/token_endpoint_auth_method", "has_no_secret"));
    }
    let overlap = TimeDelta::seconds(overlap.into());
    let (_, clear) = clients::add_secret(core, conn, (id, overlap), now)?;
    record(core, conn, by, (AuditKind::ClientSecretRotated, id))?;
    Ok(NewSecretView::new(clear, now + overlap))
}

/// Lets a client do anything or nothing.
pub async fn set_state(
    core: &Arc<Core>,
    by: By,
    (id, state): (ClientId, ClientState),
) -> Result<RegisteredClient, Problem> {
    let own = Arc::clone(core);
    core.db
        .write(move |conn| {
            let now = by.now();
            find_to_change(conn, &by, id)?;
            if clients::set_state(conn, (id, state), now)? {
                record(&own, conn, &by, (AuditKind::ClientStateChanged, id))?;
            }
            let client = find(conn, id)?;
            Ok(view(conn, client, now)?)
        })
        .await
}
