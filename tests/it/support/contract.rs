//! What the OpenAPI document says of each operation, held against every answer
//! that any test gets.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;

use super::Answer;

/// An operation: its method, the segments of its path, and the description of
/// each status that it declares.
struct Operation {
    method: String,
    segments: Vec<String>,
    statuses: BTreeMap<u16, String>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = serde_json::to_value(shiming::openapi::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase(),
                segments: path.split('/').map(str::to_owned).collect(),
                statuses: statuses(&document, operation),
            });
        }
    }
    operations
});

fn statuses(document: &Value, operation: &Value) -> BTreeMap<u16, String> {
    let responses = operation["responses"].as_object().unwrap().iter();
    responses
        .map(|(status, response)| {
            let response = match response["$ref"].as_str() {
                Some(shared) => document.pointer(shared.trim_start_matches('#')).unwrap(),
                None => response,
            };
            (status.parse().unwrap(), response["description"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// The operation that answers; one that names a segment goes before one that
/// leaves it open.
fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |one: &&Operation| {
        one.method == method
            && one.segments.len() == segments.len()
            && one.segments.iter().zip(&segments).all(|(own, asked)| own == asked || is_open(own))
    };
    OPERATIONS
        .iter()
        .filter(fits)
        .min_by_key(|one| one.segments.iter().filter(|own| is_open(own)).count())
}

fn is_open(segment: &str) -> bool {
    segment.starts_with('{')
}

/// Checks that the document declares the status of an answer, and for a
/// problem its code.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return };
    let (asked, status) = (&answer.asked, answer.status);
    let Some(description) = operation.statuses.get(&status) else {
        panic!("{asked}: {status} is not declared: {}", answer.text());
    };
    let is_page = answer.header("content-type").starts_with("text/html");
    if status >= 400 && !is_page {
        let problem = answer.json();
        // OAuth has another name for it.
        let code = problem.get("code").or_else(|| problem.get("error"));
        let code = code.and_then(Value::as_str).unwrap();
        assert!(
            names(description).any(|one| one == code),
            "{asked}: {status} is declared for {description}, not for {code}"
        );
    }
}

/// The words of a description that may be codes.
pub fn names(description: &str) -> impl Iterator<Item = &str> {
    description.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|one| !one.is_empty())
}

/// Every operation: method, path and the description of each status.
pub fn declared() -> impl Iterator<Item = (String, &'static BTreeMap<u16, String>)> {
    OPERATIONS
        .iter()
        .map(|one| (format!("{} {}", one.method, one.segments.join("/")), &one.statuses))
}

/// Whether an operation answers errors as OAuth has them.
pub fn speaks_oauth(operation: &str) -> bool {
    ["/introspect", "/par", "/revoke", "/token", "/userinfo"]
        .iter()
        .any(|name| operation.ends_with(&format!("/oauth2{name}")))
}

/// Whether an operation tells people what is wrong, with a page.
pub fn shows_pages(operation: &str) -> bool {
    ["/oauth2/authorize", "/oauth2/logout", "/oauth2/plain"]
        .iter()
        .any(|path| operation.contains(path))
}
