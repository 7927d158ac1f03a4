//! Machines that Hornero reads by itself: one to use here, or several to add at once.

use leptos::prelude::*;
use serde_json::Value;

use super::{
    field::FieldContext,
    icon::{Icon, icon},
};
use crate::model::{connector::Manifest, discovery::FoundMachine, form::FormValues};

pub fn found_machines(
    form: FieldContext<'_>,
    chosen: &'static Manifest,
    machines: &[FoundMachine],
    is_new: bool,
) -> Option<AnyView> {
    if machines.is_empty() {
        return None;
    }
    let lang = form.lang;
    let several = is_new && machines.len() > 1;
    let cards = machines.iter().enumerate().map(|(index, machine)| card(form, chosen, machine, index, several));
    Some(
        view! {
            <section class="found-part" aria-labelledby="h-machines">
                <h3 id="h-machines">{lang.found_machines()}</h3>
                <p class="help">{lang.found_machines_help()}</p>
                <ul class="machines">{cards.collect_view()}</ul>
                {several.then(|| view! {
                    <div class="found-add">
                        <button class="button primary" type="submit" name="action" value="add_machines">
                            {icon(Icon::Plus)} {lang.add_machines()}
                        </button>
                        <p class="help">{lang.add_machines_help()}</p>
                    </div>
                })}
            </section>
        }
        .into_any(),
    )
}

fn card(
    form: FieldContext<'_>,
    chosen: &'static Manifest,
    machine: &FoundMachine,
    index: usize,
    several: bool,
) -> AnyView {
    let lang = form.lang;
    let about: Vec<&str> = [Some(machine.kind.label(lang)), machine.manufacturer.as_deref(), machine.model.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let is_used = is_used(form.values, chosen, machine);
    let (select, name) = (format!("machine.{index}.on"), machine.name.clone());
    view! {
        <li class="machine" data-testid="found-machine" data-used=is_used.to_string()>
            <div>
                <h4>{name}</h4>
                <p>{machine.profile.clone()}</p>
                <p class="quiet">{about.join(" · ")}</p>
                {machine.serial_number.clone().map(|serial| view! {
                    <p class="quiet">{lang.field_serial()}": "<code>{serial}</code></p>
                })}
            </div>
            {is_used.then(|| view! {
                <p class="pill" data-tone="ready">{icon(Icon::Check)} <span>{lang.machine_in_use()}</span></p>
            })}
            {(!is_used).then(|| view! {
                <button class="button" type="submit" name="action" value=format!("use_machine.{index}") formaction="#oven">
                    {icon(Icon::Check)} {lang.use_machine()}
                </button>
            })}
            {several.then(|| view! {
                <label class="check-label">
                    <input type="checkbox" checked=form.values.is_on(&select) name=select />
                    <span>{lang.machine_select()}</span>
                </label>
            })}
        </li>
    }
    .into_any()
}

/// Whether the form's settings are those of this machine. One that needs no settings is any.
fn is_used(values: &FormValues, chosen: &'static Manifest, machine: &FoundMachine) -> bool {
    let known = |key: &String| chosen.settings().any(|field| field.key == key);
    let mapped = values.mapped_paths();
    !machine.config.is_empty()
        && machine.mapping().iter().all(|rule| mapped.contains(&rule.path))
        && machine.config.iter().filter(|(key, _)| known(key)).all(|(key, value)| {
            let name = format!("config.{key}");
            match value {
                Value::Bool(on) => values.is_on(&name) == *on,
                value => values.filled(&name).unwrap_or_default() == as_text(value),
            }
        })
}

/// A setting as a form shows it.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
