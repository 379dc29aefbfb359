//! Headers of answers. They are set in one place each, for many operations, so
//! they are declared in one place, too.

use super::shared::{OAUTH, operations};
use utoipa::openapi::{
    Header, HeaderBuilder, Object, OpenApi as Document, RefOr, Response, Type, path::Operation,
};

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// Somebody with a browser or an app.
    Person,
    /// A client, by the endpoints of OAuth.
    Client,
    /// A client with a token of its own, whose requests are counted.
    Metered,
}

/// Declares the headers of every answer.
pub(super) fn declare(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        for (_, operation) in operations(item) {
            let asker = if is_metered(operation) {
                Asker::Metered
            } else if OAUTH.contains(&path.as_str()) {
                Asker::Client
            } else {
                Asker::Person
            };
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    describe(response, status, asker);
                }
            }
        }
    }
    let shared = document.components.iter_mut().flat_map(|components| &mut components.responses);
    for response in shared.filter_map(|(_, response)| match response {
        RefOr::T(response) => Some(response),
        RefOr::Ref(_) => None,
    }) {
        if response.description == "overloaded" {
            describe(response, "503", Asker::Person);
        }
    }
}

/// Whether it is asked for with a client's token, which is counted.
fn is_metered(operation: &Operation) -> bool {
    operation.security.iter().flatten().any(|requirement| {
        serde_json::to_value(requirement).is_ok_and(|schemes| schemes.get("client_token").is_some())
    })
}

fn describe(response: &mut Response, status: &str, asker: Asker) {
    let mut add = |name: &str, about: &str| {
        response.headers.insert(name.to_owned(), text(about).into());
    };
    match status {
        "401" | "403" if asker != Asker::Person => {
            add("WWW-Authenticate", "What a client has to prove itself with (RFC 6750 §3)")
        }
        // A repetition may come before the first answer (409).
        "409" | "429" | "503" => add("Retry-After", "Seconds until it is worth another try"),
        "302" | "303" => add("Location", "Where to go on"),
        _ => {}
    }
    // Nothing is counted before it is known whose token it is.
    if asker == Asker::Metered && status != "401" {
        add("RateLimit", "What is left of the quota, and until when");
        add("RateLimit-Policy", "The quota and its window");
    }
}

fn text(about: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .description(Some(about))
        .build()
}
