//! Examples of refusals. Under a status stand the codes that are declared for
//! it; each has one example in the document.

use serde_json::{Value, json};
use utoipa::openapi::{
    Components, OpenApi as Document, Ref, RefOr, Response, example::ExampleBuilder,
};

use super::shared::{names, operations};
use crate::tools::web::{OauthCode, ProblemCode, problem};

/// A code, the name of its example, and the example.
type Shown = (&'static str, String, Value);

/// Puts examples to every refusal.
pub(super) fn declare(document: &mut Document) {
    let mut components = document.components.take().unwrap_or_default();
    let mut shared = std::mem::take(&mut components.responses);
    for response in shared.values_mut() {
        show(response, &mut components);
    }
    components.responses = shared;
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            for response in operation.responses.responses.values_mut() {
                show(response, &mut components);
            }
        }
    }
    document.components = Some(components);
}

fn show(response: &mut RefOr<Response>, components: &mut Components) {
    let RefOr::T(Response { description, content, .. }) = response else { return };
    for content in content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::Ref(schema)) = &content.schema else { continue };
        let shown = match schema.ref_location.rsplit('/').next() {
            Some("ProblemDocument") => problems(description),
            Some("OauthErrorDocument") => oauth_errors(description),
            _ => continue,
        };
        for (code, name, example) in shown {
            let reference = Ref::new(format!("#/components/examples/{name}"));
            content.examples.insert(code.to_owned(), RefOr::Ref(reference));
            let example = ExampleBuilder::new().value(Some(example));
            components.examples.insert(name, example.into());
        }
    }
}

fn problems(description: &str) -> Vec<Shown> {
    let named = ProblemCode::ALL.iter().filter(|code| names(description, code.as_str()));
    named.map(|code| (code.as_str(), format!("{code:?}"), problem::example(*code))).collect()
}

fn oauth_errors(description: &str) -> Vec<Shown> {
    let named = OauthCode::ALL.iter().filter(|code| names(description, code.as_str()));
    let example =
        |code: &OauthCode| json!({ "error": code, "error_description": code.description() });
    named.map(|code| (code.as_str(), format!("Oauth{code:?}"), example(code))).collect()
}
