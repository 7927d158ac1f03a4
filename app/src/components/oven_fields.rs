//! The fields of an oven and of its connection; those of a connector come from its manifest alone.

use std::fmt::Write;

use leptos::prelude::*;

use super::field::{Field, FieldContext, InputKind};
use crate::{
    i18n::Lang,
    model::{
        connector::{FieldInput, Localized, Manifest},
        equipment::{EquipmentKind, default_interval},
    },
};

/// Makers of connected bakery ovens, offered while typing; any other name may be entered.
const MANUFACTURERS: [&str; 9] =
    ["COLBAKE", "Farjas", "MIWE", "Rational", "Revent", "SALVA", "Sveba Dahlen", "Wachtel", "Wiesheu"];

/// The text in the reader's language.
pub const fn localized(text: &Localized, lang: Lang) -> &'static str {
    match lang {
        Lang::Es => text.es,
        Lang::En => text.en,
        Lang::De => text.de,
    }
}

pub fn oven_fields(form: FieldContext<'_>) -> AnyView {
    let lang = form.lang;
    let kinds = EquipmentKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), kind.label(lang).to_owned())).collect();
    view! {
        <div class="field-grid">
            {form.field(Field {
                help: lang.label_name_help().to_owned(),
                required: true,
                ..Field::new("name", lang.label_name())
            })}
            {form.field(Field { help: lang.field_location_help().to_owned(), ..Field::new("location", lang.field_location()) })}
            {form.field(Field { kind: InputKind::Choice(kinds), ..Field::new("kind", lang.field_kind()) })}
            {form.field(Field { list: Some("manufacturers"), ..Field::new("manufacturer", lang.field_manufacturer()) })}
            {form.field(Field::new("model", lang.field_model()))}
            {form.field(Field::new("serial_number", lang.field_serial()))}
            <datalist id="manufacturers">
                {MANUFACTURERS.iter().map(|name| view! { <option value=*name></option> }).collect_view()}
            </datalist>
        </div>
    }
    .into_any()
}

pub fn connection_fields(
    form: FieldContext<'_>,
    manifests: &[&'static Manifest],
    chosen: &'static Manifest,
) -> AnyView {
    let lang = form.lang;
    let protocols = manifests.iter().map(|m| (m.id.to_owned(), localized(&m.name, lang).to_owned())).collect();
    let port = chosen.default_port.map(|port| lang.default_port(port)).unwrap_or_default();
    let is_fresh = !form.values.0.iter().any(|(name, _)| name.starts_with("config."));
    view! {
        <div class="field-grid">
            <div class="protocol wide-field">
                {form.field(Field {
                    kind: InputKind::Choice(protocols),
                    help: localized(&chosen.description, lang).to_owned(),
                    default: Some(chosen.id.to_owned()),
                    ..Field::new("iot_protocol", lang.field_protocol())
                })}
                {(manifests.len() > 1).then(|| view! {
                    <button class="button" type="submit" name="action" value="choose_protocol" formaction="#connection">
                        {lang.field_protocol_apply()}
                    </button>
                })}
            </div>
            {form.field(Field {
                kind: InputKind::Text { autocomplete: "off", placeholder: chosen.endpoint_placeholder },
                help: lang.field_endpoint_help().to_owned(),
                required: true,
                ..Field::new("iot_endpoint", lang.field_endpoint())
            })}
            {form.field(Field {
                kind: InputKind::Number { unit: "", placeholder: String::new() },
                help: port,
                ..Field::new("iot_port", lang.field_port())
            })}
            {form.field(Field {
                kind: InputKind::Number { unit: "s", placeholder: String::new() },
                help: lang.range("1", &lang.number(86_400.0, 0)),
                required: true,
                default: Some(default_interval().to_string()),
                ..Field::new("poll_interval_seconds", lang.field_interval())
            })}
            {chosen.settings().map(|field| manifest_field(form, field, is_fresh, &[])).collect_view()}
        </div>
        {form.field(Field { kind: InputKind::Checkbox, ..Field::new("iot_enabled", lang.field_enabled()) })}
    }
    .into_any()
}

/// Write-only fields: what is stored is never sent to the browser.
pub fn access_fields(form: FieldContext<'_>, chosen: &'static Manifest, stored: &[String]) -> AnyView {
    let fields = chosen.secrets().map(|field| manifest_field(form, field, false, stored)).collect_view();
    view! { <div class="field-grid">{fields}</div> }.into_any()
}

pub fn advanced_fields(form: FieldContext<'_>) -> AnyView {
    let lang = form.lang;
    let check =
        |name: &str, label: &'static str| form.field(Field { kind: InputKind::Checkbox, ..Field::new(name, label) });
    view! {
        <div class="field-grid">
            {form.field(Field::new("firmware_version", lang.field_firmware()))}
            {form.field(Field {
                kind: InputKind::Number { unit: "", placeholder: String::new() },
                default: Some("1".to_owned()),
                ..Field::new("temperature_zones", lang.field_zones())
            })}
            {check("supports_realtime", lang.field_realtime())}
            {check("supports_humidity", lang.field_humidity())}
            {check("supports_energy_monitoring", lang.field_energy())}
            {check("supports_remote_control", lang.field_remote())}
        </div>
    }
    .into_any()
}

fn manifest_field(
    form: FieldContext<'_>,
    field: &'static crate::model::connector::Field,
    is_fresh: bool,
    stored: &[String],
) -> AnyView {
    let lang = form.lang;
    let is_stored = stored.iter().any(|name| name == field.key);
    let kind = match field.input {
        FieldInput::LongText { placeholder } => InputKind::LongText { placeholder, secret: field.secret },
        _ if field.secret => InputKind::Password { autocomplete: "new-password" },
        FieldInput::Text { placeholder } => InputKind::Text { autocomplete: "off", placeholder },
        FieldInput::Number { unit, .. } => InputKind::Number { unit, placeholder: String::new() },
        FieldInput::Choice { options } => InputKind::Choice(
            options.iter().map(|(value, label)| ((*value).to_owned(), localized(label, lang).to_owned())).collect(),
        ),
        FieldInput::Flag => InputKind::Checkbox,
    };
    let mut help = localized(&field.help, lang).to_owned();
    if let FieldInput::Number { min, max, .. } = field.input
        && !field.secret
    {
        let range = lang.range(&lang.plain_number(min), &lang.plain_number(max));
        help = joined(&help, &range);
    }
    if is_stored {
        help = joined(lang.secret_keep(), &help);
    }
    let mut label = localized(&field.label, lang).to_owned();
    if is_stored {
        label = format!("{label} ({})", lang.secret_stored());
    }
    // An unticked checkbox is not posted, so its default counts only before anything was.
    let default = field.default.filter(|_| is_fresh || !matches!(field.input, FieldInput::Flag)).map(str::to_owned);
    form.field(Field {
        name: format!("{}.{}", if field.secret { "secret" } else { "config" }, field.key),
        label,
        help,
        kind,
        required: field.required && field.only_when.is_none() && !is_stored,
        default,
        only_when: field.only_when.is_some().then(|| field.key.to_owned()),
        list: None,
    })
}

/// Two sentences, either of which may be missing.
fn joined(first: &str, second: &str) -> String {
    [first, second].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// Style rules that show a field only while the field it depends on has one of the right values. They follow the
/// input without any script; a browser without `:has()` shows all fields. Keys and values come from manifests.
pub fn dependency_style(manifest: &'static Manifest) -> Option<AnyView> {
    let mut rules = String::new();
    for field in manifest.fields {
        let Some((on, values)) = field.only_when else { continue };
        let name = format!("[name=\"config.{on}\"]");
        let is_flag = manifest.fields.iter().any(|f| f.key == on && matches!(f.input, FieldInput::Flag));
        let chosen = if is_flag {
            let wants_on = values.iter().any(|value| matches!(*value, "on" | "true" | "1"));
            format!("{name}{}", if wants_on { ":checked" } else { ":not(:checked)" })
        } else {
            let options: Vec<String> = values.iter().map(|value| format!("[value=\"{value}\"]")).collect();
            format!("{name} option:is({}):checked", options.join(","))
        };
        let target = format!(".field[data-when=\"{}\"]", field.key);
        let _ = write!(rules, ".form:not(:has({chosen})) {target}{{display:none}}");
    }
    if rules.is_empty() {
        return None;
    }
    Some(view! { <style>{format!("@supports selector(:has(*)){{{rules}}}")}</style> }.into_any())
}
