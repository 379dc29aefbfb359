//! Business systems that ask us things for themselves, each only so often.

pub mod http;

use crate::{
    capabilities::{
        clients::Client,
        core::Tx,
        limits::{self, Charge, Exceeded, Rule},
    },
    tools::{db::DbFault, web::Quota},
};

pub use http::Caller;

/// Seconds of the window in which requests are counted.
const WINDOW: u32 = 60;

/// Counts one request of a client; says what is left, and whether it was too
/// much.
fn count(tx: &mut Tx<'_>, client: &Client) -> Result<(Quota, Option<Exceeded>), DbFault> {
    let most = tx.core.settings.integration.requests_per_client_minute;
    let rule = Rule { name: "integration_requests", most, window_seconds: WINDOW };
    let charge = Charge { rule, subject: client.id.to_string() };
    let charged = limits::count(tx, std::slice::from_ref(&charge))?;
    let limits::Standing { left, resets_in } = limits::standing(tx, &charge)?;
    Ok((Quota { most, window_seconds: WINDOW, left, resets_in }, charged))
}
