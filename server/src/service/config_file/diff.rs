//! What is different between two values, field by field.

use std::collections::BTreeSet;

use serde_json::Value;

use super::plan::FieldChange;

/// Changes from one to the other, each by its own name. What is null counts as not there.
pub fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare(&mut found, "", Some(before), Some(after));
    found
}

fn compare(found: &mut Vec<FieldChange>, name: &str, before: Option<&Value>, after: Option<&Value>) {
    let (before, after) = (before.filter(|value| !value.is_null()), after.filter(|value| !value.is_null()));
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                compare(found, &below(name, key), old.get(key), new.get(key));
            }
        }
        // Of lists of different lengths nobody could say which entry became which.
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(found, &below(name, &index.to_string()), Some(old), Some(new));
            }
        }
        (None, Some(Value::Object(new))) if name.is_empty() => {
            for (key, new) in new {
                compare(found, key, None, Some(new));
            }
        }
        (before, after) => {
            found.push(FieldChange {
                field: name.to_owned(),
                before: before.cloned(),
                after: after.cloned(),
                secret: None,
            });
        }
    }
}

fn below(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(before: Value, after: Value) -> Vec<String> {
        let show = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
        differences(&before, &after)
            .into_iter()
            .map(|change| format!("{} {} {}", change.field, show(change.before), show(change.after)))
            .collect()
    }

    #[test]
    fn each_field_is_named_by_its_path() {
        let before = json!({"a": 1, "c": {"x": 1, "y": [1, {"p": "/t"}], "z": [1]}, "gone": true, "null": null});
        let after = json!({"a": 1, "c": {"x": 2, "y": [1, {"p": "/u"}], "z": [1, 2]}, "new": "n"});
        assert_eq!(
            names(before, after),
            ["c.x 1 2", r#"c.y.1.p "/t" "/u""#, "c.z [1] [1,2]", "gone true -", r#"new - "n""#]
        );
        assert_eq!(names(json!({"a": {}}), json!({"a": 1})), ["a {} 1"]);
    }

    #[test]
    fn what_is_new_has_all_its_fields() {
        assert_eq!(names(Value::Null, json!({"a": 1, "b": {"x": 2}, "n": null})), ["a - 1", r#"b - {"x":2}"#]);
        assert!(names(json!({"a": null}), json!({})).is_empty());
    }
}
