//! The cookies: what they are called and how they are guarded.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};

use crate::tools::config::Settings;

/// A signed-in browser.
pub const SESSION: &str = "shiming_session";
/// A registration in progress.
pub const FLOW: &str = "shiming_flow";
/// A recovery in progress.
pub const RECOVERY: &str = "shiming_recovery";
/// A browser that business systems send people in: `<request>.<secret>`, the
/// sign-in that it brought last, and what proves it for all of them.
pub const AUTHORIZE: &str = "shiming_authorize";
/// A device that has signed in before.
pub const DEVICE: &str = "shiming_device";

/// Under https the `__Host-` prefix binds a cookie to this very host
/// (RFC 6265bis §4.1.3.2).
fn full_name(settings: &Settings, name: &str) -> String {
    if settings.secure() { format!("__Host-{name}") } else { name.to_owned() }
}

/// A cookie that scripts cannot read and other sites cannot send along with a
/// request that changes something. Without `seconds` it lasts as long as the
/// browser runs.
pub fn make(
    settings: &Settings,
    name: &str,
    value: String,
    seconds: Option<i64>,
) -> Cookie<'static> {
    let mut cookie = Cookie::build(full_name(settings, name), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(settings.secure())
        .finish();
    if let Some(seconds) = seconds {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    cookie
}

/// Takes a cookie away.
pub fn remove(settings: &Settings, name: &str) -> Cookie<'static> {
    let mut cookie = make(settings, name, String::new(), None);
    cookie.make_removal();
    cookie
}

/// The value of a cookie.
pub fn read(settings: &Settings, request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(&full_name(settings, name)).map(|cookie| cookie.value().to_owned())
}
