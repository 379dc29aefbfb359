//! HTML that the server itself writes: pages without scripts, for browsers that
//! have none.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use super::Language;

/// Marks a response that is finished as it is, so that a refusal is shown to
/// the person as a page and not replaced by a problem document.
#[derive(Debug, Clone, Copy)]
pub(super) struct IsPage;

/// What a page loads and where its forms go: to us, and from there to
/// `forms_to`, because browsers apply `form-action` to redirections, too.
fn policy(forms_to: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{forms_to}; \
         frame-ancestors 'none'; base-uri 'none'"
    )
}

/// The source expression (CSP 3 §2.3.1) of a redirect URI, with a space before
/// it: its origin, or its scheme where an origin cannot be written.
pub fn form_target(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once(':') else { return String::new() };
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if scheme.is_empty() || !scheme.chars().all(is_scheme) {
        return String::new();
    }
    let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    match host.filter(|host| !host.is_empty() && host.chars().all(is_host)) {
        Some(host) => format!(" {scheme}://{host}"),
        None => format!(" {scheme}:"),
    }
}

/// A page, whatever its status. `forms_to` is a [`form_target`], or nothing.
pub fn page(
    (status, language): (StatusCode, Language),
    html: String,
    forms_to: &str,
) -> HttpResponse {
    let mut response = HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy(forms_to)))
        // Under `no-referrer` a browser sends `Origin: null` with a form.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(html);
    response.extensions_mut().insert(IsPage);
    response
}

#[cfg(test)]
mod tests {
    use super::form_target;

    #[test]
    fn a_form_may_lead_to_the_client_and_nowhere_else() {
        for (uri, expected) in [
            ("https://ks.example.gov.cn/cb?x=1", " https://ks.example.gov.cn"),
            ("http://127.0.0.1:8081/cb", " http://127.0.0.1:8081"),
            ("http://[::1]:8081/cb", " http:"),
            ("com.example.app:/cb", " com.example.app:"),
            ("https://a.example; script-src 'unsafe-inline'/cb", " https:"),
            ("no uri", ""),
        ] {
            assert_eq!(form_target(uri), expected);
        }
    }
}
