//! What gives access to a draft: a token derived from its id with a key, so
//! nothing has to be stored and a lost answer can be given again.

use subtle::ConstantTimeEq;

use crate::{
    core::Core,
    crypto::{Purpose, blind::hex},
    kernel::ids::RegistrationId,
};

/// `<id>.<proof>`.
pub(super) fn issue(core: &Core, id: RegistrationId) -> String {
    format!("{id}.{}", proof(core, id))
}

fn proof(core: &Core, id: RegistrationId) -> String {
    hex(&core.keyring.keyed_hash(Purpose::FlowToken, &[b"registration", id.to_string().as_bytes()]))
}

/// The draft that a token gives access to.
pub(super) fn verify(core: &Core, token: &str) -> Option<RegistrationId> {
    let (id, given) = token.split_once('.')?;
    let id: RegistrationId = id.parse().ok()?;
    let right: bool = proof(core, id).as_bytes().ct_eq(given.as_bytes()).into();
    right.then_some(id)
}
