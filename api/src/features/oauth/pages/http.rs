//! The pages without JavaScript, over HTTP.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    get,
    http::{StatusCode, header},
    post, web,
};
use askama::Template;

use super::{
    Reader, check_token, consent_page, credentials,
    forms::{PlainDecision, PlainSignIn},
    language, refused_page, sign_in_errors, sign_in_page,
    templates::MessagePage,
};
use crate::{
    capabilities::{
        captcha,
        core::{Core, Ctx},
        sessions,
        sign_in::{
            self,
            http::{Brought, given},
        },
    },
    features::oauth::{
        authorize::arrive::Stranded,
        interaction::{
            decide::{Decided, Decision, not_found},
            http::decided,
            standing::{Reason, Standing, State},
            view,
        },
        request::{
            http::{Held, Sent, cookie, held, see_other},
            pending::Pending,
        },
    },
    tools::web::{
        Form, Problem, ProblemCode, RequestMeta,
        html::{form_target, page},
    },
};

impl Reader {
    /// The sender of a request.
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let meta = RequestMeta::of(request)?;
        let query = Form::parse(request.query_string().as_bytes()).unwrap_or_default();
        let chosen = query.get("lang").and_then(language);
        let rest = request.query_string().split('&');
        let rest: Vec<_> =
            rest.filter(|one| !one.is_empty() && !one.starts_with("lang=")).collect();
        let path = request.path().to_owned();
        let core = request.app_data::<web::Data<Core>>();
        Ok(Self {
            language: chosen.unwrap_or(meta.language),
            chosen: chosen.is_some(),
            path: if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) },
            sandbox: core.is_some_and(|core| core.settings.uses_sandbox()),
            request_id: meta.id,
        })
    }
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// A page from its template.
pub fn rendered(
    (status, reader): (StatusCode, &Reader),
    template: &impl Template,
    forms_to: &str,
) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(Problem::internal)?;
    Ok(page((status, reader.language), html, forms_to))
}

/// A page with something to read.
pub fn message(
    (status, reader): (StatusCode, &Reader),
    (title, text): (&'static str, String),
    request_id: bool,
) -> HttpResponse {
    let template = MessagePage {
        words: reader.words(),
        frame: reader.frame(),
        title,
        text,
        request_id: request_id.then(|| reader.request_id.to_string()),
    };
    rendered((status, reader), &template, "")
        .unwrap_or_else(|_| HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR))
}

/// A problem as a page.
pub fn told(reader: &Reader, problem: &Problem) -> HttpResponse {
    problem.log(reader.request_id);
    let (title, text) = problem.code().texts(reader.language);
    let status = problem.code().status();
    let mut response =
        message((status, reader), (title, text.to_owned()), status.is_server_error());
    if let Some(seconds) = problem.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// There is nobody to send the person back to.
pub fn stranded(reader: &Reader, why: Stranded) -> HttpResponse {
    let words = reader.words();
    let text = match why {
        Stranded::Client => words.broken_client,
        Stranded::RedirectUri => words.broken_redirect_uri,
        Stranded::Malformed => words.broken_malformed,
        Stranded::Pushed => words.broken_pushed,
    };
    message((StatusCode::BAD_REQUEST, reader), (words.broken_title, text.to_owned()), false)
}

async fn look(
    ctx: &Ctx,
    request: &HttpRequest,
    held: Held,
) -> Result<(Held, Pending, Standing), Problem> {
    let session = sessions::of_browser(ctx, request).await?;
    ctx.read(move |tx| {
        let (pending, standing) = view::look(tx, &held, session)?;
        Ok((held, pending, standing))
    })
    .await
}

/// The stylesheet of the pages
///
/// Browsers may keep it for an hour.
#[utoipa::path(tag = "Pages", responses((status = 200, content_type = "text/css", body = String)))]
#[get("/oauth2/plain.css")]
pub async fn plain_style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(include_str!("../../../../templates/plain.css"))
}

/// The sign-in that this browser brought last, without JavaScript
///
/// Redirects to the page of that sign-in. If the browser has brought none, or
/// it has expired, a page says so.
#[utoipa::path(tag = "Pages", security(("authorization_cookie" = [])), responses(
    (status = 303, description = "To the page of the sign-in"),
    (status = 404, description = "A page: authorization_not_found", content_type = "text/html", body = String),
))]
#[get("/oauth2/plain")]
pub async fn current_plain(ctx: Ctx, reader: Reader, request: HttpRequest) -> HttpResponse {
    match cookie(&ctx.core, &request) {
        Some((id, _)) => see_other(&format!("/oauth2/plain/{id}")),
        None => told(&reader, &not_found()),
    }
}

/// A sign-in without JavaScript
///
/// The page of the next step: sign in, consent, or why it cannot be. It shows
/// the same as `GET /api/v1/authorizations/{id}`, to the same browser only.
#[utoipa::path(tag = "Pages", params(
    ("id" = String, Path),
    ("lang" = Option<String>, Query, description = "`zh-CN` or `en`"),
    ("account" = Option<String>, Query, description = "`other`: sign in, though somebody is"),
), security(("authorization_cookie" = [])), responses(
    (status = 200, content_type = "text/html", body = String),
    (status = 404, description = "A page: authorization_not_found", content_type = "text/html", body = String),
    (status = 429, description = "A page: too_many_requests", content_type = "text/html", body = String),
))]
#[get("/oauth2/plain/{id}")]
pub async fn show_plain(ctx: Ctx, reader: Reader, request: HttpRequest) -> HttpResponse {
    shown(&ctx, &request, reader.clone()).await.unwrap_or_else(|problem| told(&reader, &problem))
}

async fn shown(ctx: &Ctx, request: &HttpRequest, reader: Reader) -> Result<HttpResponse, Problem> {
    let (held, pending, standing) = look(ctx, request, held(&ctx.core, request)?).await?;
    let reader = reader.in_locale(pending.request.ui_locale);
    let forms_to = form_target(&pending.request.target.uri);
    let query = Form::parse(request.query_string().as_bytes()).unwrap_or_default();
    let another = query.get("account") == Some("other");
    let reason = standing.reason;
    let ok = (StatusCode::OK, &reader);
    match (standing.state, &standing.account) {
        (State::Consent | State::Ready, Some(account)) if !another => {
            let page = consent_page(&ctx.core, &reader, &held, (&pending, &standing, account));
            rendered(ok, &page, &forms_to)
        }
        (State::Refused, _) if !another => {
            rendered(ok, &refused_page(&ctx.core, &reader, (&held, &pending), reason), &forms_to)
        }
        _ => {
            let captcha = captcha::http::issue(ctx).await?.id;
            let asked = (&held, &pending, reason.filter(|_| !another));
            let page = sign_in_page(&ctx.core, &reader, asked, (captcha, None, Vec::new()));
            rendered(ok, &page, &forms_to)
        }
    }
}

/// Sign in without JavaScript
///
/// By the rules of `POST /api/v1/sessions`.
#[utoipa::path(tag = "Pages", params(("id" = String, Path)),
    request_body(content = PlainSignIn, content_type = "application/x-www-form-urlencoded"),
    security(("authorization_cookie" = [])), responses(
    (status = 303, description = "Signed in: to the page of the sign-in"),
    (status = 400, description = "A page: malformed_request", content_type = "text/html", body = String),
    (status = 401, description = "A page: login_failed", content_type = "text/html", body = String),
    (status = 403, description = "A page: cross_site_request", content_type = "text/html", body = String),
    (status = 404, description = "A page: authorization_not_found", content_type = "text/html", body = String),
    (status = 422, description = "A page: validation_failed", content_type = "text/html", body = String),
    (status = 429, description = "A page: login_locked, login_too_soon, too_many_requests", content_type = "text/html", body = String),
    (status = 503, description = "A page: overloaded", content_type = "text/html", body = String),
))]
#[post("/oauth2/plain/{id}/sign-in")]
pub async fn sign_in_plain(
    ctx: Ctx,
    reader: Reader,
    request: HttpRequest,
    form: Sent,
) -> HttpResponse {
    let done = match form {
        Ok(form) => signed_in(&ctx, &request, &reader, &form).await,
        Err(_) => Err(Problem::new(ProblemCode::MalformedRequest)),
    };
    done.unwrap_or_else(|problem| told(&reader, &problem))
}

async fn signed_in(
    ctx: &Ctx,
    request: &HttpRequest,
    reader: &Reader,
    form: &Form,
) -> Result<HttpResponse, Problem> {
    RequestMeta::of(request)?.refuse_other_sites()?;
    let held = held(&ctx.core, request)?;
    check_token(&ctx.core, form, (&held.id, &held.secret))?;
    let (held, pending, standing) = look(ctx, request, held).await?;
    let path = format!("/oauth2/plain/{}", held.id);
    let reader = reader.clone().of_form(form).at(path.clone());
    let brought = Brought::by(&ctx.core, request);
    let tried = match credentials(form, brought.device) {
        Ok(credentials) => sign_in::browser(ctx, credentials, brought.session).await,
        Err(problem) => Err(problem),
    };
    let problem = match tried {
        Ok((opened, device)) => {
            let mut response = see_other(&format!("{path}?lang={}", reader.language.tag()));
            for cookie in given(&ctx.core, (opened.cookie, device)) {
                response.add_cookie(&cookie).map_err(Problem::internal)?;
            }
            return Ok(response);
        }
        Err(problem) => problem,
    };
    problem.log(reader.request_id);
    let errors = sign_in_errors(reader.words(), reader.language, &problem);
    let captcha = captcha::http::issue(ctx).await?.id;
    let typed = form.get("username").map(str::to_owned);
    let asked: (_, _, Option<Reason>) = (&held, &pending, standing.reason);
    let page = sign_in_page(&ctx.core, &reader, asked, (captcha, typed, errors));
    let forms_to = form_target(&pending.request.target.uri);
    rendered((problem.code().status(), &reader), &page, &forms_to)
}

/// Allow or refuse a sign-in without JavaScript
///
/// By the rules of `POST /api/v1/authorizations/{id}/decision`. `token` and
/// `confirmation` stand in the page.
#[utoipa::path(tag = "Pages", params(("id" = String, Path)),
    request_body(content = PlainDecision, content_type = "application/x-www-form-urlencoded"),
    security(("authorization_cookie" = [])), responses(
    (status = 303, description = "To the system, with a code or an error; or back to the page, when something else is to be done first"),
    (status = 400, description = "A page: malformed_request", content_type = "text/html", body = String),
    (status = 403, description = "A page: cross_site_request", content_type = "text/html", body = String),
    (status = 404, description = "A page: authorization_not_found", content_type = "text/html", body = String),
))]
#[post("/oauth2/plain/{id}/decision")]
pub async fn decide_plain(
    ctx: Ctx,
    reader: Reader,
    request: HttpRequest,
    form: Sent,
) -> HttpResponse {
    let malformed = || Problem::new(ProblemCode::MalformedRequest);
    let done = async {
        RequestMeta::of(&request)?.refuse_other_sites()?;
        let form = form.map_err(|_| malformed())?;
        let held = held(&ctx.core, &request)?;
        check_token(&ctx.core, &form, (&held.id, &held.secret))?;
        let decision = match form.get("decision") {
            Some("allow") => Decision::Allow,
            Some("deny") => Decision::Deny,
            _ => return Err(malformed()),
        };
        let page = format!("/oauth2/plain/{}", held.id);
        let confirmation = form.get("confirmation").map(str::to_owned);
        let done = Decided { decision, confirmation };
        match decided(&ctx, &request, held, done).await {
            Err(problem) if problem.code() == ProblemCode::AuthorizationConflict => Ok(page),
            location => location,
        }
    };
    match done.await {
        Ok(location) => see_other(&location),
        Err(problem) => told(&reader, &problem),
    }
}
