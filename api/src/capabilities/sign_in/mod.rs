//! The check of username, password and captcha, for every way of signing in:
//! a browser's, an app's, and the plain page for what has no JavaScript.

pub mod http;

use zeroize::Zeroizing;

use crate::{
    capabilities::{
        accounts,
        audit::{AuditKind, AuditSubject},
        captcha::{self, http::CaptchaAnswer},
        core::{Ctx, Stop, Tx},
        password_failures::{self, Attempt, device},
        sessions::{self, Opened, Session},
    },
    kernel::ids::{AccountId, CaptchaId},
    tools::{
        db::DbFault,
        identity::{Username, password_hash_input},
        web::{FieldErrors, Problem, ProblemCode, overloaded},
    },
};

/// What somebody who wants to sign in has sent.
pub struct Credentials {
    /// The username, when it can be one at all.
    pub username: Option<Username>,
    /// As typed, for the counters.
    pub typed_username: String,
    /// As typed.
    pub password: Zeroizing<String>,
    /// Which, and its answer.
    pub captcha: (CaptchaId, String),
    /// The device cookie.
    pub device: Option<String>,
}

impl Credentials {
    /// What was typed, or every error of its fields.
    pub fn parse(
        (username, password): (String, Zeroizing<String>),
        captcha: &CaptchaAnswer,
        device: Option<String>,
    ) -> Result<Self, Problem> {
        let mut errors = FieldErrors::new();
        if username.trim().is_empty() {
            errors.add("/username", "required");
        }
        if password.is_empty() {
            errors.add("/password", "required");
        }
        let captcha = match captcha.parse() {
            Ok(captcha) => Some(captcha),
            Err(code) => {
                errors.add("/captcha/answer", code);
                None
            }
        };
        errors.finish(captcha.map(|captcha| Self {
            // What can be nobody's username is counted and hashed like any other.
            username: Username::parse(&username).ok(),
            typed_username: username,
            password,
            captcha,
            device,
        }))
    }
}

/// Signs a browser in: the session with its cookie, and the cookie by which
/// its device is known again. `brought` is the session cookie that it had: it is
/// about to lose it, and with it whatever could end that session.
pub async fn browser(
    ctx: &Ctx,
    credentials: Credentials,
    brought: Option<String>,
) -> Result<(Opened, Option<String>), Problem> {
    let username = credentials.username.clone();
    let open = move |tx: &mut Tx<'_>, account| -> Result<Opened, DbFault> {
        let had = match &brought {
            Some(cookie) => sessions::by_cookie(tx, cookie)?,
            None => None,
        };
        let others = had.as_ref().filter(|had| had.account != account);
        if let Some(other) = others {
            leave(tx, other)?;
        }
        sessions::open_browser(tx, account, had)
    };
    let opened = sign_in(ctx, credentials, "browser", open).await?;
    let device = username.map(|username| device::remember(&ctx.core, &username)).transpose()?;
    Ok((opened, device))
}

/// Ends the session of another account that the browser was signed in to.
fn leave(tx: &mut Tx<'_>, session: &Session) -> Result<(), DbFault> {
    if sessions::end(tx, session.account, session.id)? {
        let id = session.id.to_string();
        let subject = AuditSubject { detail: Some(&id), ..AuditSubject::account(session.account) };
        tx.audit(AuditKind::SessionEnded, subject)?;
    }
    Ok(())
}

type Known = Option<(AccountId, String)>;

/// Checks the credentials; on success runs `open` in the transaction that
/// records the sign-in, so that there is never one without the other.
pub async fn sign_in<T: Send + 'static>(
    ctx: &Ctx,
    credentials: Credentials,
    kind: &'static str,
    open: impl FnOnce(&mut Tx<'_>, AccountId) -> Result<T, DbFault> + Send + 'static,
) -> Result<T, Problem> {
    // A place in the hashing queue first: an overloaded service must not use
    // up a captcha or an attempt.
    let ticket = ctx.core.hasher.admit().ok_or_else(overloaded)?;
    let attempt = attempt(ctx, &credentials);
    let Credentials { username, password, captcha, .. } = credentials;
    let known: Known = {
        let attempt = attempt.clone();
        // Whoever passes is answered after the write below, which flushes this
        // one, too; a refusal has nothing that must not be lost.
        let begun = ctx.write_unflushed(move |tx| begin(tx, &attempt, username, captcha));
        begun.await?
    };
    let stored = known.as_ref().map(|(_, hash)| hash.clone());
    let input = password_hash_input(&password);
    let verified =
        ctx.core.hasher.verify(&ticket, input.clone(), stored).await.map_err(Problem::internal)?;
    let fresh_hash = if verified.right && verified.rehash {
        Some(ctx.core.hasher.hash(&ticket, input).await.map_err(Problem::internal)?)
    } else {
        None
    };
    drop(ticket);
    let account = known.as_ref().map(|(account, _)| *account);

    let opened = ctx
        .write(move |tx| -> Result<Option<T>, Problem> {
            let Some((account, old_hash)) = known.filter(|_| verified.right) else {
                let subject = AuditSubject { account, ..AuditSubject::default() };
                tx.audit(AuditKind::SignInFailed, subject)?;
                password_failures::failed(tx, &attempt)?;
                return Ok(None);
            };
            // A reset that ended every session must not be followed by one
            // that the old password opens.
            let kept = fresh_hash.as_deref().unwrap_or(&old_hash);
            if !accounts::keep_password(tx.conn, account, (&old_hash, kept))? {
                return Err(Problem::new(ProblemCode::LoginTooSoon).retry_after(1));
            }
            note_personal(tx, account, &password)?;
            let subject = AuditSubject { detail: Some(kind), ..AuditSubject::account(account) };
            tx.audit(AuditKind::SignedIn, subject)?;
            let opened = open(tx, account)?;
            // Last, for the next try of the same account waits for these rows.
            password_failures::succeeded(tx, &attempt)?;
            Ok(Some(opened))
        })
        .await?;
    opened.ok_or_else(|| Problem::new(ProblemCode::LoginFailed))
}

/// Notes whether the password contains what is known of the account: nobody
/// knows both at any other moment. It is looked at only once the password was
/// right, so that who failed cannot tell a known user from an unknown one.
fn note_personal(tx: &mut Tx<'_>, account: AccountId, password: &str) -> Result<(), DbFault> {
    let Some(account) = accounts::find(tx, account)? else { return Ok(()) };
    accounts::note_personal(tx.conn, &account, accounts::contains_personal(&account, password))
}

fn attempt(ctx: &Ctx, credentials: &Credentials) -> Attempt {
    let username = credentials.username.as_ref();
    Attempt {
        username: username.map_or_else(|| credentials.typed_username.clone(), Username::key),
        address: ctx.origin.limit_subject(),
        device: username
            .zip(credentials.device.as_deref())
            .and_then(|(username, cookie)| device::recognise(&ctx.core, username, cookie)),
    }
}

/// Uses up the captcha, counts the attempt and looks the account up.
fn begin(
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    username: Option<Username>,
    (captcha, answer): (CaptchaId, String),
) -> Result<Known, Stop> {
    captcha::redeem(tx, captcha, &answer)?;
    password_failures::begin(tx, attempt)?;
    let key = username.map(|username| username.key()).unwrap_or_default();
    Ok(accounts::credentials(tx, &key)?)
}
