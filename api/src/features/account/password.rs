//! 密码管理: a new password, by somebody signed in.

use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{overloaded, own, still_signed_in};
use crate::{
    capabilities::{
        accounts::{self, Account},
        audit::{AuditKind, AuditSubject},
        core::{Core, Ctx, Tx},
        flows, outbox,
        sessions::{self, Session},
    },
    kernel::ids::FlowId,
    tools::{
        identity::PlainPassword,
        ports::Notice,
        web::{FieldErrors, Problem},
    },
};

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// See `GET /api/v1/service-info` for the policy.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
    /// The password once more.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password_confirmation: Zeroizing<String>,
}

impl ChangePassword {
    fn parse(&self, core: &Core, account: &Account) -> Result<PlainPassword, Problem> {
        let mut errors = FieldErrors::new();
        let policy = core.settings.password.policy();
        let typed = (self.password.as_str(), self.password_confirmation.as_str());
        let password = errors.check_password(typed, (&policy, &account.personal_data()));
        errors.finish(password)
    }
}

/// Sets a new password. Every other session ends, a change that was begun is
/// given up, and the phone is told.
pub(super) async fn change(
    ctx: &Ctx,
    session: Session,
    body: ChangePassword,
) -> Result<(), Problem> {
    session.require_fresh_password(&ctx.core, ctx.now)?;
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let of = session.clone();
    let account = ctx.read(move |tx| own(tx, &of)).await?;
    let password = body.parse(&ctx.core, &account)?;
    let of = account.id;
    let earlier = ctx.write(move |tx| accounts::try_new_password(tx, of)).await?;
    accounts::refuse_earlier(&ctx.core, &ticket, (&password, &earlier)).await?;
    let hash = ctx.core.hasher.hash(&ticket, password.to_hash_input()).await;
    let hash = Zeroizing::new(hash.map_err(Problem::internal)?);
    drop(ticket);

    ctx.write(move |tx| replace(tx, &session, &account, &hash)).await
}

fn replace(
    tx: &mut Tx<'_>,
    session: &Session,
    account: &Account,
    hash: &str,
) -> Result<(), Problem> {
    accounts::replace_password(tx, account.id, hash)?;
    flows::remove(tx.conn, FlowId::of_account(account.id))?;
    outbox::notify(tx, &account.elements.phone, Notice::PasswordChanged)?;
    tx.audit(AuditKind::PasswordChanged, AuditSubject::account(account.id))?;
    still_signed_in(tx.conn, session, tx.now)?;
    sessions::end_all(tx, account.id, Some(session.id))?;
    Ok(())
}
