//! What the documentation page shows of a schema: its example, or what it puts
//! together from the examples of its members.

use serde_json::{Map, Value, json};

/// The example of a schema; where one is missing, the page would make a text or
/// a number up.
pub fn shown(document: &Value, schema: &Value) -> Result<Value, String> {
    if let Some(example) = schema.get("example") {
        return Ok(example.clone());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let inner = document.pointer(&reference[1..]).unwrap();
        return shown(document, inner).map_err(|what| format!("{reference}: {what}"));
    }
    if let Some(first) = schema["enum"].get(0) {
        return Ok(first.clone());
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return shown(document, first);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in parts {
            let Value::Object(mut members) = shown(document, part)? else {
                return Err("part of it is no object".to_owned());
            };
            all.append(&mut members);
        }
        return Ok(Value::Object(all));
    }
    if let Some(properties) = schema["properties"].as_object() {
        let mut members = Map::new();
        for (name, schema) in properties {
            let example = shown(document, schema).map_err(|what| format!("{name}: {what}"))?;
            members.insert(name.clone(), example);
        }
        return Ok(Value::Object(members));
    }
    let kind = schema["type"].get(0).unwrap_or(&schema["type"]);
    match (kind.as_str(), schema["format"].as_str()) {
        (Some("array"), _) => Ok(json!([shown(document, &schema["items"])?])),
        (Some("boolean"), _) => Ok(json!(true)),
        // The page makes up one of the right form.
        (Some("string"), Some("date")) => Ok(json!("2026-11-23")),
        (Some("string"), Some("date-time")) => Ok(json!("2026-11-23T02:00:00Z")),
        (Some("string"), Some("uuid")) => Ok(json!("01935e0c-7f4e-7c5a-8a53-0242ac120002")),
        _ => Err(format!("no example of {schema}")),
    }
}
