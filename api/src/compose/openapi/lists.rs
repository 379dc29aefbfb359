//! Pages of lists. Of a generic type the inner one is described inside of it;
//! here it becomes a reference to the component that describes the same.

use utoipa::openapi::{OpenApi as Document, Ref, RefOr, Schema, schema::ArrayItems};

/// Lets the pages refer to what they are lists of.
pub(super) fn refer_to_items(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    let known = components.schemas.clone();
    for (name, schema) in &mut components.schemas {
        let Some(item) = name.strip_prefix("Page_") else { continue };
        if let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
            && let ArrayItems::RefOrSchema(inner) = &mut items.items
            && known.get(item) == Some(&**inner)
        {
            **inner = Ref::from_schema_name(item).into();
        }
    }
}
