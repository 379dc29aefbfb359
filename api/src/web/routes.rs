//! What answers where no handler does.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::{ResourceDef, ResourcePath},
    http::{Method, header},
};
use utoipa::openapi::{OpenApi, path::PathItem};

use super::{Problem, ProblemCode};

/// Every address of the API and the methods it takes, read from the OpenAPI
/// document, so that a wrong method is told apart from a wrong address.
#[derive(Debug)]
pub struct RouteTable(Vec<(ResourceDef, BTreeSet<&'static str>)>);

impl RouteTable {
    /// The routes of `openapi`.
    pub fn new(openapi: &OpenApi) -> Self {
        let routes = openapi.paths.paths.iter();
        Self(routes.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
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

fn methods(item: &PathItem) -> BTreeSet<&'static str> {
    let known = [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("DELETE", item.delete.is_some()),
        ("PATCH", item.patch.is_some()),
    ];
    known.into_iter().filter_map(|(name, present)| present.then_some(name)).collect()
}
