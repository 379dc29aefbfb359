//! What the OpenAPI document says of each operation, held against every answer
//! that any test gets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::{Value, json};
use shiming::tools::web::ProblemCode;

use super::Answer;

/// An operation: its method, the segments of its path, the description and the
/// headers of each status that it declares, and the scope that a client needs.
struct Operation {
    method: String,
    segments: Vec<String>,
    statuses: BTreeMap<u16, String>,
    headers: BTreeMap<u16, Vec<String>>,
    /// Statuses whose response is one of all operations.
    shared: BTreeSet<u16>,
    scope: Option<String>,
}

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(shiming::compose::openapi::document()).unwrap());

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = &*DOCUMENT;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase(),
                segments: path.split('/').map(str::to_owned).collect(),
                statuses: statuses(document, operation),
                headers: headers(document, operation),
                shared: shared(operation),
                scope: scope(operation),
            });
        }
    }
    operations
});

fn responses<'a>(
    document: &'a Value,
    operation: &'a Value,
) -> impl Iterator<Item = (u16, &'a Value)> {
    operation["responses"].as_object().unwrap().iter().map(|(status, response)| {
        let response = match response["$ref"].as_str() {
            Some(shared) => document.pointer(shared.trim_start_matches('#')).unwrap(),
            None => response,
        };
        (status.parse().unwrap(), response)
    })
}

fn statuses(document: &Value, operation: &Value) -> BTreeMap<u16, String> {
    responses(document, operation)
        .map(|(status, response)| (status, response["description"].as_str().unwrap().to_owned()))
        .collect()
}

fn headers(document: &Value, operation: &Value) -> BTreeMap<u16, Vec<String>> {
    responses(document, operation)
        .map(|(status, response)| {
            let headers = response["headers"].as_object();
            (status, headers.into_iter().flatten().map(|(name, _)| name.to_lowercase()).collect())
        })
        .collect()
}

fn shared(operation: &Value) -> BTreeSet<u16> {
    let responses = operation["responses"].as_object().unwrap().iter();
    let shared = responses.filter(|(_, response)| response["$ref"].is_string());
    shared.map(|(status, _)| status.parse().unwrap()).collect()
}

fn scope(operation: &Value) -> Option<String> {
    let mut requirements = operation["security"].as_array()?.iter();
    let scopes = requirements.find_map(|one| one["client_token"].as_array())?;
    assert_eq!(scopes.len(), 1, "{}: one scope", operation["operationId"]);
    Some(scopes[0].as_str().unwrap().to_owned())
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
/// problem its code, with an example that has all the members.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return };
    let (asked, status) = (&answer.asked, answer.status);
    let Some(description) = operation.statuses.get(&status) else {
        panic!("{asked}: {status} is not declared: {}", answer.text());
    };
    check_headers(operation, answer);
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
        if code == "scope_insufficient" {
            assert_eq!(operation.scope.as_deref(), problem["scope"].as_str(), "{asked}: scope");
        }
        if let Some(known) = ProblemCode::ALL.iter().find(|one| problem["code"] == one.as_str()) {
            let example = shiming::tools::web::problem::example(*known);
            for name in problem.as_object().unwrap().keys() {
                assert!(example.get(name).is_some(), "{asked}: {code} is shown without {name}");
            }
            let conforms = conforms(&DOCUMENT, &json!("ProblemDocument"), &problem);
            assert!(conforms.is_ok(), "{asked}: {conforms:?}: {problem}");
        }
    }
}

/// Whether a value is what a schema says, as far as types, names, lists of values
/// and lower bounds go; a text in place of the schema names a component.
pub fn conforms(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let name = schema.as_str().or_else(|| schema["$ref"].as_str()?.rsplit('/').next());
    if let Some(name) = name {
        return conforms(document, &document["components"]["schemas"][name], value);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|one| conforms(document, one, value).is_ok());
        return if fits { Ok(()) } else { Err(format!("{value} is none of {schema}")) };
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => {
            value.as_i64().is_some_and(|value| value >= schema["minimum"].as_i64().unwrap_or(value))
        }
        _ => false,
    };
    if !fits || schema["enum"].as_array().is_some_and(|listed| !listed.contains(value)) {
        return Err(format!("{value} is not {schema}"));
    }
    for one in value.as_array().into_iter().flatten() {
        conforms(document, &schema["items"], one)?;
    }
    for (name, one) in value.as_object().into_iter().flatten() {
        conforms(document, &schema["properties"][name], one)?;
    }
    Ok(())
}

/// Headers that somebody who integrates has to know of.
const TOLD: [&str; 5] =
    ["location", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate"];

#[track_caller]
fn check_headers(operation: &Operation, answer: &Answer) {
    let (asked, status) = (&answer.asked, answer.status);
    let Some(declared) = operation.headers.get(&status) else { return };
    // Refusals that all operations share are the same whoever asks.
    let told = TOLD.into_iter().filter(|name| {
        let counted = name.starts_with("ratelimit") && operation.shared.contains(&status);
        !counted && !answer.header(name).is_empty()
    });
    for name in told {
        assert!(
            declared.iter().any(|one| one == name),
            "{asked}: {status} does not declare {name}"
        );
    }
    if operation.scope.is_some() && status < 300 {
        assert!(!answer.header("ratelimit").is_empty(), "{asked}: no RateLimit");
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
