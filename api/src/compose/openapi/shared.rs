//! Refusals that many operations share. They come from the web floor, from the
//! extractors of a handler or from the database, so no handler could name them
//! without repeating the others.

use std::collections::{BTreeMap, btree_map::Entry};

use utoipa::openapi::{
    ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, ParameterIn, PathItem},
};

use crate::tools::web::{OauthCode, ProblemCode as Code};

/// What is answered from memory. Everything else may find the database busy.
const WITHOUT_DATABASE: [&str; 7] = [
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/api/v1/banks",
    "/api/v1/document-types",
    "/api/v1/service-info",
    "/healthz",
];

/// What answers errors as OAuth has them.
pub(super) const OAUTH: [&str; 5] =
    ["/oauth2/introspect", "/oauth2/par", "/oauth2/revoke", "/oauth2/token", "/oauth2/userinfo"];

/// Declares for every operation what it may answer besides what it says
/// itself.
pub(super) fn declare(document: &mut Document) {
    let mut components = document.components.take().unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        for (changes, operation) in operations(item) {
            if OAUTH.contains(&path.as_str()) {
                declare_oauth(operation);
            }
            for (status, codes) in by_status(shared(path, changes, operation)) {
                if let Some(code) = add(operation, status, &codes) {
                    components.responses.insert(name(code), refusal(&[code]).into());
                }
            }
            describe_successes(operation);
        }
    }
    document.components = Some(components);
}

/// The operations of a path, and whether they may change something.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [(false, get), (true, put), (true, post), (true, delete), (true, patch)]
        .into_iter()
        .filter_map(|(changes, operation)| Some((changes, operation.as_mut()?)))
}

/// Declares what may happen to every request of a client that speaks OAuth.
fn declare_oauth(operation: &mut Operation) {
    let mut refusals =
        vec![(500, OauthCode::ServerError), (503, OauthCode::TemporarilyUnavailable)];
    if operation.request_body.is_some() {
        refusals.push((413, OauthCode::InvalidRequest));
    }
    for (status, code) in refusals {
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name("OauthErrorDocument"))).build();
        let response = ResponseBuilder::new()
            .description(code.as_str())
            .content("application/json", content)
            .build();
        operation.responses.responses.insert(status.to_string(), response.into());
    }
}

fn shared(path: &str, changes: bool, operation: &Operation) -> Vec<Code> {
    if OAUTH.contains(&path) {
        return vec![Code::MethodNotAllowed];
    }
    let mut codes = vec![Code::MethodNotAllowed, Code::Internal];
    if takes_json(operation) {
        codes.extend([
            Code::MalformedRequest,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
            Code::ValidationFailed,
        ]);
    } else if takes(operation, |place, _| *place == ParameterIn::Query) {
        codes.push(Code::MalformedRequest);
    }
    if takes(operation, |_, name| name == "Idempotency-Key") {
        codes.extend([
            Code::IdempotencyKeyInvalid,
            Code::IdempotencyKeyReused,
            Code::RequestInProgress,
        ]);
    }
    // A cookie may stand for the person.
    if changes && has_scheme(operation, |scheme| scheme.ends_with("_cookie")) {
        codes.push(Code::CrossSiteRequest);
    }
    if !WITHOUT_DATABASE.contains(&path) {
        codes.push(Code::Overloaded);
    }
    codes
}

/// Whether a body is read as JSON. What is wrong with a form is told on a page,
/// and declared by the operation.
fn takes_json(operation: &Operation) -> bool {
    let Some(RefOr::T(body)) = &operation.request_body else { return false };
    body.content.contains_key("application/json")
}

fn takes(operation: &Operation, wanted: impl Fn(&ParameterIn, &str) -> bool) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => wanted(&parameter.parameter_in, &parameter.name),
        RefOr::Ref(_) => false,
    })
}

/// Whether one of the ways to prove who asks is `wanted`, by its name.
pub(super) fn has_scheme(operation: &Operation, wanted: impl Fn(&str) -> bool) -> bool {
    operation.security.iter().flatten().any(|requirement| {
        let schemes = serde_json::to_value(requirement).unwrap_or_default();
        schemes.as_object().into_iter().flatten().any(|(scheme, _)| wanted(scheme))
    })
}

fn by_status(codes: Vec<Code>) -> BTreeMap<String, Vec<Code>> {
    let mut sorted = BTreeMap::<String, Vec<Code>>::new();
    for code in codes {
        sorted.entry(code.status().as_u16().to_string()).or_default().push(code);
    }
    sorted
}

/// Adds codes to a status; returns the code whose shared response is used.
fn add(operation: &mut Operation, status: String, codes: &[Code]) -> Option<Code> {
    match (operation.responses.responses.entry(status), codes) {
        (Entry::Vacant(free), [code]) => {
            free.insert(RefOr::Ref(Ref::from_response_name(name(*code))));
            return Some(*code);
        }
        (Entry::Vacant(free), codes) => {
            free.insert(refusal(codes).into());
        }
        (Entry::Occupied(mut taken), codes) => {
            if let RefOr::T(response) = taken.get_mut() {
                let description = &mut response.description;
                for code in codes {
                    if !names(description, code.as_str()) {
                        description.push_str(", ");
                        description.push_str(code.as_str());
                    }
                }
            }
        }
    }
    None
}

/// Whether a description names a code.
pub(super) fn names(description: &str, code: &str) -> bool {
    description.split(|c: char| !c.is_ascii_lowercase() && c != '_').any(|one| one == code)
}

/// The name of a code's shared response.
fn name(code: Code) -> String {
    format!("{code:?}")
}

fn refusal(codes: &[Code]) -> Response {
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    ResponseBuilder::new()
        .description(names.join(", "))
        .content("application/problem+json", content)
        .build()
}

/// Every response must have a description (OpenAPI 3.1); of a success the
/// schema says the rest.
fn describe_successes(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let status = status.parse().ok().and_then(|status: u16| {
                actix_web::http::StatusCode::from_u16(status).ok()?.canonical_reason()
            });
            status.unwrap_or("Answer").clone_into(&mut response.description);
        }
    }
}
