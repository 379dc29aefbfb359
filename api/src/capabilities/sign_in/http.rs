//! The cookies of a browser that signs in.

use actix_web::{HttpRequest, cookie::Cookie};

use crate::{
    capabilities::{core::Core, password_failures::device},
    tools::web::cookies::{self, DEVICE, SESSION},
};

/// What a browser brings that signs in.
#[derive(Debug, Default)]
pub struct Brought {
    /// By which its device is known again.
    pub device: Option<String>,
    /// Its session, which it is about to lose.
    pub session: Option<String>,
}

impl Brought {
    /// By a request.
    pub fn by(core: &Core, request: &HttpRequest) -> Self {
        let read = |name| cookies::read(&core.settings, request, name);
        Self { device: read(DEVICE), session: read(SESSION) }
    }
}

/// The cookies that a browser is given that has signed in: that of its session,
/// and that of its device.
pub fn given(
    core: &Core,
    (session, device): (String, Option<String>),
) -> impl Iterator<Item = Cookie<'static>> {
    let settings = &core.settings;
    let remembered = Some(device::REMEMBERED);
    let device = device.map(|value| cookies::make(settings, DEVICE, value, remembered));
    [cookies::make(settings, SESSION, session, None)].into_iter().chain(device)
}
