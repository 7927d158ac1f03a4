//! The single values in a JSON document, and the way to each.

use serde_json::Value;

/// How far is looked.
pub struct Limits {
    /// Most names that lead to a value.
    pub depth: usize,
    /// Entries of one list.
    pub items: usize,
}

/// Every value that is neither object nor list, with the names that lead to it.
pub fn each(value: &Value, limits: &Limits, found: &mut impl FnMut(&[String], &Value)) {
    walk(value, limits, &mut Vec::new(), found);
}

fn walk(value: &Value, limits: &Limits, names: &mut Vec<String>, found: &mut impl FnMut(&[String], &Value)) {
    if names.len() > limits.depth {
        return;
    }
    let mut below = |name: String, value: &Value| {
        names.push(name);
        walk(value, limits, names, found);
        names.pop();
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| below(name.clone(), value)),
        Value::Array(list) => {
            list.iter().enumerate().take(limits.items).for_each(|(index, value)| below(index.to_string(), value));
        }
        leaf => found(names, leaf),
    }
}

/// A JSON Pointer (RFC 6901).
pub fn pointer(names: &[String]) -> String {
    names.iter().flat_map(|name| ["/".to_owned(), name.replace('~', "~0").replace('/', "~1")]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn all(value: &Value) -> Vec<(Vec<String>, Value)> {
        let mut leaves = Vec::new();
        each(value, &Limits { depth: 24, items: 64 }, &mut |names, leaf| leaves.push((names.to_vec(), leaf.clone())));
        leaves
    }

    #[test]
    fn keys_with_slashes_tildes_and_colons_lead_back_to_their_value() {
        let answer = json!({"a/b": {"c~d": [1, {"e:f": true}]}});
        let leaves = all(&answer);
        assert_eq!(leaves.len(), 2);
        for (names, value) in leaves {
            assert_eq!(answer.pointer(&pointer(&names)), Some(&value));
        }
    }

    #[test]
    fn it_looks_as_far_as_it_is_told() {
        let mut seen = Vec::new();
        let value = json!({"near": 1, "a": {"b": 2, "far": {"c": 3}}, "list": [4, 5, 6]});
        each(&value, &Limits { depth: 2, items: 2 }, &mut |names, _| seen.push(names.join(".")));
        seen.sort();
        assert_eq!(seen, ["a.b", "list.0", "list.1", "near"]);
    }

    proptest! {
        #[test]
        fn every_pointer_leads_to_its_leaf(keys in prop::collection::vec("[a-z/~:0-9 ü]{0,6}", 1..6), end in any::<i32>()) {
            let answer = keys.iter().rev().fold(json!(end), |inner, key| json!({key: inner}));
            let leaves = all(&answer);
            prop_assert_eq!(leaves.len(), 1);
            prop_assert_eq!(answer.pointer(&pointer(&leaves[0].0)), Some(&json!(end)));
        }
    }
}
