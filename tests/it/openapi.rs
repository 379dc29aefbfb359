//! What the OpenAPI document promises. That it tells all that the server does
//! is checked for every answer of every test (`support::contract`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shiming::tools::web::{OauthCode, ProblemCode};

use crate::{
    architecture,
    support::{contract, examples},
};

fn code(name: &str) -> Option<ProblemCode> {
    ProblemCode::ALL.iter().copied().find(|code| code.as_str() == name)
}

fn document() -> Value {
    serde_json::to_value(shiming::compose::openapi::document()).unwrap()
}

/// The names under which types stand in the document, each with the files of
/// the types that have it.
fn schema_names() -> BTreeMap<String, Vec<String>> {
    let mut names = BTreeMap::<String, Vec<String>>::new();
    for architecture::Source { path, code, .. } in architecture::sources() {
        for (at, derived) in code.match_indices("ToSchema") {
            let is_derived = code[..at].rsplit_once("#[").is_some_and(|(_, attribute)| {
                attribute.starts_with("derive(") && !attribute.contains(']')
            });
            if !is_derived {
                continue;
            }
            let rest = &code[at + derived.len()..];
            let (attributes, kind) = ["struct ", "enum "]
                .iter()
                .filter_map(|kind| rest.split_once(kind))
                .min_by_key(|(attributes, _)| attributes.len())
                .unwrap();
            let named = attributes.split_once("schema(as = ").map_or(kind, |(_, name)| name);
            names.entry(architecture::name_at(named).to_owned()).or_default().push(path.clone());
        }
    }
    names
}

/// The document would hold one of two, and show it in place of the other.
#[test]
fn no_two_types_share_the_name_of_a_schema() {
    let names = schema_names();
    let shared: Vec<_> = names.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:?}");
    for schema in document()["components"]["schemas"].as_object().unwrap().keys() {
        // Of a generic type the parameters follow.
        let name = schema.split('_').next().unwrap();
        assert!(names.contains_key(name), "{schema} was not found in the sources");
    }
}

#[test]
fn every_problem_code_is_named_by_an_operation() {
    let mut named = BTreeSet::new();
    for (_, statuses) in contract::declared() {
        named.extend(statuses.values().flat_map(|description| contract::names(description)));
    }
    let missing: Vec<&str> = ProblemCode::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| !named.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_refusal_names_its_codes_and_only_those_of_its_status() {
    for (operation, statuses) in contract::declared() {
        for (status, description) in statuses.iter().filter(|(status, _)| **status >= 400) {
            if contract::speaks_oauth(&operation) && *status != 405 {
                assert!(
                    contract::names(description)
                        .any(|name| OauthCode::ALL.iter().any(|code| code.as_str() == name)),
                    "{operation}: {status} names no code: {description}"
                );
                continue;
            }
            let codes: Vec<_> = contract::names(description).filter_map(code).collect();
            assert!(!codes.is_empty(), "{operation}: {status} names no code: {description}");
            for code in codes {
                assert_eq!(code.status().as_u16(), *status, "{operation}: {}", code.as_str());
            }
        }
    }
}

#[test]
fn every_failure_is_a_problem_document() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = match response["$ref"].as_str() {
                    Some(shared) => document.pointer(shared.trim_start_matches('#')).unwrap(),
                    None => response,
                };
                assert!(response["description"].is_string(), "{method} {path} {status}");
                if status.starts_with('2') || status == "303" {
                    continue;
                }
                if response.pointer("/content/text~1html").is_some() {
                    assert!(contract::shows_pages(path), "{method} {path} {status}");
                    continue;
                }
                let (kind, document) = if contract::speaks_oauth(path) && status != "405" {
                    ("application~1json", "OauthErrorDocument")
                } else {
                    ("application~1problem+json", "ProblemDocument")
                };
                let schema = response.pointer(&format!("/content/{kind}/schema/$ref"));
                assert_eq!(
                    schema.and_then(Value::as_str),
                    Some(format!("#/components/schemas/{document}").as_str()),
                    "{method} {path} {status}"
                );
            }
        }
    }
}

#[test]
fn an_example_shows_what_a_problem_looks_like() {
    let document = document();
    let schema = &document["components"]["schemas"]["ProblemDocument"];
    let example = schema["example"].as_object().unwrap();
    for member in schema["required"].as_array().unwrap() {
        assert!(example.contains_key(member.as_str().unwrap()), "{member}");
    }
    assert_eq!(example["errors"][0]["pointer"], "/document_number");
}

/// A part of the document, or what it refers to.
fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => part,
    }
}

/// Every operation, with its name for messages.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((format!("{method} {path}"), operation));
        }
    }
    operations
}

#[test]
fn every_operation_says_in_a_line_what_it_does_and_then_the_rest() {
    for (name, operation) in operations(&document()) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty() && !summary.contains('\n'), "{name}: {summary}");
        assert!(operation["description"].is_string(), "{name}: no description");
    }
}

/// Linters and generators take an operation without it for a forgotten one.
#[test]
fn every_operation_says_who_may_call_it() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let (mut public, mut scoped) = (0, 0);
    for (name, operation) in operations(&document) {
        let ways = operation["security"].as_array().unwrap_or_else(|| panic!("{name}"));
        public += usize::from(ways.is_empty());
        for (scheme, scopes) in ways.iter().flat_map(|way| way.as_object().unwrap()) {
            let flows = schemes[scheme].pointer("/flows").and_then(Value::as_object);
            for scope in scopes.as_array().unwrap() {
                let declared = flows.unwrap().values().any(|flow| {
                    flow["scopes"].get(scope.as_str().unwrap()).is_some_and(Value::is_string)
                });
                assert!(declared, "{name}: {scheme} has no scope {scope}");
                scoped += 1;
            }
        }
    }
    assert!(public >= 30 && scoped >= 17, "{public} public, {scoped} with a scope");
}

/// A handler that reads a form has it described, and a page tells what is wrong
/// with it.
#[test]
fn every_form_is_described() {
    const FORM: &str = "/requestBody/content/application~1x-www-form-urlencoded/schema/$ref";
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("post").filter(|_| path.starts_with("/oauth2")) else {
            continue;
        };
        let schema = operation.pointer(FORM).unwrap_or_else(|| panic!("{path}: no form"));
        let members =
            document.pointer(&schema.as_str().unwrap()[1..]).unwrap()["properties"].as_object();
        assert!(members.is_some_and(|members| !members.is_empty()), "{path}");
        assert!(operation["responses"].get("415").is_none(), "{path}");
    }
}

/// Which codes have a member stands in its description.
#[test]
fn the_schema_of_a_problem_has_the_members_of_every_code() {
    let document = document();
    let members = document["components"]["schemas"]["ProblemDocument"]["properties"].clone();
    let mut said = 0;
    for code in ProblemCode::ALL {
        let example = shiming::tools::web::problem::example(*code);
        contract::conforms(&document, &json!("ProblemDocument"), &example).unwrap();
        for (name, schema) in members.as_object().unwrap() {
            let about = schema["description"].as_str().unwrap();
            let names = about.contains(&format!("`{}`", code.as_str()));
            let optional = about.contains(" With `");
            said += usize::from(names);
            assert_eq!(
                example.get(name).is_some(),
                names || !optional,
                "{name} of {}",
                code.as_str()
            );
        }
    }
    assert!(said >= 25, "{said}");
}

#[test]
fn bounds_are_declared_where_the_server_has_them() {
    let document = document();
    let mut met = BTreeSet::new();
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = resolved(&document, parameter);
            let (named, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            match named {
                "limit" => {
                    let bounds = [&schema["minimum"], &schema["maximum"], &schema["default"]];
                    assert_eq!(bounds, [1, 100, 50], "{name}");
                }
                "Idempotency-Key" => {
                    let bounds = [&schema["minLength"], &schema["maxLength"]];
                    assert_eq!(bounds, [16, 128], "{name}");
                    assert_eq!(schema["pattern"], r"^[\x21-\x7E]{16,128}$", "{name}");
                }
                _ => continue,
            }
            met.insert(named.to_owned());
        }
    }
    assert_eq!(met.len(), 2, "{met:?}");
    for name in ["SetQuestions", "AnswerQuestions"] {
        let answers = &document["components"]["schemas"][name]["properties"]["answers"];
        assert_eq!([&answers["minItems"], &answers["maxItems"]], [3, 3], "{name}");
    }
}

/// The page that shows the document would make a text or a number up.
#[test]
fn every_body_of_json_has_an_example() {
    let document = document();
    let mut shown = 0;
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let bodies = responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| resolved(&document, response))
            .chain([&operation["requestBody"]]);
        for content in bodies.filter_map(|body| body.pointer("/content/application~1json")) {
            let example = examples::shown(&document, &content["schema"]);
            assert!(example.is_ok(), "{name}: {example:?}");
            shown += 1;
        }
    }
    assert!(shown > 90, "{shown}");
}

/// What is shown under a status is what is answered with it, code by code.
#[test]
fn every_refusal_shows_each_of_its_codes() {
    let document = document();
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolved(&document, response);
            let kinds = response["content"].as_object().into_iter().flatten();
            let json = kinds.filter(|(kind, _)| kind.ends_with("json"));
            for (kind, content) in json.filter(|_| status.as_str() >= "400") {
                let described = response["description"].as_str().unwrap();
                let is_problem = kind == "application/problem+json";
                let oauth = |one: &str| OauthCode::ALL.iter().any(|code| code.as_str() == one);
                let declared = contract::names(described)
                    .filter(|one| if is_problem { code(one).is_some() } else { oauth(one) });
                let shown = content["examples"].as_object().unwrap();
                let codes: BTreeSet<&str> = shown.keys().map(String::as_str).collect();
                assert_eq!(codes, declared.collect(), "{name} {status}");
                for (code, example) in shown {
                    let example = &resolved(&document, example)["value"];
                    if is_problem {
                        assert_eq!(example["status"].to_string(), *status, "{name}: {code}");
                    }
                    let member = if is_problem { "code" } else { "error" };
                    assert_eq!(example[member], *code, "{name} {status}");
                }
            }
        }
    }
}

/// Creating requests whose repetition must have no second effect. The others
/// that make something (`CONTRIBUTING.md` says why) do not take the key.
#[test]
fn the_document_says_which_requests_take_an_idempotency_key() {
    let document = document();
    let mut taking = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let mut parameters = parameters.map(|one| resolved(&document, one));
            if let Some(key) = parameters.find(|one| one["name"] == "Idempotency-Key") {
                assert!(method == "post" || method == "put", "{method} {path}");
                assert!(key["schema"]["example"].is_string(), "{method} {path}");
                taking.insert(path.trim_start_matches("/api/v1/").to_owned());
            }
        }
    }
    for path in [
        "registrations",
        "registrations/{id}/bank-verification",
        "registrations/{id}/confirmation",
        "tokens/refresh",
    ] {
        assert!(taking.contains(path), "{path}");
    }
    for path in ["sessions", "tokens", "captchas", "/sandbox/v1/cardholders"] {
        assert!(!taking.contains(path), "{path}");
    }
}
