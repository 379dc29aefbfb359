//! What is sent back to a client through the person's browser: a code or an
//! error, in the query of its redirect URI (RFC 6749 §4.1.2, RFC 9207).

use form_urlencoded::Serializer;

use super::Target;
use crate::{capabilities::core::Core, tools::web::OauthError};

/// Adds parameters to a URI that is registered, as it is, with or without a
/// query of its own.
pub fn with_query(uri: &str, parameters: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{query}")
}

fn answer<'a>(
    core: &'a Core,
    target: &'a Target,
    mut parameters: Vec<(&'a str, &'a str)>,
) -> String {
    if let Some(state) = &target.state {
        parameters.push(("state", state));
    }
    // Tells a client that speaks to several providers which one has answered.
    parameters.push(("iss", &core.settings.server.public_url));
    with_query(&target.uri, &parameters)
}

/// Where a code is sent.
pub fn code(core: &Core, target: &Target, code: &str) -> String {
    answer(core, target, vec![("code", code)])
}

/// Where an error is sent.
pub fn error(core: &Core, target: &Target, error: &OauthError) -> String {
    let description = error.description();
    answer(core, target, vec![("error", error.code().as_str()), ("error_description", description)])
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn what_a_uri_has_already_is_kept() {
        let added = [("state", "a b&c=d#e")];
        for (uri, expected) in [
            ("https://a/cb", "https://a/cb?state=a+b%26c%3Dd%23e"),
            ("https://a/cb?x=1", "https://a/cb?x=1&state=a+b%26c%3Dd%23e"),
            ("https://a/cb?", "https://a/cb?state=a+b%26c%3Dd%23e"),
            ("com.example.app:/cb", "com.example.app:/cb?state=a+b%26c%3Dd%23e"),
        ] {
            assert_eq!(with_query(uri, &added), expected);
        }
    }
}
