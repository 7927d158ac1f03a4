//! The search of the oven form: what there is at an address, and what of it becomes settings, mapping rows or ovens.

use app::model::{
    discovery::{Discovery, DiscoveryResult, FOUND, TRAIL, Trail},
    equipment::EquipmentId,
    form::{FieldError, FormValues},
};
use std::collections::BTreeMap;

use super::AppState;
use crate::service::{Actor, ServiceError, configure::SecretChange, form, found};

/// Values that a form carries along; more are found by narrowing the search.
const MAX_SHOWN: usize = 200;

/// Bytes of them as JSON. A form is sent back percent-encoded, about half as long again, and has its limit
/// ([`BODY_LIMIT`](super::BODY_LIMIT)) for all its fields.
const MAX_CARRIED: usize = 110_000;

/// What a button of the search asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Discover,
    /// Into the folder with this number.
    Open(usize),
    /// Out again, to so many folders.
    Back(usize),
    UseMachine(usize),
    AddMachines,
    AddFound,
}

impl Step {
    pub fn of(values: &FormValues) -> Option<Self> {
        let action = values.get("action")?;
        let numbered = |prefix: &str| action.strip_prefix(prefix)?.parse().ok();
        match action {
            "discover" => Some(Self::Discover),
            "add_machines" => Some(Self::AddMachines),
            "add_found" => Some(Self::AddFound),
            _ => numbered("open.")
                .map(Self::Open)
                .or_else(|| numbered("back.").map(Self::Back))
                .or_else(|| numbered("use_machine.").map(Self::UseMachine)),
        }
    }
}

/// What the form shows next.
pub enum Next {
    Form(FormValues, Option<DiscoveryResult>, Vec<FieldError>),
    /// Ovens were made.
    List,
}

pub async fn act(
    state: &AppState,
    actor: &Actor,
    id: Option<EquipmentId>,
    step: Step,
    mut values: FormValues,
    secrets: BTreeMap<String, String>,
) -> Result<Next, ServiceError> {
    let found = carried(&values);
    let mut trail = Trail::of(&values);
    match step {
        Step::Discover => {}
        Step::Open(index) => {
            if let Some(folder) = found.values.get(index).filter(|value| value.has_children) {
                trail.0.push((folder.path.clone(), folder.name.clone()));
            }
        }
        Step::Back(depth) => trail.0.truncate(depth),
        Step::UseMachine(index) => {
            if let Some(machine) = found.machines.get(index) {
                found::use_machine(&mut values, machine, &found.machines);
            }
            return Ok(Next::Form(values, Some(shown(found)), Vec::new()));
        }
        Step::AddFound => {
            for (index, value) in found.values.iter().enumerate() {
                if let Some(rule) = found::found_rule(&values, index, value) {
                    found::add_rule(&mut values, &rule);
                }
            }
            forget_choices(&mut values);
            return Ok(Next::Form(values, Some(shown(found)), Vec::new()));
        }
        Step::AddMachines => return add_machines(state, actor, values, found, secrets).await,
    }
    forget_choices(&mut values);
    values.set(TRAIL, if trail.0.is_empty() { String::new() } else { trail.to_text() });
    let search = match found::search(&values) {
        Ok(search) => search,
        Err(errors) => return Ok(Next::Form(values, None, errors)),
    };
    let draft = form::parse(&values).draft;
    match state.service.discover_draft(id, draft, SecretChange::Merge(secrets), &search).await {
        Ok(mut result) => {
            shorten(&mut result.found);
            Ok(Next::Form(values, Some(result), Vec::new()))
        }
        Err(ServiceError::Invalid(errors)) => Ok(Next::Form(values, None, errors)),
        Err(error) => Err(error),
    }
}

/// One oven for each ticked machine: all of them, or none and an error that names the machine.
async fn add_machines(
    state: &AppState,
    actor: &Actor,
    values: FormValues,
    found: Discovery,
    secrets: BTreeMap<String, String>,
) -> Result<Next, ServiceError> {
    let ticked = found.machines.iter().enumerate().filter(|(index, _)| values.is_on(&format!("machine.{index}.on")));
    let mut drafts = Vec::new();
    for (_, machine) in ticked {
        let mut one = values.clone();
        for own in ["name", "manufacturer", "model", "serial_number"] {
            one.set(own, "");
        }
        found::use_machine(&mut one, machine, &found.machines);
        let parsed = form::parse(&one);
        if !parsed.errors.is_empty() {
            return Ok(Next::Form(values, Some(shown(found.clone())), parsed.errors));
        }
        drafts.push(parsed.draft);
    }
    if drafts.is_empty() {
        return Ok(Next::Form(values, Some(shown(found)), Vec::new()));
    }
    match state.service.create_all(actor, drafts, secrets).await {
        Ok(()) => Ok(Next::List),
        Err(ServiceError::Invalid(errors)) => Ok(Next::Form(values, Some(shown(found)), errors)),
        Err(error) => Err(error),
    }
}

/// What a form can carry, and a person look through.
fn shorten(found: &mut Discovery) {
    let mut room = MAX_CARRIED;
    let fit = found.values.iter().take(MAX_SHOWN).take_while(|value| {
        let size = serde_json::to_string(value).map_or(0, |text| text.len());
        room = room.saturating_sub(size);
        room > 0
    });
    let count = fit.count();
    found.truncated |= count < found.values.len();
    found.values.truncate(count);
}

/// What the form carries of the last search; nothing where somebody changed it.
fn carried(values: &FormValues) -> Discovery {
    values.filled(FOUND).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn shown(found: Discovery) -> DiscoveryResult {
    DiscoveryResult { success: true, found, ..DiscoveryResult::default() }
}

/// Ticks belong to a list that is not shown any more.
fn forget_choices(values: &mut FormValues) {
    values.0.retain(|(name, _)| !name.starts_with("found.") && !name.starts_with("machine."));
}
