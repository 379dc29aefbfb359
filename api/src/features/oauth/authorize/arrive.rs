//! An authorization request arrives with a person's browser.

use crate::{
    capabilities::{
        clients::{self, Client},
        core::{Core, Tx},
        limits::{self, Charge, HOUR, Rule},
        sessions::Session,
    },
    features::oauth::{
        interaction::decide,
        request::{
            Prompt, Request, Target, Untargeted,
            hint::Hint,
            pending::{self, Pending},
            redirect,
        },
    },
    kernel::Timestamp,
    tools::{
        db::Conn,
        web::{Form, OauthError, Problem},
    },
};

/// What a browser brought.
pub struct Arrival {
    /// The parameters.
    pub form: Form,
    /// The browser's secret, when it has one.
    pub secret: Option<String>,
    /// Who is signed in.
    pub session: Option<Session>,
}

/// What becomes of a request.
pub enum Outcome {
    /// It is over.
    Over(Reply),
    /// It waits in this browser.
    Waits {
        /// Its id.
        id: String,
        /// The browser's secret.
        secret: String,
        /// Whether the person is to register.
        create: bool,
    },
}

/// How a request ends at once.
pub enum Reply {
    /// The browser is sent there.
    To(String),
    /// There is nobody to answer to, so the person is told.
    Nobody(Stranded),
}

/// Why there is nobody to answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranded {
    /// The client is missing, unknown or disabled.
    Client,
    /// The redirect URI is missing, or none of the client's.
    RedirectUri,
    /// A parameter comes twice or cannot be read.
    Malformed,
    /// What was pushed is unknown, used, expired or another client's.
    Pushed,
}

impl From<Untargeted> for Stranded {
    fn from(why: Untargeted) -> Self {
        match why {
            Untargeted::Uri => Self::RedirectUri,
            Untargeted::State => Self::Malformed,
        }
    }
}

/// The client that a request names, as long as it may do anything.
fn client(conn: &mut Conn, form: &Form) -> Result<Option<Client>, Problem> {
    let id = form.get("client_id").and_then(|id| id.parse().ok());
    let Some(id) = id else { return Ok(None) };
    Ok(clients::find(conn, id)?.filter(Client::is_enabled))
}

/// A request that was read, or why not: an answer to the client, or a word to
/// the person.
type Read = Result<Request, Reply>;

fn read(tx: &mut Tx<'_>, client: &Client, form: &Form) -> Result<Read, Problem> {
    if let Some(uri) = form.get("request_uri").filter(|uri| pending::is_pushed(uri)) {
        let taken = pending::take_pushed(tx, client, uri)?;
        return Ok(taken.ok_or(Reply::Nobody(Stranded::Pushed)));
    }
    let target = match Target::read(client, form) {
        Ok(target) => target,
        Err(why) => return Ok(Err(Reply::Nobody(why.into()))),
    };
    let request = read_with_hint(tx.core, (client, form, target.clone()), false, tx.now);
    Ok(request.map_err(|error| Reply::To(redirect::error(tx.core, &target, &error))))
}

/// Takes a request on.
pub fn arrive(tx: &mut Tx<'_>, arrival: Arrival) -> Result<Outcome, Problem> {
    let Arrival { form, secret, session } = arrival;
    let Some(client) = client(tx.conn, &form)? else {
        return Ok(Outcome::Over(Reply::Nobody(Stranded::Client)));
    };
    let request = match read(tx, &client, &form)? {
        Ok(request) => request,
        Err(reply) => return Ok(Outcome::Over(reply)),
    };
    // What is answered at once leaves something behind, too.
    charge(tx)?;
    if request.prompts.contains(&Prompt::None) {
        let pending = Pending::passing(client, request, tx.now);
        let location = decide::silently(tx, session, &pending)?;
        return Ok(Outcome::Over(Reply::To(location)));
    }
    let secret = match secret {
        Some(secret) => secret,
        None => tx.core.random_token()?,
    };
    let id = pending::keep_for_browser(tx, &request, &secret)?;
    Ok(Outcome::Waits { id, secret, create: request.prompts.contains(&Prompt::Create) })
}

/// Keeps a request that was posted by another site's page: cookies come with
/// what our own redirection makes the browser ask for, and not with this.
pub fn posted(tx: &mut Tx<'_>, form: &Form) -> Result<Reply, Problem> {
    let Some(client) = client(tx.conn, form)? else {
        return Ok(Reply::Nobody(Stranded::Client));
    };
    let uri = match form.get("request_uri").filter(|uri| pending::is_pushed(uri)) {
        Some(uri) => uri.to_owned(),
        None => match read(tx, &client, form)? {
            Ok(request) => {
                charge(tx)?;
                pending::keep_pushed(tx, &request)?.0
            }
            Err(reply) => return Ok(reply),
        },
    };
    let query = [("client_id", client.id.to_string()), ("request_uri", uri)];
    let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
    Ok(Reply::To(redirect::with_query("/oauth2/authorize", &query)))
}

/// Reads what a client asks for, with the ID token that it may send back.
fn read_with_hint(
    core: &Core,
    (client, form, target): (&Client, &Form, Target),
    pushed: bool,
    now: Timestamp,
) -> Result<Request, OauthError> {
    let mut request = Request::read(core, client, (form, target), pushed)?;
    if let Some(token) = form.get("id_token_hint") {
        let hint = Hint::read(core, token, now).filter(|hint| hint.client == client.id);
        let hint = hint.ok_or_else(|| OauthError::invalid("id_token_hint is no token of ours."))?;
        if request.subject.as_ref().is_some_and(|subject| *subject != hint.sub) {
            return Err(OauthError::invalid("claims and id_token_hint name two people."));
        }
        request.subject = Some(hint.sub);
    }
    Ok(request)
}

/// Reads what a client pushes (RFC 9126 §2.1); the client has proved itself.
pub fn pushed(
    core: &Core,
    (client, form): (&Client, &Form),
    now: Timestamp,
) -> Result<Request, OauthError> {
    if form.get("client_id").is_some_and(|id| id != client.id.to_string()) {
        return Err(OauthError::invalid("client_id is another client's."));
    }
    let target = Target::read(client, form).map_err(|why| {
        OauthError::invalid(match why {
            Untargeted::Uri => "redirect_uri is none of the client's.",
            Untargeted::State => "state is too long or no plain text.",
        })
    })?;
    read_with_hint(core, (client, form, target), true, now)
}

/// Counts a request of an address. A refusal is to be rolled back: what was
/// pushed is still there then.
fn charge(tx: &mut Tx<'_>) -> Result<(), Problem> {
    let most = tx.core.settings.limits.authorizations_per_address_hour;
    let rule = Rule { name: "authorization_address_hour", most, window_seconds: HOUR };
    let charge = Charge { rule, subject: tx.origin.limit_subject() };
    limits::count(tx, &[charge])?.map_or(Ok(()), |exceeded| Err(exceeded.into()))
}
