//! Recognising a device that has signed in to an account before, so that
//! somebody else's wrong passwords do not keep its owner out.

use subtle::ConstantTimeEq;

use crate::{
    capabilities::core::Core,
    tools::{
        crypto::{CryptoError, Purpose, blind::hex},
        identity::Username,
    },
};

/// How long a device is remembered, in seconds: a year.
pub const REMEMBERED: i64 = 365 * 24 * 3600;

fn proof(core: &Core, username: &Username, device: &str) -> String {
    let key = username.key();
    hex(&core
        .keyring
        .keyed_hash(Purpose::FlowToken, &[b"device", key.as_bytes(), device.as_bytes()]))
}

/// A new value for the device cookie of somebody who has just signed in.
pub fn remember(core: &Core, username: &Username) -> Result<String, CryptoError> {
    let device = hex(&core.entropy.bytes::<8>()?);
    let proof = proof(core, username, &device);
    Ok(format!("{device}.{proof}"))
}

/// The device's name, when its cookie was made for this very username.
pub fn recognise(core: &Core, username: &Username, cookie: &str) -> Option<String> {
    let (device, given) = cookie.split_once('.')?;
    let right: bool = proof(core, username, device).as_bytes().ct_eq(given.as_bytes()).into();
    right.then(|| device.to_owned())
}
