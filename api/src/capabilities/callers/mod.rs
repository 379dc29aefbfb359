//! Business systems that ask us things for themselves, each only so often.

pub mod http;

use crate::{
    capabilities::{
        clients::Client,
        core::Core,
        limits::{self, Charge, Exceeded, Rule},
    },
    kernel::Timestamp,
    tools::{
        db::{Conn, DbFault},
        web::Quota,
    },
};

pub use http::Caller;

/// Seconds of the window in which requests are counted.
const WINDOW: u32 = 60;

/// Counts one request of a client; says what is left, and whether it was too
/// much.
fn count(
    core: &Core,
    conn: &mut Conn,
    client: &Client,
    now: Timestamp,
) -> Result<(Quota, Result<(), Exceeded>), DbFault> {
    let most = core.settings.integration.requests_per_client_minute;
    let rule = Rule { name: "integration_requests", most, window_seconds: WINDOW };
    let charge = Charge { rule, subject: client.id.to_string() };
    let charged = limits::charge(core, conn, std::slice::from_ref(&charge), now)?;
    let limits::Standing { left, resets_in } = limits::standing(core, conn, &charge, now)?;
    Ok((Quota { most, window_seconds: WINDOW, left, resets_in }, charged))
}
