//! Values that fit a type, to show how a body looks.

use serde_json::{Map, Value, json};

use super::schema::Schemas;

/// Objects and lists inside each other are followed so far.
const DEPTH: u8 = 6;

pub fn example(schemas: &Schemas<'_>, schema: &Value) -> Value {
    value(schemas, schema, "", DEPTH)
}

fn value(schemas: &Schemas<'_>, schema: &Value, name: &str, depth: u8) -> Value {
    let given = [&schema["example"], &schema["examples"][0], &schema["const"], &schema["default"], &schema["enum"][0]];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    if let Some(named) = schemas.referred(schema) {
        return value(schemas, named, name, depth);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| value(schemas, part, name, depth));
        let fields = parts.filter_map(|part| if let Value::Object(fields) = part { Some(fields) } else { None });
        return Value::Object(fields.flatten().collect());
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")) {
            return value(schemas, first, name, depth);
        }
    }
    let kinds = schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), Vec::as_slice);
    match kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null") {
        Some("object" | "array") if depth == 0 => Value::Null,
        Some("object") => object(schemas, schema, depth - 1),
        Some("array") => json!([value(schemas, &schema["items"], name, depth - 1)]),
        Some("boolean") => json!(true),
        Some("integer") => typical(name).filter(Value::is_u64).unwrap_or_else(|| least(schema)),
        Some("number") => typical(name).filter(Value::is_number).unwrap_or_else(|| least(schema)),
        Some("string") => string(schema, name),
        _ => Value::Null,
    }
}

fn object(schemas: &Schemas<'_>, schema: &Value, depth: u8) -> Value {
    let mut fields = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        fields.insert(name.clone(), value(schemas, field, name, depth));
    }
    // Where anything may be in it, nothing is more typical than the rest.
    let named = &schema["additionalProperties"];
    if named.as_object().is_some_and(|named| !named.is_empty()) {
        fields.insert("…".to_owned(), value(schemas, named, "", depth));
    }
    Value::Object(fields)
}

fn least(schema: &Value) -> Value {
    if schema["minimum"].is_null() { json!(1) } else { schema["minimum"].clone() }
}

fn string(schema: &Value, name: &str) -> Value {
    match schema["format"].as_str() {
        Some("uuid") => json!("0b8e7a3c-9a7e-4d0c-8a51-3f8a4f6d2b11"),
        Some("date-time") => json!("2025-01-12T10:30:00Z"),
        Some("date") => json!("2025-01-12"),
        _ => typical(name).filter(Value::is_string).unwrap_or_else(|| json!("…")),
    }
}

/// What a field of this name often has.
fn typical(name: &str) -> Option<Value> {
    Some(match name {
        "name" | "equipment_name" => json!("Horno 1"),
        "location" => json!("Obrador"),
        "protocol" | "iot_protocol" => json!("rest_api"),
        "endpoint" | "iot_endpoint" => json!("http://192.168.1.40"),
        "port" | "iot_port" => json!(80),
        "target" => json!("temperature"),
        "path" => json!("/temperature"),
        "temperature" | "target_temperature" => json!(185.5),
        "humidity" => json!(65.0),
        "energy_consumption_kwh" => json!(12.5),
        "cycle_progress_percentage" => json!(45.0),
        "time_remaining_minutes" => json!(12.0),
        "poll_interval_seconds" => json!(5),
        "timezone" => json!("Europe/Madrid"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_fits_its_type() {
        let document = json!({"components": {"schemas": {
            "Oven": {"type": "object", "properties": {
                "port": {"type": ["integer", "null"], "minimum": 1},
                "kind": {"$ref": "#/components/schemas/Kind"},
                "parent": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Oven"}]},
                "zones": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0.5}},
                "at": {"type": "string", "format": "date-time"},
            }},
            "Kind": {"type": "string", "enum": ["deck", "rack"]},
        }}});
        let schemas = Schemas::of(&document, "");
        let mut oven = example(&schemas, &json!({"$ref": "#/components/schemas/Oven"}));
        assert!(oven["parent"].is_object(), "as deep as it is shown");
        oven.as_object_mut().unwrap().remove("parent");
        assert_eq!(oven, json!({"port": 80, "kind": "deck", "zones": {"…": 0.5}, "at": "2025-01-12T10:30:00Z"}));
    }
}
