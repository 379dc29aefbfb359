//! The answer to a request: allowed or not, in one transaction with what it
//! leaves behind.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::{
    standing::{Standing, State, standing},
    view::confirmation,
};
use crate::{
    capabilities::{
        accounts::Account,
        audit::{AuditKind, AuditSubject},
        core::Tx,
        grants::{self, NewCode, Occasion, Terms},
        sessions::{self, Session},
    },
    features::oauth::request::{pending::Pending, redirect},
    tools::web::{OauthError, Problem, ProblemCode},
};

/// What the person decides, and what was shown ([`confirmation`]).
#[derive(Debug)]
pub struct Decided {
    pub decision: Decision,
    /// Needed to allow.
    pub confirmation: Option<String>,
}

/// What the person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The system may see what it asks for.
    Allow,
    /// It may not.
    Deny,
}

/// The request is unknown, over, or another browser's.
pub fn not_found() -> Problem {
    Problem::new(ProblemCode::AuthorizationNotFound)
}

fn conflict(state: State) -> Problem {
    Problem::new(ProblemCode::AuthorizationConflict).with("state", state.code())
}

/// Uses a request up and returns where its answer goes.
pub fn decide(
    tx: &mut Tx<'_>,
    session: Option<Session>,
    pending: &Pending,
    decided: &Decided,
) -> Result<String, Problem> {
    let found = standing(tx, pending, session)?;
    if decided.decision == Decision::Deny {
        if !pending.take(tx.conn)? {
            return Err(not_found());
        }
        let error = OauthError::new(found.error());
        return Ok(redirect::error(tx.core, &pending.request.target, &error));
    }
    // Another account may have signed in, or the client may see something else
    // than what was on the page.
    let given = decided.confirmation.as_deref().unwrap_or_default();
    let shown = confirmation(tx.core, pending, &found);
    if !bool::from(shown.as_bytes().ct_eq(given.as_bytes())) {
        return Err(conflict(found.state));
    }
    allow(tx, pending, &found)
}

/// Answers a request that nobody is to be bothered with (`prompt=none`).
pub fn silently(
    tx: &mut Tx<'_>,
    session: Option<Session>,
    pending: &Pending,
) -> Result<String, Problem> {
    let found = standing(tx, pending, session)?;
    if found.state == State::Ready {
        return allow(tx, pending, &found);
    }
    let error = OauthError::new(found.silent_error(&pending.request.scopes));
    Ok(redirect::error(tx.core, &pending.request.target, &error))
}

/// Consent, sign-in, code and their traces: all of it or nothing.
fn allow(tx: &mut Tx<'_>, pending: &Pending, found: &Standing) -> Result<String, Problem> {
    let (Some(account), Some(session)) = (&found.account, &found.session) else {
        return Err(conflict(found.state));
    };
    if !matches!(found.state, State::Consent | State::Ready) {
        return Err(conflict(found.state));
    }
    if !pending.take(tx.conn)? {
        return Err(not_found());
    }
    consented(tx, pending, found, account)?;
    let Pending { client, request, .. } = pending;
    let occasion = Occasion {
        session: session.id,
        account: account.id,
        auth_time: session.password_at,
        expires_at: session.expires_at,
    };
    let terms = Terms {
        scopes: request.scopes.clone(),
        claims: request.claims.as_ref().map(crate::features::oauth::request::Claims::text),
        resources: request.resources.clone(),
    };
    let grant = grants::begin(tx, client, &occasion, terms)?;
    let code = NewCode {
        redirect_uri: request.target.uri.clone(),
        code_challenge: Some(request.challenge.clone()),
        nonce: request.nonce.clone(),
    };
    let code = grants::issue_code(tx, &grant, &code)?;
    record(tx, AuditKind::SignedInToClient, account, pending)?;
    // Last: whoever ends the session waits, and then sees the grant.
    if !sessions::hold(tx.conn, session, tx.now)? {
        return Err(conflict(State::SignIn));
    }
    Ok(redirect::code(tx.core, &request.target, &code))
}

/// Remembers what is new, and keeps what was consented to before from being
/// withdrawn meanwhile.
fn consented(
    tx: &mut Tx<'_>,
    pending: &Pending,
    found: &Standing,
    account: &Account,
) -> Result<(), Problem> {
    let Pending { client, request, .. } = pending;
    if found.state == State::Ready {
        // It may have been withdrawn, and given anew for less.
        let held = grants::hold_consent(tx.conn, account.id, client.id)?;
        let consent = grants::consent_of(tx.conn, account.id, client.id)?;
        let covers = consent.is_some_and(|consent| consent.scopes.cover(&request.scopes));
        return if held && covers { Ok(()) } else { Err(conflict(State::Consent)) };
    }
    grants::consent(tx.conn, (account.id, client.id), &request.scopes, tx.now)?;
    if !found.consented.cover(&request.scopes) {
        record(tx, AuditKind::ConsentGiven, account, pending)?;
    }
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    kind: AuditKind,
    account: &Account,
    pending: &Pending,
) -> Result<(), Problem> {
    let id = pending.client.id.to_string();
    let subject = AuditSubject { detail: Some(&id), ..AuditSubject::account(account.id) };
    Ok(tx.audit(kind, subject)?)
}
