//! A request as the person sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    decide::not_found,
    standing::{Reason, Standing, State, standing},
};
use crate::{
    capabilities::{
        accounts::Account,
        clients::{ClientView, Item},
        core::{Core, Tx},
        sessions::Session,
    },
    features::oauth::request::{
        Prompt, UiLocale,
        http::Held,
        pending::{self, Pending},
    },
    kernel::Timestamp,
    tools::{
        crypto::{Purpose, blind::hex},
        web::Problem,
    },
};

/// A sign-in to a business system.
#[derive(Debug, Serialize, ToSchema)]
pub struct Authorization {
    #[schema(example = "5f1c0e3a9b7d4826…")]
    id: String,
    state: State,
    /// Why somebody who is signed in has to sign in, or cannot go on.
    #[schema(required)]
    reason: Option<Reason>,
    client: ClientView,
    /// What the system will see.
    items: Vec<Item>,
    /// What of it was not consented to before.
    new_items: Vec<Item>,
    /// Stands for this account and these items; whoever allows sends it back.
    #[schema(example = "9b1f0c…")]
    confirmation: String,
    /// Who is signed in.
    #[schema(required)]
    account: Option<SignedInAs>,
    /// The username, as the system thinks.
    #[schema(required, example = "wangxiaoming")]
    login_hint: Option<String>,
    /// The language, as the system thinks.
    #[schema(required)]
    ui_locale: Option<UiLocale>,
    /// Whether the system wants the person to register.
    create: bool,
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T02:00:00Z")]
    expires_at: Timestamp,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInAs {
    #[schema(example = "wangxiaoming")]
    username: String,
    /// Masked; of a unit its name.
    #[schema(example = "王**")]
    name: String,
}

/// What an account is called by on these pages.
pub fn shown_name(account: &Account) -> String {
    match &account.unit {
        Some(unit) => unit.name.as_str().to_owned(),
        None => account.elements.name.masked(),
    }
}

/// The request that a browser holds, and where it stands.
pub fn look(
    tx: &mut Tx<'_>,
    held: &Held,
    session: Option<Session>,
) -> Result<(Pending, Standing), Problem> {
    let held = (held.id.as_str(), held.secret.as_str());
    let pending = pending::find(tx, held.0, held.1)?.ok_or_else(not_found)?;
    let standing = standing(tx, &pending, session)?;
    Ok((pending, standing))
}

/// What of a request was not consented to before.
pub fn new_items(pending: &Pending, standing: &Standing) -> Vec<Item> {
    let known = pending.client.items(&standing.consented);
    let items = pending.client.items(&pending.request.scopes);
    items.into_iter().filter(|item| !known.contains(item)).collect()
}

/// Stands for the account and the items that somebody is shown: what is allowed
/// is what was seen, by whoever saw it.
pub fn confirmation(core: &Core, pending: &Pending, standing: &Standing) -> String {
    let account = standing.account.as_ref().map(|account| account.id.to_string());
    let account = account.unwrap_or_default();
    let scopes = pending.request.scopes.to_string();
    let items = format!("{:?}", pending.client.items(&pending.request.scopes));
    let parts = ["confirmation", pending.key(), &account, &scopes, &items];
    hex(&core.keyring.keyed_hash(Purpose::FlowToken, &parts.map(str::as_bytes)))
}

/// Shows a request.
pub fn view(core: &Core, id: String, (pending, standing): (Pending, Standing)) -> Authorization {
    Authorization {
        id,
        state: standing.state,
        reason: standing.reason,
        items: pending.client.items(&pending.request.scopes),
        new_items: new_items(&pending, &standing),
        confirmation: confirmation(core, &pending, &standing),
        client: ClientView::from(&pending.client),
        account: standing
            .account
            .map(|account| SignedInAs { name: shown_name(&account), username: account.username }),
        create: pending.request.prompts.contains(&Prompt::Create),
        login_hint: pending.request.login_hint,
        ui_locale: pending.request.ui_locale,
        expires_at: pending.expires_at,
    }
}
