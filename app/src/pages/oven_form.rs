//! `/admin/ovens/new` and `/admin/ovens/{id}/edit`.
//!
//! One form, posted to its own address. The button named `action` says what to do: `save`, `test` (shows the
//! result in the form and saves nothing), `add_row` (one more mapping row), `remove_row.<n>`,
//! `choose_protocol` (the form again, with the fields of the chosen protocol), `discover` (looks for machines and
//! values), `open.<n>` and `back.<depth>` (into a found folder and out), `use_machine.<n>`, `add_machines` (an oven
//! for each ticked one), or `add_found` (a mapping row for each ticked value).

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::{
        field::{FieldContext, error_summary},
        find::find,
        icon::{Icon, icon},
        mapping_table::mapping_table,
        oven_fields::{access_fields, advanced_fields, connection_fields, dependency_style, localized, oven_fields},
        test_result::test_result,
    },
    i18n::Lang,
    model::{
        api::ConnectionTestResult,
        connector::Manifest,
        discovery::DiscoveryResult,
        equipment::EquipmentId,
        form::{CARRIED, FieldError, FormValues},
    },
    shell::{Page, document},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormMode {
    New,
    Edit {
        id: EquipmentId,
        name: String,
        enabled: bool,
        /// Names of the stored secrets; a secret field left empty keeps the stored one.
        stored_secrets: Vec<String>,
    },
}

pub struct OvenForm {
    pub mode: FormMode,
    /// Connectors to choose from; the chosen one is in the value `iot_protocol`.
    pub manifests: Vec<&'static Manifest>,
    pub values: FormValues,
    /// Names of secrets that were typed before and are carried along, sealed, in hidden fields.
    pub kept_secrets: Vec<String>,
    pub errors: Vec<FieldError>,
    pub test: Option<ConnectionTestResult>,
    pub found: Option<DiscoveryResult>,
}

pub fn oven_form(cx: &PageContext, data: OvenForm) -> String {
    let lang = cx.lang;
    let (title, action, stored) = match &data.mode {
        FormMode::New => (lang.new_oven().to_owned(), "/admin/ovens/new".to_owned(), Vec::new()),
        FormMode::Edit { id, name, stored_secrets, .. } => {
            (lang.edit_oven_title(name), format!("/admin/ovens/{id}/edit"), stored_secrets.clone())
        }
    };
    let stored = [stored, data.kept_secrets.clone()].concat();
    let page = Page { title: title.clone(), islands: false, narrow: false };
    document(cx, page, || {
        let chosen = chosen(&data);
        let form = FieldContext { lang, values: &data.values, errors: &data.errors };
        let rows = data.values.mapping_rows();
        let name_of = |field: &str| field_label(field, chosen, &rows, lang);
        let (test, found) = (data.test.clone(), data.found.clone());
        let is_new = data.mode == FormMode::New;
        let mut steps = Steps(0);
        view! {
            <div class="page-head">
                <a class="back" href="/admin/ovens">{icon(Icon::Back)} {lang.admin_ovens_title()}</a>
                <div class="page-title"><h1>{title}</h1></div>
            </div>
            {error_summary(&data.errors, lang, &name_of)}
            <form method="post" action=action class="form oven-form" novalidate autocomplete="off">
                {chosen.and_then(dependency_style)}
                // Enter in a field takes the first button of a form; it must be the harmless one.
                <button class="vh" type="submit" name="action" value="save" tabindex="-1" aria-hidden="true"></button>
                {hidden_fields(&data.values)}
                {steps.section("oven", lang.section_oven(), lang.section_oven_help(), oven_fields(form))}
                {chosen.map(|chosen| view! {
                    {steps.section("connection", lang.section_connection(), "", connection_fields(form, &data.manifests, chosen))}
                    {chosen.secrets().next().is_some().then(|| steps.section(
                        "access",
                        lang.section_access(),
                        lang.section_access_help(),
                        access_fields(form, chosen, &stored),
                    ))}
                    {steps.section("test", lang.section_test(), lang.section_test_help(), view! {
                        <button class="button" type="submit" name="action" value="test" formaction="#test">
                            {icon(Icon::Plug)} {lang.test_connection()}
                        </button>
                        {test.map(|result| test_result(result, lang))}
                    }.into_any())}
                    {chosen.capabilities.discovery.then(|| steps.section(
                        "find",
                        lang.section_find(),
                        lang.section_find_help(),
                        find(form, chosen, found, is_new),
                    ))}
                    {chosen.mapped.then(|| steps.section(
                        "mapping",
                        lang.section_mapping(),
                        lang.section_mapping_help(),
                        mapping_table(form, chosen),
                    ))}
                })}
                <details class="card form-section advanced">
                    <summary><h2>{lang.section_advanced()}</h2></summary>
                    {advanced_fields(form)}
                </details>
                <div class="form-bar">
                    <a class="button quiet-button" href="/admin/ovens">{lang.cancel()}</a>
                    <button class="button" type="submit" name="action" value="test" formaction="#test">
                        {icon(Icon::Plug)} {lang.test_connection()}
                    </button>
                    <button class="button primary" type="submit" name="action" value="save">
                        {icon(Icon::Check)} {lang.save_oven()}
                    </button>
                </div>
            </form>
        }
        .into_any()
    })
}

/// What the server carries along from one submission to the next.
fn hidden_fields(values: &FormValues) -> AnyView {
    let carried = values.0.iter().filter(|(name, _)| name.starts_with(CARRIED));
    carried
        .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone() /> })
        .collect_view()
        .into_any()
}

/// The chosen connector, by its id or an older name of it; the first where nothing fits.
fn chosen(data: &OvenForm) -> Option<&'static Manifest> {
    let wanted = data.values.filled("iot_protocol").unwrap_or_default();
    let fits = |manifest: &&&'static Manifest| manifest.id == wanted || manifest.aliases.contains(&wanted);
    data.manifests.iter().find(fits).or_else(|| data.manifests.first()).copied()
}

/// Numbers the sections that a form has.
struct Steps(u32);

impl Steps {
    fn section(&mut self, id: &'static str, title: &'static str, help: &'static str, content: AnyView) -> AnyView {
        self.0 += 1;
        let heading = format!("h-{id}");
        let labelled_by = heading.clone();
        view! {
            <section class="card form-section" id=id aria-labelledby=labelled_by>
                <h2 id=heading><span class="step num" aria-hidden="true">{self.0}</span> {title}</h2>
                {(!help.is_empty()).then(|| view! { <p class="help">{help}</p> })}
                {content}
            </section>
        }
        .into_any()
    }
}

/// What the error summary calls a field.
fn field_label(field: &str, manifest: Option<&'static Manifest>, rows: &[usize], lang: Lang) -> String {
    if let Some((row, part)) = field.strip_prefix("mapping.").and_then(|rest| rest.split_once('.')) {
        // Rows are counted as they are shown; their own numbers have holes where rows were removed.
        let number = row.parse().ok().and_then(|row: usize| rows.iter().position(|known| *known == row));
        let number = number.map_or(1, |position| position + 1);
        let part = match part {
            "target" => lang.map_target(),
            "zone" => lang.map_zone(),
            "path" => lang.map_path(),
            "unit" => lang.map_unit(),
            "scale" => lang.map_scale(),
            "offset" => lang.map_offset(),
            "null_values" => lang.map_null(),
            "words" => lang.map_words(),
            "time_format" => lang.map_time_format(),
            "source" => lang.map_source(),
            _ => lang.map_required(),
        };
        return format!("{} · {part}", lang.map_row(number));
    }
    if let Some(key) = field.strip_prefix("config.").or_else(|| field.strip_prefix("secret.")) {
        let known = manifest.and_then(|manifest| manifest.fields.iter().find(|field| field.key == key));
        return known.map_or_else(|| key.to_owned(), |field| localized(&field.label, lang).to_owned());
    }
    match field {
        "name" => lang.label_name(),
        "location" => lang.field_location(),
        "kind" => lang.field_kind(),
        "manufacturer" => lang.field_manufacturer(),
        "model" => lang.field_model(),
        "serial_number" => lang.field_serial(),
        "firmware_version" => lang.field_firmware(),
        "iot_protocol" => lang.field_protocol(),
        "iot_endpoint" => lang.field_endpoint(),
        "iot_port" => lang.field_port(),
        "poll_interval_seconds" => lang.field_interval(),
        "temperature_zones" => lang.field_zones(),
        "mapping" => lang.section_mapping(),
        "find.text" => lang.find_text(),
        "find.seconds" => lang.find_seconds(),
        "find.from" => lang.find_from(),
        "find.to" => lang.find_to(),
        other => return other.to_owned(),
    }
    .to_owned()
}
