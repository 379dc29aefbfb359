//! A client's own users, as far as they have consented.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        accounts::{self, Account, UnitState},
        claims,
        clients::Client,
        core::Ctx,
        grants,
    },
    kernel::Timestamp,
    tools::web::{Problem, ProblemCode},
};

/// One of a client's users: what its consent covers, and no more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "sub": "5c0e1f…",
    "state": "active",
    "scopes": ["openid", "profile"],
    "claims": {
        "preferred_username": "wangxiaoming",
        "user_type": "person",
        "updated_at": 1_795_399_200
    },
    "updated_at": "2026-11-23T02:00:00Z"
}))]
pub struct User {
    /// The name by which the client knows the account.
    #[schema(example = "5c0e1f…")]
    sub: String,
    state: UserState,
    /// What the person has granted and the client may still ask for.
    #[schema(example = json!(["openid", "profile"]))]
    scopes: Vec<&'static str>,
    /// The claims that these scopes cover, with the names that they have at the
    /// userinfo endpoint.
    #[schema(value_type = Object)]
    claims: claims::Claims,
    /// When account or consent was changed last.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    updated_at: Timestamp,
}

/// Where a user stands. Others are not found.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// The account is there and the consent holds.
    Active,
    /// So it is, but it is a unit that the operator has not approved, or has
    /// rejected: it cannot sign in.
    Unapproved,
}

impl UserState {
    fn of(account: &Account) -> Self {
        match &account.unit {
            Some(unit) if unit.state != UnitState::Approved => Self::Unapproved,
            _ => Self::Active,
        }
    }
}

/// Looks a user up.
pub(super) async fn find(ctx: &Ctx, client: Client, sub: String) -> Result<User, Problem> {
    ctx.read(move |tx| {
        let unknown = || Problem::new(ProblemCode::UserNotFound);
        let id = grants::account_of(tx.conn, &client, &sub)?.ok_or_else(unknown)?;
        // Another client of the sector may know the name, too.
        let consent = grants::consent_of(tx.conn, id, client.id)?.ok_or_else(unknown)?;
        let account = accounts::find(tx, id)?.ok_or_else(unknown)?;
        let scopes = consent.scopes.shared_with(&client.metadata.scopes());
        Ok(User {
            sub,
            state: UserState::of(&account),
            claims: claims::of(&account, &scopes, client.metadata.document_number),
            scopes: scopes.0.iter().map(|scope| scope.code()).collect(),
            updated_at: account.verified_at.max(consent.updated_at),
        })
    })
    .await
}
