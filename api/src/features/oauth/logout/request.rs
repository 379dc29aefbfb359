//! A business system asks for the person to be signed out here, too (OpenID
//! Connect RP-Initiated Logout 1.0).

use crate::{
    capabilities::{
        audit::{AuditKind, AuditSubject},
        clients::{self, Client},
        core::{Core, Tx},
        grants,
        sessions::{self, Session},
    },
    features::oauth::request::{
        LONGEST_STATE, UiLocale, has_controls, hint::Hint, redirect::with_query, ui_locale,
    },
    tools::{db::DbFault, web::Form},
};

/// What a system asks for.
pub struct Wish {
    /// Who asks, as far as it is known.
    pub client: Option<Client>,
    /// Where the person goes afterwards: one of the client's URIs, with its
    /// state.
    pub return_to: Option<String>,
    /// The session that the client means.
    session: Option<String>,
    /// The language, as the client thinks.
    pub ui_locale: Option<UiLocale>,
}

impl Wish {
    /// Reads the parameters. What cannot be believed is as good as left out:
    /// then the person is asked, and stays here.
    pub fn read(tx: &mut Tx<'_>, form: &Form) -> Result<Self, DbFault> {
        let hint = form.get("id_token_hint").and_then(|token| Hint::read(tx.core, token, tx.now));
        let named = form.get("client_id");
        let hint = hint.filter(|hint| named.is_none_or(|named| named == hint.client.to_string()));
        let id = hint.as_ref().map(|hint| hint.client);
        let id = id.or_else(|| named.and_then(|named| named.parse().ok()));
        let client = match id {
            Some(id) => clients::find(tx.conn, id)?.filter(Client::is_enabled),
            None => None,
        };
        Ok(Self {
            return_to: client.as_ref().and_then(|client| return_to(client, form)),
            session: hint.and_then(|hint| hint.sid).or_else(|| form.get("sid").map(str::to_owned)),
            ui_locale: form.get("ui_locales").and_then(ui_locale),
            client,
        })
    }

    /// Whether the client has shown that it means this very session. The name
    /// of a session stands in its ID token only, and cannot be guessed.
    pub fn means(&self, core: &Core, session: &Session) -> bool {
        let Some(client) = &self.client else { return false };
        let name = grants::client_session(core, client.id, session.id);
        self.session.as_deref() == Some(name.as_str())
    }

    /// The same wish for the address bar of the browser: with the name of the
    /// session in place of the token, which may tell of the person.
    pub fn location(&self, form: &Form) -> String {
        let client = self.client.as_ref().map(|client| client.id.to_string());
        let mut query = vec![("client_id", client.as_deref()), ("sid", self.session.as_deref())];
        query.extend(KEPT.iter().map(|name| (*name, form.get(name))));
        let query: Vec<_> =
            query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        with_query("/oauth2/logout", &query)
    }

    /// What the page that asks sends back with the answer.
    pub fn kept(&self, form: &Form) -> Vec<(&'static str, String)> {
        let client = self.client.as_ref().map(|client| ("client_id", client.id.to_string()));
        let rest = KEPT.iter().filter_map(|name| Some((*name, form.get(name)?.to_owned())));
        client.into_iter().chain(rest).collect()
    }
}

/// Parameters that are read again when the person has answered.
const KEPT: [&str; 3] = ["post_logout_redirect_uri", "state", "ui_locales"];

/// URIs are compared character by character.
fn return_to(client: &Client, form: &Form) -> Option<String> {
    let uri = form.get("post_logout_redirect_uri")?;
    if !client.metadata.post_logout_redirect_uris.iter().any(|known| known == uri) {
        return None;
    }
    let state = form.get("state");
    let state = state.filter(|state| state.len() <= LONGEST_STATE && !has_controls(state));
    Some(match state {
        Some(state) => with_query(uri, &[("state", state)]),
        None => uri.to_owned(),
    })
}

/// Signs out.
pub fn end(tx: &mut Tx<'_>, session: &Session) -> Result<(), DbFault> {
    if sessions::end(tx, session.account, session.id)? {
        let id = session.id.to_string();
        let subject = AuditSubject { detail: Some(&id), ..AuditSubject::account(session.account) };
        tx.audit(AuditKind::SessionEnded, subject)?;
    }
    Ok(())
}
