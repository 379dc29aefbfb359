//! Whom access tokens are for (RFC 8707): us, or one of the APIs that a client
//! is registered with.
//!
//! What the authorization request names is bound to the sign-in: its code and
//! its refresh tokens get tokens for that and nothing else, one of it at a time.
//! A request that names nothing leaves the choice to the token requests.

use std::collections::BTreeSet;

use crate::{
    capabilities::{clients::Client, core::Core, grants::Grant},
    tools::web::{Form, OauthCode, OauthError},
};

fn invalid() -> OauthError {
    OauthError::new(OauthCode::InvalidTarget)
}

/// Whether a client may get tokens for this.
pub fn may_name(core: &Core, client: &Client, resource: &str) -> bool {
    resource == core.settings.server.public_url
        || client.metadata.resources.iter().any(|one| one == resource)
}

/// Everything that an authorization request names.
pub fn authorized(
    core: &Core,
    client: &Client,
    form: &Form,
) -> Result<BTreeSet<String>, OauthError> {
    let named: BTreeSet<_> = form.all("resource").map(str::to_owned).collect();
    if named.iter().all(|one| may_name(core, client, one)) { Ok(named) } else { Err(invalid()) }
}

/// What a token request names. A token is for one: whoever gets it could use it
/// at the others.
pub fn asked(core: &Core, client: &Client, form: &Form) -> Result<Option<String>, OauthError> {
    let mut named = form.all("resource");
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(one), None) if may_name(core, client, one) => Ok(Some(one.to_owned())),
        _ => Err(invalid()),
    }
}

/// Whom a token for a sign-in is for; `None` when that is us. What was
/// authorized may be the client's no more.
pub fn of_grant(
    core: &Core,
    client: &Client,
    grant: &Grant,
    asked: Option<&str>,
) -> Result<Option<String>, OauthError> {
    let mut authorized = grant.resources.iter();
    let chosen = match (authorized.len(), asked) {
        (0, asked) => return Ok(asked.map(str::to_owned)),
        (1, None) => authorized.next(),
        (_, None) => {
            let description = "Several resources were authorized: name one of them.";
            return Err(OauthError::saying(OauthCode::InvalidTarget, description));
        }
        (_, Some(asked)) => authorized.find(|one| *one == asked),
    };
    let chosen = chosen.filter(|one| may_name(core, client, one)).ok_or_else(invalid)?;
    Ok(Some(chosen.clone()))
}
