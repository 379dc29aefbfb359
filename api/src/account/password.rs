//! 密码管理: a new password, by somebody signed in.

use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{charge, overloaded, own, still_signed_in};
use crate::{
    accounts::{self, Account},
    audit::{self, AuditKind, AuditSubject},
    core::Core,
    db::Conn,
    flows,
    identity::PlainPassword,
    kernel::ids::FlowId,
    outbox,
    password::Ticket,
    ports::Notice,
    sessions::{self, Session},
    web::{FieldErrors, Problem, RequestMeta},
};

/// New passwords that may be tried for an account in a day: each tells whether
/// it is the present one or an earlier one, and each that is taken is told to
/// the phone.
const TRIES: (&str, u32) = ("password_change_day", 20);

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// See `GET /api/v1/service-info` for the policy.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password)]
    password: Zeroizing<String>,
    /// The password once more.
    #[serde(default)]
    #[schema(required, value_type = String, format = Password)]
    password_confirmation: Zeroizing<String>,
}

impl ChangePassword {
    fn parse(&self, core: &Core, account: &Account) -> Result<PlainPassword, Problem> {
        let mut errors = FieldErrors::new();
        let policy = core.settings.password.policy();
        let parsed =
            PlainPassword::parse(self.password.to_string(), &policy, &account.personal_data());
        let password = errors.check("/password", parsed);
        if self.password_confirmation.is_empty() {
            errors.add("/password_confirmation", "required");
        } else if *self.password_confirmation != *self.password {
            errors.add("/password_confirmation", "mismatch");
        }
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
    let (account, earlier) = core
        .db
        .read(move |conn| -> Result<_, Problem> {
            let account = own(&own_core, conn, &of)?;
            Ok((account, accounts::earlier_passwords(&own_core, conn, of.account)?))
        })
        .await?;
    let password = body.parse(core, &account)?;
    let (own_core, of, now) = (Arc::clone(core), session.clone(), meta.now);
    core.db.write(move |conn| charge(&own_core, conn, &of, (TRIES, now))).await??;
    refuse_earlier(core, &ticket, (&password, earlier)).await?;
    let hash = core.hasher.hash(&ticket, password.to_hash_input()).await;
    let hash = Zeroizing::new(hash.map_err(Problem::internal)?);
    drop(ticket);
    let (own_core, meta) = (Arc::clone(core), meta.clone());
    core.db.write(move |conn| replace(&own_core, conn, (&meta, &session), (&account, &hash))).await
}

/// Compares with the present password and the earlier ones that the policy
/// remembers.
async fn refuse_earlier(
    core: &Core,
    ticket: &Ticket,
    (password, earlier): (&PlainPassword, Vec<String>),
) -> Result<(), Problem> {
    let mut code = "password_same";
    for hash in earlier {
        let input = password.to_hash_input();
        let same =
            core.hasher.verify(ticket, input, Some(hash)).await.map_err(Problem::internal)?;
        if same.right {
            return Err(Problem::field("/password", code));
        }
        code = "password_in_history";
    }
    Ok(())
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
    sessions::end_all(conn, account.id, Some(session.id), meta.now)?;
    Ok(())
}
