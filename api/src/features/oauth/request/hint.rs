//! An ID token of ours that a client sends back (`id_token_hint`): it tells
//! which person and which session the client means. It may have expired, for it
//! opens nothing.

use serde::Deserialize;

use crate::{
    capabilities::core::Core,
    kernel::{Timestamp, ids::ClientId},
    tools::crypto::signing::Expected,
};

/// What an ID token says.
#[derive(Debug, Deserialize)]
pub struct Hint {
    /// The name by which the client knows the person.
    pub sub: String,
    /// Whose token it is.
    #[serde(rename = "aud")]
    pub client: ClientId,
    /// The name by which the client knows the session.
    pub sid: Option<String>,
}

impl Hint {
    /// Reads a token, if we have signed it.
    pub fn read(core: &Core, token: &str, now: Timestamp) -> Option<Self> {
        let issuer = &core.settings.server.public_url;
        let expected = Expected { typ: "jwt", issuer, audience: None, expired: true };
        core.keyring.with_tokens(|keys| keys.verify(token, &expected, now))
    }
}
