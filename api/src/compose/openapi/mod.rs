//! The OpenAPI document, read off the route table.

mod examples;
mod headers;
mod lists;
mod parameters;
mod problems;
mod security;
mod shared;

use utoipa::{OpenApi, openapi::OpenApi as Document};

use crate::{
    compose::routes,
    tools::web::{FieldProblem, OauthCode, OauthErrorDocument, ProblemCode, ProblemDocument},
};

const ABOUT: &str = "\
Shiming is a real-name identity platform: one account per natural person, proved against a bank card.

**Errors** are RFC 9457 problem documents (`application/problem+json`) with a stable `code`; texts \
follow `Accept-Language` (`zh-CN`, `en`).

**Browsers** sign in with a cookie; requests that change something must come from the same origin. \
**Apps** send `Authorization: Bearer` and refresh their tokens.

**Creating requests** whose repetition would do harm take `Idempotency-Key` (each says so): the same \
request with the same key has one effect and one answer for 24 hours. `POST /captchas`, `POST /sessions` \
and `POST /tokens` do not: a repetition makes another captcha or session, which ends by itself, and the \
answer to a sign-in is never kept, because it would be a key to the account.

**Business systems** sign people in by OpenID Connect; the endpoints below `/oauth2` answer errors as \
RFC 6749 and RFC 6750 have them (`error`, `error_description`). For themselves they ask with \
`Authorization: Bearer` and a token of their client credentials: lists go on with `cursor` and \
`next_cursor`, and the headers `RateLimit` and `RateLimit-Policy` say how often they may still ask.

**The sandbox** (`/sandbox/v1`) stands for bank and SMS gateway while it is on.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Shiming", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/", description = "The installation that serves this document")),
    components(schemas(ProblemDocument, ProblemCode, FieldProblem, OauthErrorDocument, OauthCode)),
    tags(
        (name = "Registration", description = "Four steps from nothing to a proved account"),
        (name = "Recovery", description = "Finding a username, setting a forgotten password anew"),
        (name = "Sessions", description = "Signing in and out, tokens, one's sessions"),
        (name = "Account", description = "One's own account"),
        (name = "Integration", description = "What business systems may ask for themselves"),
        (name = "Webhooks", description = "Where business systems are told of events"),
        (name = "Clients", description = "Registering business systems"),
        (name = "Support", description = "Writing to the operator"),
        (name = "OpenID Connect", description = "Signing in to business systems"),
        (name = "Authorization", description = "Signing in to a business system, as the person sees it"),
        (name = "Pages", description = "The same without JavaScript"),
        (name = "Captcha", description = "Picture and speech"),
        (name = "Reference data", description = "Banks, documents, rules"),
        (name = "Operation", description = "Liveness and readiness"),
        (name = "Sandbox", description = "Fictitious bank and SMS gateway"),
    )
)]
struct Base;

/// The OpenAPI 3.1 document.
pub fn document() -> Document {
    use utoipa_actix_web::AppExt;
    let (_, collected) =
        actix_web::App::new().into_utoipa_app().configure(routes::describe).split_for_parts();
    let mut document = Base::openapi();
    document.info.description = Some(ABOUT.to_owned());
    document.merge(collected);
    lists::refer_to_items(&mut document);
    security::declare(&mut document);
    shared::declare(&mut document);
    headers::declare(&mut document);
    problems::declare(&mut document);
    examples::declare(&mut document);
    parameters::share(&mut document);
    document
}

/// The document as text, as it is committed.
pub fn json() -> Result<String, serde_json::Error> {
    document().to_pretty_json()
}
