//! The description as its readers get it: every operation with an id of its own, and no traces of the code that it was
//! made from.

use axum::http::StatusCode;
use serde_json::{Map, Value};

/// Finishes a description that was written out.
pub fn finish(mut api: Value) -> Value {
    for (path, item) in api["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            operation["operationId"] = id(method, path).into();
            for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
                explain(status, answer.as_object_mut());
            }
        }
    }
    unlink(&mut api);
    api
}

/// Method and path, which name one operation alone, in the letters of a programming language.
fn id(method: &str, path: &str) -> String {
    let parts = path.trim_start_matches("/api/v1/").split('/').map(|part| {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => format!("by_{name}"),
            None => part.replace('-', "_"),
        }
    });
    parts.fold(method.to_owned(), |id, part| format!("{id}_{part}"))
}

/// OpenAPI 3.1 wants a description of each answer, if only the status in words.
fn explain(status: &str, answer: Option<&mut Map<String, Value>>) {
    let Some(answer) = answer else { return };
    if answer.get("description").is_none_or(|text| text == "") {
        let reason = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason());
        answer.insert("description".to_owned(), reason.unwrap_or_default().into());
    }
}

/// Comments of the code lead to other code, ``[`Like`](this)``; readers of the API get the names alone.
fn unlink(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for key in ["description", "summary"] {
                if let Some(Value::String(text)) = object.get_mut(key) {
                    *text = without_links(text);
                }
            }
            object.values_mut().for_each(unlink);
        }
        Value::Array(array) => array.iter_mut().for_each(unlink),
        _ => {}
    }
}

fn without_links(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else { break };
        plain.extend([before, "`", name, "`"]);
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_by_method_and_path() {
        assert_eq!(id("get", "/api/v1/equipment"), "get_equipment");
        assert_eq!(id("put", "/api/v1/equipment/{id}"), "put_equipment_by_id");
        assert_eq!(id("post", "/api/v1/equipment/{id}/iot-config"), "post_equipment_by_id_iot_config");
    }

    #[test]
    fn links_into_the_code_become_names() {
        assert_eq!(without_links("see [`A::b`](super::A::b), [`C`] and [d](e)"), "see `A::b`, `C` and [d](e)");
        assert_eq!(without_links("[`open"), "[`open");
    }
}
