//! What a search found, put into the admin's oven form.

use app::model::{
    discovery::{FoundMachine, FoundValue, Search, Trail},
    form::{FieldError, FormValues, Problem},
    mapping::{MappingRule, Target},
};

use super::form::{decimal, show_rule};

/// Adds a row with this rule.
pub fn add_rule(form: &mut FormValues, rule: &MappingRule) {
    // An empty row that only invites to type is taken first.
    let is_empty =
        |row: &usize| ["target", "path"].iter().all(|part| form.filled(&format!("mapping.{row}.{part}")).is_none());
    let rows = form.mapping_rows();
    let row = rows.iter().copied().find(is_empty).unwrap_or_else(|| rows.last().map_or(0, |row| row + 1));
    show_rule(row, rule, &mut |name, value| form.set(name, value.unwrap_or_default()));
}

/// Puts a machine's settings into the form, and what it says of itself where nothing was typed. `offered` are all that
/// were found with it.
pub fn use_machine(form: &mut FormValues, machine: &FoundMachine, offered: &[FoundMachine]) {
    // What picks another of them must not stay: the number of a chamber, where this is the whole machine.
    for key in offered.iter().flat_map(|other| other.config.keys()) {
        form.set(&format!("config.{key}"), "");
    }
    for (key, value) in &machine.config {
        form.set(&format!("config.{key}"), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    form.set("kind", machine.kind.as_str());
    for (name, text) in [
        ("name", Some(&machine.name)),
        ("manufacturer", machine.manufacturer.as_ref()),
        ("model", machine.model.as_ref()),
        ("serial_number", machine.serial_number.as_ref()),
    ] {
        if let Some(text) = text.filter(|_| form.filled(name).is_none()) {
            form.set(name, text.clone());
        }
    }
}

/// The rule of a found value as an admin chose it, where its box is ticked.
pub fn found_rule(form: &FormValues, index: usize, value: &FoundValue) -> Option<MappingRule> {
    let part = |part: &str| form.filled(&format!("found.{index}.{part}"));
    if !form.is_on(&format!("found.{index}.on")) {
        return None;
    }
    let target = match part("target")? {
        group @ ("temperature_zones" | "additional_sensors") => {
            Target::parse(&format!("{group}.{}", part("zone").unwrap_or(&value.name)))?
        }
        name => Target::parse(name)?,
    };
    Some(value.rule(target, part("path").unwrap_or_else(|| value.proposed_path())))
}

/// What to look for, as the form has it.
pub fn search(form: &FormValues) -> Result<Search, Vec<FieldError>> {
    let text = |name: &str| form.filled(name).map(str::to_owned);
    let seconds = match form.filled("find.seconds").map(decimal) {
        None => None,
        Some(Some(seconds)) if (1.0..=60.0).contains(&seconds) => Some(seconds),
        Some(_) => {
            return Err(vec![FieldError::new("find.seconds", Problem::OutOfRange { min: 1.0, max: 60.0 })]);
        }
    };
    let under = Trail::of(form).0.last().map(|(path, _)| path.clone());
    Ok(Search { under, text: text("find.text"), seconds, from: text("find.from"), to: text("find.to") })
}

#[cfg(test)]
mod tests {
    use app::model::equipment::EquipmentKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_picks_another_machine_does_not_stay() {
        let machine = |config: serde_json::Value| FoundMachine {
            name: "Deck".to_owned(),
            kind: EquipmentKind::Deck,
            manufacturer: None,
            model: None,
            serial_number: None,
            profile: String::new(),
            config: config.as_object().unwrap().clone(),
        };
        let offered = [machine(json!({"machine": "Deck"})), machine(json!({"machine": "Deck", "chamber": 2}))];
        let mut form = FormValues::default();
        use_machine(&mut form, &offered[1], &offered);
        assert_eq!(form.filled("config.chamber"), Some("2"));
        use_machine(&mut form, &offered[0], &offered);
        assert_eq!((form.filled("config.machine"), form.filled("config.chamber")), (Some("Deck"), None));
    }
}
