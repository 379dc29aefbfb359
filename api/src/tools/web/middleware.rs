//! The outermost layer: request id, security headers, one form of failure (two
//! with OAuth's), one log line a request.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use super::{OauthError, Problem, ProblemCode, Quota, RequestMeta, WebContext, cors, html::IsPage};

/// Policy for everything but the web client's pages and the documentation:
/// such answers are data and may load nothing.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The documentation page writes styles into itself; its scripts come from here
/// only.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// Wraps the whole application.
pub async fn envelope<B: MessageBody + 'static>(
    context: Data<WebContext>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let meta = RequestMeta::read(&request, &context).map_err(Problem::internal)?;
    request.extensions_mut().insert(meta.clone());
    let method = request.method().clone();
    let response = match next.call(request).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => {
            let problem = problem_of(&error, error.as_response_error().status_code());
            problem.log(meta.id);
            return Err(actix_web::error::InternalError::from_response(
                "failed before a handler",
                finish(problem.response(meta.language, meta.id), &meta),
            )
            .into());
        }
    };
    let mut response = as_problem(response, &meta);
    let quota = response.request().extensions().get::<Quota>().copied();
    if let Some(quota) = quota {
        quota.add_headers(response.headers_mut());
    }
    let route = response.request().match_pattern().unwrap_or_else(|| "-".to_owned());
    // The pattern, not the path: a path may name a person's session.
    tracing::info!(
        request_id = %meta.id,
        method = %method,
        route,
        status = response.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    Ok(response)
}

/// Replaces whatever failure came out by a problem document.
fn as_problem(response: ServiceResponse<BoxBody>, meta: &RequestMeta) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        let mut response = response;
        add_headers(response.headers_mut(), meta);
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            allow_frames(response.headers_mut());
        }
        return response;
    }
    if response.response().extensions().contains::<IsPage>() {
        let mut response = response;
        add_headers(response.headers_mut(), meta);
        return response;
    }
    let (request, failed) = response.into_parts();
    let document = match failed.error() {
        Some(error) => match error.as_error::<OauthError>() {
            Some(error) => respond_oauth(error, meta),
            None => respond(&problem_of(error, status), meta),
        },
        None => respond(&problem_of_status(status), meta),
    };
    let mut document = finish(document, meta);
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in failed.headers().get_all(&name) {
            document.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, document)
}

fn respond(problem: &Problem, meta: &RequestMeta) -> HttpResponse {
    problem.log(meta.id);
    problem.response(meta.language, meta.id)
}

/// Clients that speak OAuth know its errors, and no others.
fn respond_oauth(error: &OauthError, meta: &RequestMeta) -> HttpResponse {
    error.log(meta.id);
    error.response()
}

fn finish(mut response: HttpResponse, meta: &RequestMeta) -> HttpResponse {
    add_headers(response.headers_mut(), meta);
    response
}

/// The problem inside an actix error, or the one that its status stands for.
fn problem_of(error: &Error, status: StatusCode) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => problem_of_status(status),
    }
}

fn problem_of_status(status: StatusCode) -> Problem {
    Problem::new(match status {
        StatusCode::NOT_FOUND => ProblemCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemCode::UnsupportedMediaType,
        status if status.is_client_error() => ProblemCode::MalformedRequest,
        _ => ProblemCode::Internal,
    })
}

/// An answer that only leads elsewhere shows nothing that a frame could
/// disguise, and clients ask with `prompt=none` in frames whether somebody is
/// signed in.
fn allow_frames(headers: &mut HeaderMap) {
    headers.remove(header::X_FRAME_OPTIONS);
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'"),
    );
}

/// Security headers (OWASP Secure Headers), unless the handler set its own.
fn add_headers(headers: &mut HeaderMap, meta: &RequestMeta) {
    if let Some(asks) = meta.cross_origin {
        cors::add_headers(headers, asks);
    }
    let policy = if meta.is_docs { DOCS_POLICY } else { DATA_POLICY };
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(id) = HeaderValue::from_str(&meta.id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if meta.secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}
