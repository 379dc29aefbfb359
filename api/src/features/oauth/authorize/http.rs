//! Where business systems send people.

use actix_web::{HttpRequest, HttpResponse, get, post};

use super::{
    arrive::{Arrival, Outcome, Reply, Stranded, arrive, posted},
    parameters::AuthorizationParameters,
};
use crate::{
    capabilities::{core::Ctx, sessions},
    features::oauth::{
        pages::{
            Reader,
            http::{stranded, told},
        },
        request::http::{Sent, cookie, make_cookie, see_other},
    },
    tools::web::{Form, Problem},
};

/// Authorization request
///
/// Parameters of OpenID Connect Core §3.1.2.1, with PKCE (S256), RFC 9126 and
/// RFC 8707. The answer goes to the redirect URI, with `iss`. Whoever cannot be
/// sent back is shown a page.
#[utoipa::path(tag = "OpenID Connect", params(AuthorizationParameters), responses(
    (status = 303, description = "To the client with a code or an error, or to the page where the person signs in"),
    (status = 400, description = "A page: malformed_request (unknown client or redirect URI)", content_type = "text/html", body = String),
    (status = 429, description = "A page: too_many_requests", content_type = "text/html", body = String),
))]
#[get("/oauth2/authorize")]
pub async fn authorize(ctx: Ctx, reader: Reader, request: HttpRequest) -> HttpResponse {
    let done = match Form::parse(request.query_string().as_bytes()) {
        Ok(form) => arrived(&ctx, &reader, &request, form).await,
        Err(_) => Ok(stranded(&reader, Stranded::Malformed)),
    };
    done.unwrap_or_else(|problem| told(&reader, &problem))
}

async fn arrived(
    ctx: &Ctx,
    reader: &Reader,
    request: &HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let session = sessions::of_browser(ctx, request).await?;
    let secret = cookie(&ctx.core, request).map(|(_, secret)| secret);
    let arrival = Arrival { form, secret, session };
    let outcome = ctx.write(move |tx| arrive(tx, arrival)).await?;
    Ok(match outcome {
        Outcome::Waits { id, secret, create } => {
            let query = if create { "?create=1" } else { "" };
            let mut response = see_other(&format!("/authorize/{id}{query}"));
            response
                .add_cookie(&make_cookie(&ctx.core, (&id, &secret)))
                .map_err(Problem::internal)?;
            response
        }
        Outcome::Over(reply) => replied(reader, reply),
    })
}

fn replied(reader: &Reader, reply: Reply) -> HttpResponse {
    match reply {
        Reply::To(location) => see_other(&location),
        Reply::Nobody(why) => stranded(reader, why),
    }
}

/// Authorization request, as a form
///
/// The same as a GET, for requests that are too long for a URL.
#[utoipa::path(tag = "OpenID Connect",
    request_body(content = AuthorizationParameters, content_type = "application/x-www-form-urlencoded"),
    responses(
    (status = 303, description = "To the same address, which takes the request up from there"),
    (status = 400, description = "A page: malformed_request (unknown client or redirect URI)", content_type = "text/html", body = String),
    (status = 429, description = "A page: too_many_requests", content_type = "text/html", body = String),
))]
#[post("/oauth2/authorize")]
pub async fn authorize_by_form(ctx: Ctx, reader: Reader, form: Sent) -> HttpResponse {
    let Ok(form) = form else { return stranded(&reader, Stranded::Malformed) };
    match ctx.write(move |tx| posted(tx, &form)).await {
        Ok(reply) => replied(&reader, reply),
        Err(problem) => told(&reader, &problem),
    }
}
