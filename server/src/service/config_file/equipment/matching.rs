//! Which oven of the file is which of those there are: by its id, or else by its name.

use std::collections::{BTreeMap, BTreeSet};

use app::model::{
    equipment::{Equipment, EquipmentId},
    form::Problem,
};

use super::Oven;

/// What an entry of the file is about.
#[derive(Debug, PartialEq)]
pub enum Match<'a> {
    Saved(&'a Equipment),
    New,
    /// The field that is wrong, and how.
    Wrong(&'static str, Problem),
}

/// For each entry of the file.
pub fn matched<'a>(part: &[Oven], saved: &'a [Equipment]) -> Vec<Match<'a>> {
    let by_id: BTreeMap<EquipmentId, &Equipment> = saved.iter().map(|oven| (oven.id, oven)).collect();
    let mut by_name: BTreeMap<&str, Vec<&Equipment>> = BTreeMap::new();
    for oven in saved {
        by_name.entry(&oven.name).or_default().push(oven);
    }
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for oven in part {
        *times.entry(oven.name.trim()).or_default() += 1;
    }
    let given: BTreeSet<EquipmentId> = part.iter().filter_map(|oven| oven.id).collect();
    let mut ids = BTreeSet::new();
    part.iter()
        .map(|oven| {
            let name = oven.name.trim();
            if let Some(id) = oven.id {
                return match (ids.insert(id), by_id.get(&id)) {
                    (false, _) => Match::Wrong("id", Problem::Duplicate),
                    (true, Some(saved)) => Match::Saved(saved),
                    (true, None) => Match::New,
                };
            }
            // Which of two of the same name is meant nobody could say.
            if times.get(name).is_some_and(|times| *times > 1) {
                return Match::Wrong("name", Problem::Duplicate);
            }
            match by_name.get(name).map_or(&[][..], Vec::as_slice) {
                [] => Match::New,
                [saved] if given.contains(&saved.id) => Match::Wrong("name", Problem::Duplicate),
                [saved] => Match::Saved(saved),
                _ => {
                    let detail = "several ovens have this name: give the id of the one that is meant".to_owned();
                    Match::Wrong("id", Problem::Other { detail })
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> EquipmentId {
        EquipmentId(Uuid::from_u128(number))
    }

    fn saved(number: u128, name: &str) -> Equipment {
        let mut oven = json!(app::model::equipment::EquipmentDraft::default());
        oven["id"] = json!(id(number));
        oven["name"] = json!(name);
        oven["iot_connection_status"] = json!("unknown");
        oven["has_credentials"] = json!(false);
        oven["created_at"] = json!(Timestamp::UNIX_EPOCH);
        oven["updated_at"] = json!(Timestamp::UNIX_EPOCH);
        serde_json::from_value(oven).unwrap()
    }

    fn entry(number: Option<u128>, name: &str) -> Oven {
        let mut oven: Oven = serde_json::from_value(json!({"name": name})).unwrap();
        oven.id = number.map(id);
        oven
    }

    #[test]
    fn an_id_wins_over_a_name() {
        let saved = [saved(1, "A"), saved(2, "B"), saved(3, "C"), saved(4, "C")];
        let of = |entries: &[(Option<u128>, &str)]| {
            let part: Vec<_> = entries.iter().map(|(id, name)| entry(*id, name)).collect();
            let show = |found| match found {
                Match::Saved(saved) => format!("saved {}", saved.id.0.as_u128()),
                Match::New => "new".to_owned(),
                Match::Wrong(field, _) => format!("wrong {field}"),
            };
            matched(&part, &saved).into_iter().map(show).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(of(&[(Some(1), "Z"), (None, " B "), (None, "D"), (Some(9), "C")]), "saved 1, saved 2, new, new");
        assert_eq!(of(&[(Some(1), "X"), (Some(1), "Y")]), "saved 1, wrong id");
        assert_eq!(of(&[(Some(3), "C"), (Some(4), "C")]), "saved 3, saved 4", "names may be alike where ids are not");
        assert_eq!(of(&[(None, "A"), (None, "A")]), "wrong name, wrong name");
        assert_eq!(of(&[(Some(9), "A"), (None, "A")]), "new, wrong name");
        assert_eq!(of(&[(Some(1), "was A"), (None, "A")]), "saved 1, wrong name", "one oven, twice");
        assert_eq!(of(&[(None, "C")]), "wrong id", "which of the two");
    }
}
