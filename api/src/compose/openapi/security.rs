//! How callers prove who they are, and which operations ask nobody.

use utoipa::openapi::{
    OpenApi as Document,
    security::{
        ApiKey, ApiKeyValue, AuthorizationCode, ClientCredentials, Flow, Http, HttpAuthScheme,
        OAuth2, Scopes, SecurityScheme,
    },
};

use super::shared::operations;
use crate::capabilities::clients::Scope;

// Relative to the server, as the addresses of the operations are.
const AUTHORIZE: &str = "/oauth2/authorize";
const TOKEN: &str = "/oauth2/token";

/// Declares the schemes, and of every operation without one that it is public.
/// That none is public by mistake is tested against a list.
pub(super) fn declare(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            operation.security.get_or_insert_default();
        }
    }
}

fn schemes() -> [(&'static str, SecurityScheme); 9] {
    [
        (
            "session_cookie",
            cookie("shiming_session", "Signed-in browser; `__Host-shiming_session` under https"),
        ),
        ("access_token", bearer("Token of an app, from `POST /api/v1/tokens`")),
        ("client_token", client_token()),
        ("person_token", person_token()),
        ("client_basic", client_basic()),
        (
            "flow_cookie",
            cookie("shiming_flow", "Registration of a browser; `__Host-shiming_flow` under https"),
        ),
        (
            "recovery_cookie",
            cookie(
                "shiming_recovery",
                "Recovery of a browser; `__Host-shiming_recovery` under https",
            ),
        ),
        (
            "authorization_cookie",
            cookie(
                "shiming_authorize",
                "Browser that a business system sent; `__Host-shiming_authorize` under https",
            ),
        ),
        (
            "flow_token",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
                "Flow-Token",
                "Registration or recovery of an app",
            ))),
        ),
    ]
}

fn cookie(name: &str, about: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, about)))
}

fn bearer(about: &str) -> SecurityScheme {
    let http = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(http.description(Some(about)).build())
}

fn client_basic() -> SecurityScheme {
    let about = "Id and secret of a business system, each form-encoded (RFC 6749 §2.3.1). A \
        system may be registered with another method: `token_endpoint_auth_method` says which.";
    let http = Http::builder().scheme(HttpAuthScheme::Basic);
    SecurityScheme::Http(http.description(Some(about)).build())
}

fn client_token() -> SecurityScheme {
    let flow = ClientCredentials::new(TOKEN, scopes(|scope| !scope.is_of_person()));
    let about = "Token of a business system for itself (client credentials)";
    let flows = [Flow::ClientCredentials(flow)];
    SecurityScheme::OAuth2(OAuth2::with_description(flows, about))
}

fn person_token() -> SecurityScheme {
    let scopes = scopes(Scope::is_of_person);
    let flow = AuthorizationCode::with_refresh_url(AUTHORIZE, TOKEN, scopes, TOKEN);
    let about = "Token of a business system for a person who has signed in to it (authorization \
        code with PKCE)";
    let flows = [Flow::AuthorizationCode(flow)];
    SecurityScheme::OAuth2(OAuth2::with_description(flows, about))
}

fn scopes(wanted: impl Fn(Scope) -> bool) -> Scopes {
    let wanted = Scope::ALL.into_iter().filter(|scope| wanted(*scope));
    wanted.map(|scope| (scope.code(), about(scope))).collect()
}

/// What a token with a scope lets its bearer do.
fn about(scope: Scope) -> &'static str {
    match scope {
        Scope::OpenId => "Know the person by `sub`; needed to sign people in",
        Scope::Profile => "Username, and whether it is a person or a unit",
        Scope::Phone => "Mobile number",
        Scope::RealName => "Name, document, sex and date of birth, and how they were verified",
        Scope::Unit => "Name and credit code of a unit",
        Scope::OfflineAccess => "Refresh tokens that outlive the browser's session",
        Scope::UsersRead => "Read the system's own users, and what happened to them",
        Scope::IdentityCheck => "Ask whether a name and a document belong together",
        Scope::WebhooksManage => "Name the addresses that are told of events",
        Scope::ClientsManage => "Register business systems; given at the command line only",
    }
}
