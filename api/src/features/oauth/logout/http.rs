//! Where business systems send people to sign out.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post};

use super::{
    parameters::{SignOutDecision, SignOutParameters},
    request::{self, Wish},
};
use crate::{
    capabilities::{
        core::Ctx,
        sessions::{self, Session},
    },
    features::oauth::{
        pages::{
            Reader, check_token, form_token,
            http::{message, rendered, told},
            sign_out_page,
        },
        request::http::{Sent, see_other},
    },
    tools::{
        db::DbFault,
        web::{Form, Problem, ProblemCode, RequestMeta, cookies, html::form_target},
    },
};

/// What a token of the page that asks is made for.
const ASKED: &str = "sign-out";

fn malformed() -> Problem {
    Problem::new(ProblemCode::MalformedRequest)
}

/// Sign out at the wish of a business system
///
/// With an ID token of the session of this browser (`id_token_hint`), which may
/// have expired, at once; otherwise the person is asked. Afterwards the person
/// goes to `post_logout_redirect_uri`, if it is one of the client's.
#[utoipa::path(tag = "OpenID Connect", params(SignOutParameters), responses(
    (status = 200, description = "A page: a question, or that it is done", content_type = "text/html", body = String),
    (status = 303, description = "Done: to the client"),
    (status = 400, description = "A page: malformed_request", content_type = "text/html", body = String),
))]
#[get("/oauth2/logout")]
pub async fn sign_out(ctx: Ctx, reader: Reader, request: HttpRequest) -> HttpResponse {
    let done = async {
        let form = Form::parse(request.query_string().as_bytes()).map_err(|_| malformed())?;
        let session = sessions::of_browser(&ctx, &request).await?;
        let (wish, form) = read(&ctx, form).await?;
        let reader = reader.clone().in_locale(wish.ui_locale);
        match session {
            Some(session) if !wish.means(&ctx.core, &session) => {
                let token = form_token(&ctx.core, (ASKED, &session.id.to_string()));
                let forms_to = wish.return_to.as_deref().map(form_target).unwrap_or_default();
                let page = sign_out_page(&reader, &wish, (token, &form));
                rendered((StatusCode::OK, &reader), &page, &forms_to)
            }
            session => over(&ctx, &reader, session, wish).await,
        }
    };
    done.await.unwrap_or_else(|problem| told(&reader, &problem))
}

async fn read(ctx: &Ctx, form: Form) -> Result<(Wish, Form), DbFault> {
    ctx.read(move |tx| Wish::read(tx, &form).map(|wish| (wish, form))).await
}

/// Signs out, if anybody is signed in, and sends the person back.
async fn over(
    ctx: &Ctx,
    reader: &Reader,
    session: Option<Session>,
    wish: Wish,
) -> Result<HttpResponse, Problem> {
    if let Some(session) = session {
        ctx.write(move |tx| request::end(tx, &session)).await?;
    }
    let mut response = if let Some(location) = &wish.return_to {
        see_other(location)
    } else {
        let words = reader.words();
        let said = (words.signed_out_title, words.signed_out.to_owned());
        message((StatusCode::OK, reader), said, false)
    };
    let gone = cookies::remove(&ctx.core.settings, cookies::SESSION);
    response.add_cookie(&gone).map_err(Problem::internal)?;
    Ok(response)
}

/// Sign out at the wish of a business system, as a form
///
/// The same as a GET. The ID token is used here and does not appear in the
/// address.
#[utoipa::path(tag = "OpenID Connect",
    request_body(content = SignOutParameters, content_type = "application/x-www-form-urlencoded"),
    responses(
    (status = 303, description = "To the same address, which goes on from there"),
    (status = 400, description = "A page: malformed_request", content_type = "text/html", body = String),
))]
#[post("/oauth2/logout")]
pub async fn sign_out_by_form(ctx: Ctx, reader: Reader, form: Sent) -> HttpResponse {
    let done = async {
        let (wish, form) = read(&ctx, form.map_err(|_| malformed())?).await?;
        Ok(see_other(&wish.location(&form)))
    };
    done.await.unwrap_or_else(|problem| told(&reader, &problem))
}

/// Answer whether to sign out
///
/// The form of the page of `GET /oauth2/logout`; `token` ties it to the session
/// of the browser. With `sign_out` the session ends and the person goes to
/// `post_logout_redirect_uri`, with `stay` nothing happens.
#[utoipa::path(tag = "Pages",
    request_body(content = SignOutDecision, content_type = "application/x-www-form-urlencoded"),
    responses(
    (status = 200, description = "A page: what has been done", content_type = "text/html", body = String),
    (status = 303, description = "Done: to the client"),
    (status = 400, description = "A page: malformed_request", content_type = "text/html", body = String),
    (status = 403, description = "A page: cross_site_request", content_type = "text/html", body = String),
))]
#[post("/oauth2/logout/confirmation")]
pub async fn confirm_sign_out(
    ctx: Ctx,
    reader: Reader,
    request: HttpRequest,
    form: Sent,
) -> HttpResponse {
    let done = async {
        RequestMeta::of(&request)?.refuse_other_sites()?;
        let form = form.map_err(|_| malformed())?;
        let session = sessions::of_browser(&ctx, &request).await?;
        if let Some(session) = &session {
            check_token(&ctx.core, &form, (ASKED, &session.id.to_string()))?;
        }
        let (wish, form) = read(&ctx, form).await?;
        let reader = reader.clone().of_form(&form).at("/oauth2/logout".to_owned());
        match form.get("decision") {
            Some("sign_out") => over(&ctx, &reader, session, wish).await,
            Some("stay") => {
                let words = reader.words();
                let said = (words.stayed_title, words.stayed.to_owned());
                Ok(message((StatusCode::OK, &reader), said, false))
            }
            _ => Err(malformed()),
        }
    };
    done.await.unwrap_or_else(|problem| told(&reader, &problem))
}
