//! Where a request stands: found out anew each time from the session, the
//! account and the consent as they are at that moment.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    capabilities::{
        access_tokens::acr,
        accounts::{self, Account, UnitState},
        clients::{Client, Scopes},
        core::Tx,
        grants,
        sessions::Session,
    },
    features::oauth::request::{Claims, Prompt, pending::Pending},
    tools::{
        db::{Conn, DbFault},
        web::OauthCode,
    },
};

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuthorizationState)]
pub enum State {
    /// The person signs in, or enters the password again (`reason`).
    SignIn,
    /// The person says whether the system may see what it asks for.
    Consent,
    /// Nothing: the person has consented before.
    Ready,
    /// It cannot be (`reason`); what is left is to go back.
    Refused,
}

impl State {
    /// The name in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Consent => "consent",
            Self::Ready => "ready",
            Self::Refused => "refused",
        }
    }
}

/// Why somebody who is signed in has to sign in, or cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuthorizationReason)]
pub enum Reason {
    /// The system wants the password to be entered now.
    PasswordAgain,
    /// The system wants the account to be chosen, or wants another one.
    SelectAccount,
    /// An operator has not approved the unit.
    UnitNotApproved,
    /// The account is not proved as well as the system wants.
    AssuranceTooLow,
}

/// A request as it stands.
#[derive(Debug)]
pub struct Standing {
    pub state: State,
    pub reason: Option<Reason>,
    /// Whose session it is.
    pub account: Option<Account>,
    /// The session, when it is alive.
    pub session: Option<Session>,
    /// What was consented to before.
    pub consented: Scopes,
}

impl Standing {
    /// What the client is told when it ends here, without a code.
    pub fn error(&self) -> OauthCode {
        match (self.state, self.reason) {
            (_, Some(Reason::AssuranceTooLow)) => OauthCode::UnmetAuthenticationRequirements,
            _ => OauthCode::AccessDenied,
        }
    }

    /// What the client is told that wants `scopes` and nobody to be bothered
    /// (OpenID Connect Core §3.1.2.6). Of who has not consented it learns
    /// nothing else: neither who it is nor how well that is proved.
    pub fn silent_error(&self, scopes: &Scopes) -> OauthCode {
        if self.account.is_some() && !self.consented.cover(scopes) {
            return OauthCode::ConsentRequired;
        }
        match self.state {
            State::SignIn => OauthCode::LoginRequired,
            State::Consent => OauthCode::ConsentRequired,
            State::Ready | State::Refused => self.error(),
        }
    }
}

/// Finds out where a request stands for the session of its browser.
pub fn standing(
    tx: &mut Tx<'_>,
    pending: &Pending,
    session: Option<Session>,
) -> Result<Standing, DbFault> {
    let mut standing = Standing {
        state: State::SignIn,
        reason: None,
        account: None,
        session: None,
        consented: Scopes::default(),
    };
    let Some(session) = session.filter(|session| session.expires_at > tx.now) else {
        return Ok(standing);
    };
    // It may have been erased a moment ago.
    let Some(account) = accounts::find(tx, session.account)? else { return Ok(standing) };
    let consent = grants::consent_of(tx.conn, account.id, pending.client.id)?;
    standing.consented = consent.map(|consent| consent.scopes).unwrap_or_default();
    (standing.state, standing.reason) =
        decided(tx.conn, (pending, &standing.consented), (&session, &account))?;
    standing.account = Some(account);
    standing.session = Some(session);
    Ok(standing)
}

/// Whether another app on the person's device may be the one that asks: nothing
/// but an `https` address proves who gets the code of a client without a secret,
/// so that only the person can tell (RFC 8252 §8.6).
fn may_be_feigned(client: &Client, uri: &str) -> bool {
    client.metadata.is_public() && !uri.starts_with("https://")
}

fn decided(
    conn: &mut Conn,
    (pending, consented): (&Pending, &Scopes),
    (session, account): (&Session, &Account),
) -> Result<(State, Option<Reason>), DbFault> {
    let Pending { client, request, arrived, .. } = pending;
    if request.wants_choice(session, *arrived) {
        return Ok((State::SignIn, Some(Reason::SelectAccount)));
    }
    if request.wants_password(session, *arrived) {
        return Ok((State::SignIn, Some(Reason::PasswordAgain)));
    }
    if let Some(wanted) = &request.subject
        && grants::account_of(conn, client, wanted)? != Some(account.id)
    {
        return Ok((State::SignIn, Some(Reason::SelectAccount)));
    }
    if account.unit.as_ref().is_some_and(|unit| unit.state != UnitState::Approved) {
        return Ok((State::Refused, Some(Reason::UnitNotApproved)));
    }
    let essential = request.claims.as_ref().and_then(Claims::essential_acr);
    if essential.is_some_and(|wanted| !wanted.contains(&acr(account.assurance_level).as_str())) {
        return Ok((State::Refused, Some(Reason::AssuranceTooLow)));
    }
    let asks = request.prompts.contains(&Prompt::Consent)
        || !consented.cover(&request.scopes)
        || may_be_feigned(client, &request.target.uri);
    Ok((if asks { State::Consent } else { State::Ready }, None))
}
