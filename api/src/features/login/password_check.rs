//! The password once more, in a session: whoever found an open browser must
//! not change what is in it.
//!
//! Tries count as those of a login do, for the account from this place. They
//! count for the session as well: nobody asks for a captcha here, and a stolen
//! session tries from as many addresses as its thief has.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    capabilities::{
        accounts::{self, Account},
        audit::{AuditKind, AuditSubject},
        core::{Ctx, Stop, Tx, corrupt},
        password_failures::{self, Attempt, device},
        sessions::{self, Session},
    },
    kernel::Timestamp,
    tools::{
        crypto::Place,
        identity::{Username, password_hash_input},
        web::{Problem, ProblemCode, overloaded},
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
    ctx: &Ctx,
    session: Session,
    device: Option<String>,
    body: CheckPassword,
) -> Result<PasswordFreshness, Problem> {
    if body.password.is_empty() {
        return Err(Problem::field("/password", "required"));
    }
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let of = session.clone();
    let begun = ctx.write(move |tx| begin(tx, &of, device.as_deref()));
    let (account, stored, tries) = begun.await?;
    let input = password_hash_input(&body.password);
    let verified =
        ctx.core.hasher.verify(&ticket, input, Some(stored)).await.map_err(Problem::internal)?;
    drop(ticket);
    let settled = ctx.write(move |tx| {
        let entered = verified.right.then_some(body.password.as_str());
        settle(tx, session, (&account, &tries, entered))
    });
    Ok(settled.await?)
}

/// Counts the try and finds the hash to compare with. A refusal is kept.
fn begin(
    tx: &mut Tx<'_>,
    session: &Session,
    device: Option<&str>,
) -> Result<(Account, String, Tries), Stop> {
    let not_signed_in = || Problem::new(ProblemCode::NotSignedIn);
    let account = accounts::find(tx, session.account)?.ok_or_else(not_signed_in)?;
    let row = account.id.to_string();
    let place = Place { table: "accounts", column: "username", row: &row };
    let username = Username::parse(&account.username).map_err(|_| corrupt(place))?;
    let (key, address) = (username.key(), tx.origin.limit_subject());
    let known = device.and_then(|cookie| device::recognise(tx.core, &username, cookie));
    let place = Attempt { username: key, address, device: known };
    let session = Attempt { device: Some(session.id.to_string()), ..place.clone() };
    let tries = Tries { session, place };
    for attempt in [&tries.session, &tries.place] {
        password_failures::begin(tx, attempt)?;
    }
    let found = accounts::credentials(tx, &tries.place.username)?;
    let (_, stored) = found.ok_or_else(not_signed_in)?;
    Ok((account, stored, tries))
}

/// Writes down what came of it; `entered` is the password when it was right.
fn settle(
    tx: &mut Tx<'_>,
    session: Session,
    (account, tries, entered): (&Account, &Tries, Option<&str>),
) -> Result<PasswordFreshness, Stop> {
    let Some(password) = entered else {
        let subject = AuditSubject { detail: Some("session"), ..AuditSubject::account(account.id) };
        tx.audit(AuditKind::SignInFailed, subject)?;
        password_failures::failed(tx, &tries.place)?;
        return Err(Stop::keep(Problem::new(ProblemCode::PasswordWrong)));
    };
    accounts::note_personal(tx.conn, account, accounts::contains_personal(account, password))?;
    tx.audit(AuditKind::PasswordChecked, AuditSubject::account(account.id))?;
    sessions::password_entered(tx.conn, session.id, tx.now)?;
    for attempt in [&tries.session, &tries.place] {
        password_failures::succeeded(tx, attempt)?;
    }
    let fresh = Session { password_at: tx.now, ..session };
    Ok(PasswordFreshness { password_fresh_until: fresh.password_fresh_until(tx.core) })
}
