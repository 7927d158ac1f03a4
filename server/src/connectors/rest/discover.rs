//! What the answers hold, each value with a proposal for its mapping.

use std::collections::HashSet;

use app::model::{
    discovery::{Discovery, FoundValue, Search},
    mapping::MappingRule,
};
use serde_json::{Map, Value};

use super::{plan::Plan, stages::without_secrets, suggest::suggest};

/// More than an admin can look through; a search narrows it down.
const MAX_VALUES: usize = 500;
/// Longest value that is shown, in characters.
const MAX_SAMPLE: usize = 80;
/// An answer nested deeper than this is no oven's.
const MAX_DEPTH: usize = 24;

pub fn list(plan: &Plan, answers: &Map<String, Value>, search: &Search) -> Discovery {
    let mut found = Discovery::default();
    let mut taken = HashSet::new();
    let text = search.text.as_deref().unwrap_or_default().trim().to_lowercase();
    for (index, endpoint) in plan.endpoints.iter().enumerate() {
        let Some(answer) = answers.get(&endpoint.name) else { continue };
        let prefix = if index == 0 { String::new() } else { format!("{} ", endpoint.name) };
        let mut leaves = Vec::new();
        flatten(&without_secrets(answer), &mut Vec::new(), &mut leaves);
        for (names, value) in leaves {
            let path = format!("{prefix}{}", pointer(&names));
            if !path.to_lowercase().contains(&text) {
                continue;
            }
            if found.values.len() == MAX_VALUES {
                found.truncated = true;
                return found;
            }
            let suggestion = suggest(&names, &value).filter(|rule| taken.insert(rule.target.clone()));
            found.values.push(FoundValue {
                suggestion: suggestion.map(|rule| MappingRule { path: path.clone(), ..rule }),
                path,
                name: names.join(" › "),
                sample: Some(sample(&value)),
                has_children: false,
                decodings: Vec::new(),
            });
        }
    }
    found
}

/// Every value that is no object or list, with the names that lead to it.
fn flatten(value: &Value, names: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, Value)>) {
    // One more than is shown tells that there is more.
    if names.len() > MAX_DEPTH || leaves.len() > MAX_VALUES {
        return;
    }
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                names.push(name.clone());
                flatten(value, names, leaves);
                names.pop();
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                names.push(index.to_string());
                flatten(value, names, leaves);
                names.pop();
            }
        }
        leaf => leaves.push((names.clone(), leaf.clone())),
    }
}

fn pointer(names: &[String]) -> String {
    names.iter().flat_map(|name| ["/".to_owned(), name.replace('~', "~0").replace('/', "~1")]).collect()
}

fn sample(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().filter(|c| !c.is_control()).take(MAX_SAMPLE).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_with_slashes_tildes_and_colons_lead_back_to_their_value() {
        let answer = json!({"a/b": {"c~d": [1, {"e:f": true}]}});
        let mut leaves = Vec::new();
        flatten(&answer, &mut Vec::new(), &mut leaves);
        assert_eq!(leaves.len(), 2);
        for (names, value) in leaves {
            assert_eq!(answer.pointer(&pointer(&names)), Some(&value));
        }
    }

    proptest! {
        #[test]
        fn every_pointer_leads_to_its_leaf(keys in prop::collection::vec("[a-z/~:0-9 ü]{0,6}", 1..6), end in any::<i32>()) {
            let answer = keys.iter().rev().fold(json!(end), |inner, key| json!({key: inner}));
            let mut leaves = Vec::new();
            flatten(&answer, &mut Vec::new(), &mut leaves);
            prop_assert_eq!(leaves.len(), 1);
            prop_assert_eq!(answer.pointer(&pointer(&leaves[0].0)), Some(&json!(end)));
        }
    }
}
