//! What answers where no handler does.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::{ResourceDef, ResourcePath},
    http::{Method, header},
};
use utoipa::openapi::path::HttpMethod;

use super::{Problem, ProblemCode};

/// The path of a route, and the methods that it takes.
pub type Address = (String, Vec<HttpMethod>);

/// Every address of the API and the methods it takes, so that a wrong method is
/// told apart from a wrong address.
#[derive(Debug)]
pub struct AllowedMethods(Vec<(ResourceDef, BTreeSet<&'static str>)>);

impl AllowedMethods {
    /// These routes; one address may come more than once.
    pub fn new(addresses: &[Address]) -> Self {
        let routes = addresses.iter();
        Self(routes.map(|(path, taken)| (ResourceDef::new(path.as_str()), names(taken))).collect())
    }

    fn allowed(&self, path: &str) -> Option<String> {
        let mut allowed = BTreeSet::new();
        for (pattern, methods) in &self.0 {
            if pattern.is_match(path.path()) {
                allowed.extend(methods.iter().copied());
            }
        }
        (!allowed.is_empty()).then(|| allowed.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// `method_not_allowed` with `Allow` (RFC 9110 §15.5.6) or `not_found`.
    pub fn refuse(&self, request: &HttpRequest) -> HttpResponse {
        match self.allowed(request.path()) {
            Some(allowed) if request.method() == Method::OPTIONS => {
                HttpResponse::NoContent().insert_header((header::ALLOW, allowed)).finish()
            }
            Some(allowed) => {
                let problem = Problem::new(ProblemCode::MethodNotAllowed);
                let mut response = HttpResponse::from_error(problem);
                if let Ok(allowed) = header::HeaderValue::from_str(&allowed) {
                    response.headers_mut().insert(header::ALLOW, allowed);
                }
                response
            }
            None => HttpResponse::from_error(Problem::new(ProblemCode::NotFound)),
        }
    }
}

fn names(methods: &[HttpMethod]) -> BTreeSet<&'static str> {
    let name = |method: &HttpMethod| match method {
        HttpMethod::Get => "GET",
        HttpMethod::Put => "PUT",
        HttpMethod::Post => "POST",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Head => "HEAD",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Trace => "TRACE",
    };
    methods.iter().map(name).collect()
}
