//! The password once more, in a session: whoever found an open browser must
//! not change what is in it.
//!
//! Tries count as those of a login do, for the account from this place. They
//! count for the session as well: nobody asks for a captcha here, and a stolen
//! session tries from as many addresses as its thief has.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        accounts::{self, Account},
        audit::{self, AuditKind, AuditSubject},
        core::{Core, corrupt},
        password_failures::{self, Attempt, device},
        sessions::{self, Session},
        sign_in::refused,
    },
    kernel::Timestamp,
    tools::{
        crypto::Place,
        db::{Conn, DbFault},
        identity::{Username, password_hash_input},
        web::{Problem, ProblemCode, RequestMeta, overloaded},
    },
};

/// The password of the account that is signed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckPassword {
    #[serde(default)]
    #[schema(required, value_type = String, format = Password, example = "lychee park morning 7")]
    password: Zeroizing<String>,
}

/// How long the password need not be entered again.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordFreshness {
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    password_fresh_until: Timestamp,
}

/// What one try counts for.
#[derive(Clone)]
struct Tries {
    session: Attempt,
    place: Attempt,
}

/// Checks the password; a right one makes the session fresh.
pub(super) async fn check(
    core: &Arc<Core>,
    meta: &RequestMeta,
    (session, device): (Session, Option<String>),
    body: CheckPassword,
) -> Result<PasswordFreshness, Problem> {
    if body.password.is_empty() {
        return Err(Problem::field("/password", "required"));
    }
    let ticket = core.hasher.admit().ok_or_else(overloaded)?;
    let (own, of, begun_by) = (Arc::clone(core), session.clone(), meta.clone());
    let begun =
        core.db.write(move |conn| begin(&own, conn, &begun_by, (&of, device.as_deref()))).await?;
    let (account, stored, tries) = begun?;
    let input = password_hash_input(&body.password);
    let verified =
        core.hasher.verify(&ticket, input, Some(stored)).await.map_err(Problem::internal)?;
    drop(ticket);
    let (own, meta) = (Arc::clone(core), meta.clone());
    core.db
        .write(move |conn| {
            let entered = verified.right.then_some(body.password.as_str());
            settle(&own, conn, (&meta, session), (&account, &tries, entered))
        })
        .await?
}

/// Counts the try and finds the hash to compare with. A refusal is committed.
fn begin(
    core: &Core,
    conn: &mut Conn,
    meta: &RequestMeta,
    (session, device): (&Session, Option<&str>),
) -> Result<Result<(Account, String, Tries), Problem>, Problem> {
    let not_signed_in = || Problem::new(ProblemCode::NotSignedIn);
    let account = accounts::find(core, conn, session.account)?.ok_or_else(not_signed_in)?;
    let row = account.id.to_string();
    let place = Place { table: "accounts", column: "username", row: &row };
    let username = Username::parse(&account.username).map_err(|_| corrupt(place))?;
    let (key, address) = (username.key(), meta.address.limit_subject());
    let known = device.and_then(|cookie| device::recognise(core, &username, cookie));
    let place = Attempt { username: key, address, device: known };
    let session = Attempt { device: Some(session.id.to_string()), ..place.clone() };
    let tries = Tries { session, place };
    for attempt in [&tries.session, &tries.place] {
        if let Err(why) = password_failures::begin(core, conn, attempt, meta.now)? {
            return Ok(Err(refused(why)));
        }
    }
    let found = accounts::credentials(core, conn, &tries.place.username)?;
    let (_, stored) = found.ok_or_else(not_signed_in)?;
    Ok(Ok((account, stored, tries)))
}

/// Writes down what came of it; `entered` is the password when it was right.
fn settle(
    core: &Core,
    conn: &mut Conn,
    (meta, session): (&RequestMeta, Session),
    (account, tries, entered): (&Account, &Tries, Option<&str>),
) -> Result<Result<PasswordFreshness, Problem>, DbFault> {
    let Some(password) = entered else {
        let subject = AuditSubject { detail: Some("session"), ..AuditSubject::account(account.id) };
        audit::record(core, conn, meta, (AuditKind::SignInFailed, subject))?;
        password_failures::failed(core, conn, &tries.place, meta.now)?;
        return Ok(Err(Problem::new(ProblemCode::PasswordWrong)));
    };
    accounts::note_personal(conn, account, accounts::contains_personal(account, password))?;
    let event = (AuditKind::PasswordChecked, AuditSubject::account(account.id));
    audit::record(core, conn, meta, event)?;
    sessions::password_entered(conn, session.id, meta.now)?;
    for attempt in [&tries.session, &tries.place] {
        password_failures::succeeded(core, conn, attempt)?;
    }
    let fresh = Session { password_at: meta.now, ..session };
    Ok(Ok(PasswordFreshness { password_fresh_until: fresh.password_fresh_until(core) }))
}
