//! Parameters that many operations share.

use serde_json::json;
use utoipa::openapi::{
    Object, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
};

use super::shared::operations;

const KEY: &str = "Idempotency-Key";
/// The name of the key among the components.
const KEY_COMPONENT: &str = "IdempotencyKey";

/// Replaces every `Idempotency-Key` by one component. It comes last: what an
/// operation takes is read off its own parameters before.
pub(super) fn share(document: &mut Document) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                if matches!(parameter, RefOr::T(own) if own.name == KEY) {
                    let place = format!("#/components/parameters/{KEY_COMPONENT}");
                    *parameter = RefOr::Ref(Ref::new(place));
                }
            }
        }
    }
    let components = document.components.get_or_insert_default();
    components.parameters.insert(KEY_COMPONENT.to_owned(), idempotency_key().into());
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name(KEY)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "16 to 128 visible ASCII characters, such as a new UUID for every action. The same \
             request with the same key has one effect and one answer for 24 hours.",
        ))
        .schema(Some(key_schema()))
        .build()
}

fn key_schema() -> Object {
    let mut key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(16))
        .max_length(Some(128))
        .pattern(Some(r"^[\x21-\x7E]{16,128}$"))
        .build();
    key.example = Some(json!("4f6c1a52-8d0e-4b7b-9a56-6f2f3f0d7c11"));
    key
}
