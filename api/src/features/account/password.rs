//! 密码管理: a new password, by somebody signed in.

use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{overloaded, own, still_signed_in};
use crate::{
    capabilities::{
        accounts::{self, Account},
        audit::{self, AuditKind, AuditSubject},
        core::Core,
        flows, outbox,
        sessions::{self, Session},
    },
    kernel::ids::FlowId,
    tools::{
        db::Conn,
        identity::PlainPassword,
        ports::Notice,
        web::{FieldErrors, Problem, RequestMeta},
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
    core: &Arc<Core>,
    meta: &RequestMeta,
    session: Session,
    body: ChangePassword,
) -> Result<(), Problem> {
    session.require_fresh_password(core, meta.now)?;
    let ticket = core.hasher.admit().ok_or_else(overloaded)?;
    let (own_core, of) = (Arc::clone(core), session.clone());
    let account = core.db.read(move |conn| own(&own_core, conn, &of)).await?;
    let password = body.parse(core, &account)?;
    let (own_core, of, now) = (Arc::clone(core), account.id, meta.now);
    let tried = core.db.write(move |conn| accounts::try_new_password(&own_core, conn, of, now));
    let earlier = tried.await??;
    accounts::refuse_earlier(core, &ticket, (&password, &earlier)).await?;
    let hash = core.hasher.hash(&ticket, password.to_hash_input()).await;
    let hash = Zeroizing::new(hash.map_err(Problem::internal)?);
    drop(ticket);
    let (own_core, meta) = (Arc::clone(core), meta.clone());
    core.db.write(move |conn| replace(&own_core, conn, (&meta, &session), (&account, &hash))).await
}

fn replace(
    core: &Core,
    conn: &mut Conn,
    (meta, session): (&RequestMeta, &Session),
    (account, hash): (&Account, &str),
) -> Result<(), Problem> {
    accounts::replace_password(core, conn, (account.id, hash), meta.now)?;
    flows::remove(conn, FlowId::of_account(account.id))?;
    outbox::notify(core, conn, (&account.elements.phone, Notice::PasswordChanged), meta.now)?;
    let event = (AuditKind::PasswordChanged, AuditSubject::account(account.id));
    audit::record(core, conn, meta, event)?;
    still_signed_in(conn, session, meta.now)?;
    sessions::end_all(core, conn, (account.id, Some(session.id)), meta.now)?;
    Ok(())
}
