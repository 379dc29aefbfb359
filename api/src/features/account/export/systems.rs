//! What business systems know of an account, in its export.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        clients::{self, Scope},
        grants::{self, Consent, Grant},
        identity_checks::{self, IdentityCheck},
    },
    kernel::{
        Timestamp,
        ids::{AccountId, ClientId, GrantId, IdentityCheckId},
    },
    tools::db::{Conn, DbFault},
};

/// A business system that was let see something.
#[derive(Serialize, ToSchema)]
pub(super) struct ExportedSystem {
    #[schema(value_type = String, format = Uuid)]
    client_id: ClientId,
    #[schema(example = "考生服务系统")]
    client_name: String,
    /// What it may see.
    #[schema(example = json!(["openid", "profile"]))]
    scopes: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A name by which business systems know the account.
#[derive(Serialize, ToSchema)]
pub(super) struct ExportedSubject {
    #[schema(example = "5c0e1f…")]
    subject: String,
    /// Those who know it by this name.
    #[schema(example = "exam.example.gov.cn")]
    sector: String,
}

/// A sign-in to a business system that has not been forgotten yet.
#[derive(Serialize, ToSchema)]
pub(super) struct ExportedGrant {
    #[schema(value_type = String, format = Uuid)]
    id: GrantId,
    #[schema(value_type = String, format = Uuid)]
    client_id: ClientId,
    #[schema(example = json!(["openid", "profile"]))]
    scopes: Vec<&'static str>,
    /// What the system has asked for besides, as JSON.
    #[schema(required, example = json!(null))]
    claims: Option<String>,
    /// The APIs that the system wanted to use in the name of the account.
    #[schema(example = json!(["https://api.exam.example.gov.cn"]))]
    resources: BTreeSet<String>,
    /// Whether it outlives the session.
    offline: bool,
    #[schema(value_type = String, format = DateTime)]
    auth_time: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

/// A business system has asked whether name and document belong together.
#[derive(Serialize, ToSchema)]
pub(super) struct ExportedCheck {
    #[schema(value_type = String, format = Uuid)]
    id: IdentityCheckId,
    #[schema(value_type = String, format = Uuid)]
    client_id: ClientId,
    #[schema(example = "事业单位公开招聘资格审核")]
    purpose: String,
    matched: bool,
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
}

fn codes(scopes: &clients::Scopes) -> Vec<&'static str> {
    scopes.0.iter().copied().map(Scope::code).collect()
}

/// Systems that were let see something.
pub(super) fn systems(conn: &mut Conn, account: AccountId) -> Result<Vec<ExportedSystem>, DbFault> {
    let mut systems = Vec::new();
    for consent in grants::consents_of(conn, account)? {
        let client_name = clients::find(conn, consent.client)?
            .map(|client| client.metadata.client_name)
            .unwrap_or_default();
        let Consent { client: client_id, scopes, given_at, updated_at } = consent;
        let scopes = codes(&scopes);
        systems.push(ExportedSystem { client_id, client_name, scopes, given_at, updated_at });
    }
    Ok(systems)
}

/// Names by which systems know the account.
pub(super) fn subjects(
    conn: &mut Conn,
    account: AccountId,
) -> Result<Vec<ExportedSubject>, DbFault> {
    let known = grants::subjects_of(conn, account)?.into_iter();
    Ok(known.map(|(subject, sector)| ExportedSubject { subject, sector }).collect())
}

/// Sign-ins to systems.
pub(super) fn sign_ins(conn: &mut Conn, account: AccountId) -> Result<Vec<ExportedGrant>, DbFault> {
    Ok(grants::held(conn, account)?.into_iter().map(ExportedGrant::from).collect())
}

/// Who has asked.
pub(super) fn checks(conn: &mut Conn, account: AccountId) -> Result<Vec<ExportedCheck>, DbFault> {
    let checks = identity_checks::everything(conn, account)?.into_iter();
    let shown = |check| {
        let IdentityCheck { id, client, purpose, matched, checked_at, .. } = check;
        ExportedCheck { id, client_id: client, purpose, matched, checked_at }
    };
    Ok(checks.map(shown).collect())
}

impl From<Grant> for ExportedGrant {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            client_id: grant.client,
            scopes: codes(&grant.scopes),
            claims: grant.claims,
            resources: grant.resources,
            offline: grant.offline,
            auth_time: grant.auth_time,
            created_at: grant.created_at,
            expires_at: grant.expires_at,
            ended_at: grant.ended_at,
        }
    }
}
