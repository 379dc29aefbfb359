//! The page around the documentation: the name of the product, and that the
//! sandbox is on. What is in it is Swagger UI's.

use actix_web::{HttpResponse, http::header::ContentType, web};
use askama::Template;

use crate::{
    adapters::sandbox::http::Switch,
    features::oauth::pages::Words,
    tools::web::{Problem, RequestMeta},
};

/// Where the page is. Swagger UI has one of its own there, which says neither.
pub const PATHS: [&str; 2] = ["/docs/", "/docs/index.html"];

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    words: &'static Words,
    /// Whether nothing here is real.
    sandbox: bool,
}

/// The documentation.
pub async fn page(meta: RequestMeta, sandbox: web::Data<Switch>) -> Result<HttpResponse, Problem> {
    let page = DocsPage { words: Words::of(meta.language), sandbox: sandbox.is_some() };
    let html = page.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}
