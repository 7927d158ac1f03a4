//! What the answers hold, each value with a proposal for its mapping.

use std::collections::HashSet;

use app::model::{
    discovery::{Discovery, FoundValue, Search},
    mapping::MappingRule,
};
use serde_json::{Map, Value};

use super::{plan::Plan, stages::without_secrets, suggest::suggest};
use crate::connectors::leaves::{self, Limits};

/// More than an admin can look through; a search narrows it down.
const MAX_VALUES: usize = 500;
/// Longest value that is shown, in characters.
const MAX_SAMPLE: usize = 80;
/// An answer nested deeper than this is no oven's.
const LIMITS: Limits = Limits { depth: 24, items: usize::MAX };

pub fn list(plan: &Plan, answers: &Map<String, Value>, search: &Search) -> Discovery {
    let mut found = Discovery::default();
    let mut taken = HashSet::new();
    let text = search.text.as_deref().unwrap_or_default().trim().to_lowercase();
    for (index, endpoint) in plan.endpoints.iter().enumerate() {
        let Some(answer) = answers.get(&endpoint.name) else { continue };
        let prefix = if index == 0 { String::new() } else { format!("{} ", endpoint.name) };
        let mut leaves = Vec::new();
        leaves::each(&without_secrets(answer), &LIMITS, &mut |names, value| {
            // One more than is shown tells that there is more.
            if leaves.len() <= MAX_VALUES {
                leaves.push((names.to_vec(), value.clone()));
            }
        });
        for (names, value) in leaves {
            let path = format!("{prefix}{}", leaves::pointer(&names));
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

fn sample(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().filter(|c| !c.is_control()).take(MAX_SAMPLE).collect()
}
