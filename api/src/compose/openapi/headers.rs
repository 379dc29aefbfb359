//! Headers of answers. They are set in one place each, for many operations, so
//! they are declared in one place, too.

use super::shared::{OAUTH, has_scheme, names, operations};
use crate::tools::web::ProblemCode;
use utoipa::openapi::{Header, HeaderBuilder, Object, OpenApi as Document, RefOr, Response, Type};

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

/// Shared refusals that say when to come back.
const WITH_RETRY_AFTER: [ProblemCode; 2] =
    [ProblemCode::Overloaded, ProblemCode::RequestInProgress];

/// Declares the headers of every answer.
pub(super) fn declare(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        for (_, operation) in operations(item) {
            let asker = if has_scheme(operation, |scheme| scheme == "client_token") {
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
    for (_, response) in shared {
        if let RefOr::T(response) = response
            && let Some(code) =
                WITH_RETRY_AFTER.iter().find(|code| names(&response.description, code.as_str()))
        {
            describe(response, code.status().as_str(), Asker::Person);
        }
    }
}

fn describe(response: &mut Response, status: &str, asker: Asker) {
    let in_progress = names(&response.description, ProblemCode::RequestInProgress.as_str());
    let mut add = |name: &str, about: &str| {
        response.headers.insert(name.to_owned(), text(about).into());
    };
    match status {
        "401" | "403" if asker != Asker::Person => {
            add("WWW-Authenticate", "What a client has to prove itself with (RFC 6750 §3)");
        }
        "409" if !in_progress => {}
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
