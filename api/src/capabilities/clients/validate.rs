//! What a client may say of itself.

use std::{collections::BTreeSet, net::IpAddr};

use url::{Host, Url};

use super::{AuthMethod, GrantType, Metadata, Scope, SubjectType, keys};
use crate::tools::{
    config::Settings,
    ports::networks::{self, Unusable},
    web::FieldErrors,
};

/// Characters of a name, of a URI; URIs of a list.
const LONGEST_NAME: usize = 100;
const LONGEST_URI: usize = 2000;
const MOST_URIS: usize = 20;
/// The sector of all who have none of their own.
pub(super) const PUBLIC_SECTOR: &str = "public";

/// Everything that is wrong with what a client says of itself.
pub(super) fn check(metadata: &Metadata, settings: &Settings) -> FieldErrors {
    let mut errors = FieldErrors::new();
    check_names(metadata, &mut errors);
    check_grants(metadata, &mut errors);
    check_scope(metadata, &mut errors);
    check_uris(metadata, settings, &mut errors);
    check_sector(metadata, &mut errors);
    keys::check(metadata, &mut errors);
    let outside = |value: Option<u32>, most: u32, least: u32| {
        value.is_some_and(|value| !(least..=most).contains(&value))
    };
    if outside(metadata.access_token_seconds, 3600, 60) {
        errors.add("/access_token_seconds", "out_of_range");
    }
    if outside(metadata.refresh_token_days, 365, 1) {
        errors.add("/refresh_token_days", "out_of_range");
    }
    errors
}

/// People read these: one line each, that turns nothing around.
fn check_names(metadata: &Metadata, errors: &mut FieldErrors) {
    let Metadata { client_name, client_name_en, owner, owner_en, .. } = metadata;
    let names = [
        ("/client_name", Some(client_name)),
        ("/client_name#en", client_name_en.as_ref()),
        ("/owner", Some(owner)),
        ("/owner#en", owner_en.as_ref()),
    ];
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for (pointer, name) in names {
        let Some(name) = name else { continue };
        if name.trim().is_empty() {
            errors.add(pointer, "required");
        } else if name.chars().count() > LONGEST_NAME {
            errors.add(pointer, "too_long");
        } else if name.chars().any(hidden) || name.trim() != name {
            errors.add(pointer, "invalid");
        }
    }
}

fn check_grants(metadata: &Metadata, errors: &mut FieldErrors) {
    let mut conflict = |wrong: bool, pointer: &str, code: &str| {
        if wrong {
            errors.add(pointer, code);
        }
    };
    let types = &metadata.grant_types;
    let signs_in = metadata.may(GrantType::AuthorizationCode);
    let twice = types.iter().enumerate().any(|(at, one)| types.iter().take(at).any(|o| o == one));
    conflict(types.is_empty() && !metadata.only_serves(), "/grant_types", "required");
    conflict(twice, "/grant_types", "duplicate");
    conflict(
        metadata.may(GrantType::RefreshToken) && !signs_in,
        "/grant_types",
        "needs_authorization_code",
    );
    conflict(
        metadata.may(GrantType::ClientCredentials) && metadata.is_public(),
        "/grant_types",
        "needs_authentication",
    );
    conflict(
        // Introspection is for whoever can prove itself.
        metadata.is_public() && !metadata.resource_server_for.is_empty(),
        "/resource_server_for",
        "needs_authentication",
    );
    conflict(signs_in && metadata.redirect_uris.is_empty(), "/redirect_uris", "required");
    conflict(
        !signs_in && !metadata.redirect_uris.is_empty(),
        "/redirect_uris",
        "needs_authorization_code",
    );
    conflict(
        !signs_in && metadata.backchannel_logout_uri.is_some(),
        "/backchannel_logout_uri",
        "needs_authorization_code",
    );
}

fn check_scope(metadata: &Metadata, errors: &mut FieldErrors) {
    let named: Vec<&str> = metadata.scope.split(' ').collect();
    let known: BTreeSet<Scope> = named.iter().filter_map(|name| Scope::from_code(name)).collect();
    if metadata.scope.is_empty() {
        if !metadata.only_serves() {
            errors.add("/scope", "required");
        }
        return;
    }
    if known.len() != named.len() {
        errors.add("/scope", "scope_unknown");
        return;
    }
    let signs_in = metadata.may(GrantType::AuthorizationCode);
    if signs_in && !known.contains(&Scope::OpenId) {
        errors.add("/scope", "needs_openid");
    }
    if !signs_in && known.iter().any(|scope| scope.is_of_person()) {
        errors.add("/scope", "needs_authorization_code");
    }
    let own = known.iter().any(|scope| !scope.is_of_person());
    if own != metadata.may(GrantType::ClientCredentials) {
        // Each is of no use without the other.
        errors.add("/scope", if own { "needs_client_credentials" } else { "needs_system_scope" });
    }
    if known.contains(&Scope::OfflineAccess) && !metadata.may(GrantType::RefreshToken) {
        errors.add("/scope", "needs_refresh_token");
    }
}

fn check_uris(metadata: &Metadata, settings: &Settings, errors: &mut FieldErrors) {
    let public = metadata.is_public();
    let lists = [
        ("/redirect_uris", &metadata.redirect_uris),
        ("/post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
    ];
    for (pointer, uris) in lists {
        check_list(errors, (pointer, uris), |uri| redirect_uri(uri, public));
    }
    let apis = [
        ("/resources", &metadata.resources),
        ("/resource_server_for", &metadata.resource_server_for),
    ];
    for (pointer, uris) in apis {
        check_list(errors, (pointer, uris), |uri| {
            web_uri(uri)?;
            let own = uri.trim_end_matches('/') == settings.server.public_url;
            if own { Err("reserved") } else { Ok(()) }
        });
    }
    if let Some(uri) = &metadata.client_uri
        && let Err(code) = web_uri(uri)
    {
        errors.add("/client_uri", code);
    }
    if let Some(uri) = &metadata.backchannel_logout_uri
        && let Err(code) = target_uri(uri, settings)
    {
        errors.add("/backchannel_logout_uri", code);
    }
}

fn check_list(
    errors: &mut FieldErrors,
    (pointer, uris): (&str, &[String]),
    check: impl Fn(&str) -> Result<(), &'static str>,
) {
    if uris.len() > MOST_URIS {
        errors.add(pointer, "too_many");
    }
    for (at, uri) in uris.iter().enumerate().take(MOST_URIS) {
        let twice = uris.iter().take(at).any(|earlier| earlier == uri);
        let checked = if twice { Err("duplicate") } else { check(uri) };
        if let Err(code) = checked {
            errors.add(&format!("{pointer}/{at}"), code);
        }
    }
}

/// A URL whose text is what it means: compared character by character, it must
/// hold nothing that a browser reads in another way.
fn plain_url(uri: &str) -> Result<Url, &'static str> {
    if uri.len() > LONGEST_URI {
        return Err("too_long");
    }
    let plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}*".contains(&byte));
    let url = Url::parse(uri).map_err(|_| "uri_format")?;
    if !plain || !url.username().is_empty() || url.password().is_some() {
        return Err("uri_format");
    }
    if url.fragment().is_some() {
        return Err("uri_fragment");
    }
    Ok(url)
}

/// The host that a redirect URI puts its client into the sector of. Only a host
/// of the web is somebody's own: everybody's apps come back to `localhost` or
/// to a scheme that anybody may use.
pub(super) fn sector_host(uri: &str) -> Option<String> {
    let url = plain_url(uri).ok()?;
    if url.scheme() != "https" || is_loopback(&url) {
        return None;
    }
    // In lower case by `Url`.
    url.host_str().filter(|host| *host != PUBLIC_SECTOR).map(str::to_owned)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// `https`, or `http` on the person's own machine.
fn web_uri(uri: &str) -> Result<(), &'static str> {
    let url = plain_url(uri)?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => Err("uri_scheme"),
    }
}

/// Of the web, or an app's own scheme (RFC 8252 §7.1), which a system that can
/// keep a secret has no need of.
fn redirect_uri(uri: &str, public: bool) -> Result<(), &'static str> {
    let url = plain_url(uri)?;
    match url.scheme() {
        "http" | "https" => web_uri(uri),
        own if public && own.contains('.') => Ok(()),
        _ => Err("uri_scheme"),
    }
}

/// A URL that we are to post to.
pub fn target_uri(uri: &str, settings: &Settings) -> Result<(), &'static str> {
    plain_url(uri)?;
    networks::read_target(uri, &settings.webhooks.allowed_networks).map(drop).map_err(|unusable| {
        match unusable {
            Unusable::Malformed => "uri_format",
            Unusable::Scheme => "uri_scheme",
            Unusable::Address => "uri_address",
        }
    })
}

fn check_sector(metadata: &Metadata, errors: &mut FieldErrors) {
    let Some(sector) = &metadata.sector_identifier else { return };
    let of_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    if metadata.subject_type == SubjectType::Public {
        errors.add("/sector_identifier", "needs_pairwise");
    } else if sector.is_empty() || sector.len() > 253 || !sector.chars().all(of_host) {
        errors.add("/sector_identifier", "invalid");
    } else if sector == PUBLIC_SECTOR {
        errors.add("/sector_identifier", "reserved");
    }
}

impl Metadata {
    /// Whether it proves itself with a secret that we give it.
    pub fn has_secret(&self) -> bool {
        matches!(
            self.token_endpoint_auth_method,
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost
        )
    }
}
