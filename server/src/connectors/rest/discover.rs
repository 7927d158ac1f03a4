//! What the answers hold, each value with a proposal for its mapping.

use std::collections::HashSet;

use app::model::{
    discovery::{Discovery, FoundValue, Search},
    mapping::MappingRule,
};
use serde_json::{Map, Value};

use super::{stages::without_secrets, suggest::suggest};
use crate::connectors::leaves::{self, Limits};

/// More than an admin can look through; a search narrows it down.
const MAX_VALUES: usize = 500;
/// Longest value that is shown, in characters.
const MAX_SAMPLE: usize = 80;
/// An answer nested deeper than this is no oven's.
const LIMITS: Limits = Limits { depth: 24, items: usize::MAX };

/// Values of the answers, in the order of `endpoints`; paths into the first need no name before them.
pub fn list(endpoints: &[&str], answers: &Map<String, Value>, search: &Search) -> Discovery {
    let mut found = Discovery::default();
    let mut taken = HashSet::new();
    let text = search.text.as_deref().unwrap_or_default().trim().to_lowercase();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let Some(answer) = answers.get(*endpoint) else { continue };
        let prefix = if index == 0 { String::new() } else { format!("{endpoint} ") };
        leaves::each(&without_secrets(answer), &LIMITS, &mut |names, value| {
            if found.truncated {
                return;
            }
            let (path, name) = (format!("{prefix}{}", leaves::pointer(names)), names.join(" › "));
            // Before anything is counted: what is looked for may be far down in a long answer.
            if ![&path, &name].iter().any(|shown| shown.to_lowercase().contains(&text)) {
                return;
            }
            if found.values.len() == MAX_VALUES {
                found.truncated = true;
                return;
            }
            let suggestion = suggest(names, value).filter(|rule| taken.insert(rule.target.clone()));
            found.values.push(FoundValue {
                suggestion: suggestion.map(|rule| MappingRule { path: path.clone(), ..rule }),
                path,
                name,
                sample: Some(sample(value)),
                has_children: false,
                decodings: Vec::new(),
            });
        });
    }
    found
}

fn sample(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().filter(|c| !c.is_control()).take(MAX_SAMPLE).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn listed(text: &str, answers: Value) -> Discovery {
        let Value::Object(answers) = answers else { panic!("answers are an object") };
        let search = Search { text: Some(text.to_owned()), ..Search::default() };
        list(&["data", "more"], &answers, &search)
    }

    #[test]
    fn a_text_finds_what_stands_behind_thousands_of_values() {
        let many: Vec<Value> = (0..5_000).map(|index| json!({ "relay": index })).collect();
        let answers = json!({"data": {"a": many, "z": {"Core °C": 71.5}}, "more": {"in/out": 1}});
        let found = listed("core °", answers.clone());
        let paths: Vec<_> = found.values.iter().map(|value| value.path.as_str()).collect();
        assert_eq!((paths, found.truncated), (vec!["/z/Core °C"], false));
        assert_eq!(listed("in/out", answers.clone()).values[0].path, "more /in~1out", "by its name as it is shown");
        let all = listed("", answers);
        assert_eq!((all.values.len(), all.truncated), (MAX_VALUES, true));
    }

    #[test]
    fn as_many_as_are_listed_are_not_called_too_many() {
        let exactly: Vec<Value> = (0..MAX_VALUES).map(Value::from).collect();
        let found = listed("", json!({ "data": exactly }));
        assert_eq!((found.values.len(), found.truncated), (MAX_VALUES, false));
    }
}
