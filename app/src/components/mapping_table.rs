//! Where each value is in what the oven answers: one row a value.

use leptos::prelude::*;

use super::{
    field::{FieldContext, field_id},
    icon::{Icon, icon},
    oven_fields::localized,
};
use crate::{
    i18n::Lang,
    model::{
        connector::Manifest,
        mapping::{Source, TimeFormat},
        metric::Metric,
        unit::Unit,
    },
};

/// Rows as they were typed; an empty one where there is none, since an empty table invites nobody. A machine that is
/// read by its own profile needs none.
pub fn mapping_table(form: FieldContext<'_>, chosen: &'static Manifest) -> AnyView {
    let mut rows = form.values.mapping_rows();
    if rows.is_empty() && !chosen.self_mapping {
        rows.push(0);
    }
    let rows =
        rows.into_iter().enumerate().map(|(index, row)| mapping_row(form, chosen, row, index + 1)).collect_view();
    let lang = form.lang;
    let errors = form.errors_of("mapping");
    view! {
        {(!errors.is_empty()).then(|| view! {
            <p class="field-error" id=field_id("mapping") tabindex="-1">{icon(Icon::Warning)} <span>{errors.join(" ")}</span></p>
        })}
        {chosen.self_mapping.then(|| view! { <p class="hint" data-testid="self-mapping">{icon(Icon::Check)} <span>{lang.self_mapping()}</span></p> })}
        <p class="help">{localized(&chosen.path_help, lang)}</p>
        <div class="map-rows">{rows}</div>
        <button class="button" type="submit" name="action" value="add_row" formaction="#mapping">
            {icon(Icon::Plus)} {lang.map_add_row()}
        </button>
    }
    .into_any()
}

fn mapping_row(form: FieldContext<'_>, chosen: &'static Manifest, row: usize, number: usize) -> AnyView {
    let lang = form.lang;
    let name = |part: &str| format!("mapping.{row}.{part}");
    let filled = |part: &str| form.values.filled(&name(part)).is_some();
    let is_open = ["scale", "offset", "null_values", "words", "time_format"].iter().any(|part| {
        !form.errors_of(&name(part)).is_empty()
            || filled(part)
                && !matches!((*part, form.values.filled(&name(part))), ("scale", Some("1")) | ("offset", Some("0")))
    });
    let part = |part: &str, label: &'static str, class: &'static str| Part { form, name: name(part), label, class };
    view! {
        <fieldset class="map-row" data-testid="mapping-row">
            <legend>{lang.map_row(number)}</legend>
            <div class="map-main">
                {part("target", lang.map_target(), "map-target").choice(target_options(lang))}
                {part("zone", lang.map_zone(), "map-zone").text("")}
                {part("path", lang.map_path(), "map-path").text(chosen.path_example)}
                {part("unit", lang.map_unit(), "map-unit").choice(unit_options(lang))}
                <button
                    class="button icon-button"
                    type="submit"
                    name="action"
                    value=format!("remove_row.{row}")
                    formaction="#mapping"
                    title=lang.map_remove_row(number)
                >
                    {icon(Icon::Trash)}
                    <span class="vh">{lang.map_remove_row(number)}</span>
                </button>
            </div>
            <details class="map-more" open=is_open>
                <summary>{lang.map_more()}</summary>
                <div class="map-extra">
                    {part("source", lang.map_source(), "").choice(vec![plain_group(
                        Source::ALL.iter().map(|s| (s.as_str().to_owned(), s.label(lang).to_owned())).collect(),
                    )])}
                    {part("scale", lang.map_scale(), "map-number").text("1")}
                    {part("offset", lang.map_offset(), "map-number").text("0")}
                    {part("null_values", lang.map_null(), "").text("-32768, n/a")}
                    {part("words", lang.map_words(), "map-words").text("Backen=running, Aus=idle")}
                    {part("time_format", lang.map_time_format(), "map-time").choice(vec![plain_group(time_formats(lang))])}
                    <p class="help wide-field">{lang.map_words()}": "{lang.map_words_help()}</p>
                    <div class="field check">
                        <label class="check-label">
                            <input type="checkbox" name=name("required") checked=form.values.is_on(&name("required")) />
                            <span>{lang.map_required()}" · "<small>{lang.map_required_help()}</small></span>
                        </label>
                    </div>
                </div>
            </details>
        </fieldset>
    }
    .into_any()
}

/// A heading (empty for none) over some options.
pub type OptionGroup = (&'static str, Vec<(String, String)>);

fn plain_group(options: Vec<(String, String)>) -> OptionGroup {
    ("", options)
}

/// One input of a row.
struct Part<'a> {
    form: FieldContext<'a>,
    name: String,
    label: &'static str,
    class: &'static str,
}

impl Part<'_> {
    fn wrapped(
        self,
        input: impl FnOnce(String, String, Option<String>, Option<&'static str>, String) -> AnyView,
    ) -> AnyView {
        let id = field_id(&self.name);
        let errors = self.form.errors_of(&self.name);
        let error_id = format!("{id}-error");
        let invalid = (!errors.is_empty()).then_some("true");
        let described_by = invalid.map(|_| error_id.clone());
        let value = self.form.values.get(&self.name).unwrap_or_default().to_owned();
        view! {
            <div class=format!("field {}", self.class)>
                <label for=id.clone()>{self.label}</label>
                {input(id, self.name, described_by, invalid, value)}
                {(!errors.is_empty()).then(|| view! {
                    <p class="field-error" id=error_id>{icon(Icon::Warning)} <span>{errors.join(" ")}</span></p>
                })}
            </div>
        }
        .into_any()
    }

    fn text(self, placeholder: &'static str) -> AnyView {
        self.wrapped(|id, name, described_by, invalid, value| {
            view! {
                <input id=id name=name type="text" value=value placeholder=placeholder autocomplete="off"
                    autocapitalize="none" spellcheck="false" aria-describedby=described_by aria-invalid=invalid />
            }
            .into_any()
        })
    }

    fn choice(self, groups: Vec<OptionGroup>) -> AnyView {
        self.wrapped(|id, name, described_by, invalid, chosen| {
            let groups = option_groups(groups, &chosen);
            view! { <select id=id name=name aria-describedby=described_by aria-invalid=invalid>{groups}</select> }
                .into_any()
        })
    }
}

/// The content of a `select`; a group without a heading stands alone.
pub fn option_groups(groups: Vec<OptionGroup>, chosen: &str) -> AnyView {
    groups
        .into_iter()
        .map(|(heading, options)| {
            let options = options
                .into_iter()
                .map(|(value, label)| {
                    let selected = value == chosen;
                    view! { <option value=value selected=selected>{label}</option> }
                })
                .collect_view();
            if heading.is_empty() {
                return options.into_any();
            }
            view! { <optgroup label=heading>{options}</optgroup> }.into_any()
        })
        .collect_view()
        .into_any()
}

pub fn target_options(lang: Lang) -> Vec<OptionGroup> {
    let of = |metrics: &[Metric]| -> Vec<(String, String)> {
        metrics.iter().map(|metric| (metric.as_str().to_owned(), metric.label(lang).to_owned())).collect()
    };
    let named = |value: &str, label: &str| (value.to_owned(), label.to_owned());
    let mut temperatures = of(&[Metric::Temperature, Metric::TargetTemperature]);
    temperatures.push(named("temperature_zones", lang.map_zone_option()));
    let mut other = of(&[Metric::ProductWeight, Metric::MoistureContent, Metric::ReadingTime]);
    other.push(named("additional_sensors", lang.map_additional_option()));
    vec![
        plain_group(vec![named("", lang.map_choose())]),
        (lang.map_group_temperature(), temperatures),
        (lang.map_group_climate(), of(&[Metric::Humidity, Metric::TargetHumidity, Metric::SteamLevel])),
        (
            lang.map_group_cycle(),
            of(&[
                Metric::OperationalStatus,
                Metric::CycleStage,
                Metric::CycleProgress,
                Metric::TimeRemaining,
                Metric::DoorStatus,
            ]),
        ),
        (lang.map_group_energy(), of(&[Metric::EnergyConsumption, Metric::Power, Metric::MotorSpeed])),
        (lang.map_group_other(), other),
    ]
}

fn unit_options(lang: Lang) -> Vec<OptionGroup> {
    let mut options = vec![(String::new(), lang.map_unit_stored().to_owned())];
    options.extend(Unit::ALL.iter().map(|unit| {
        let label = if *unit == Unit::Fraction { "0–1" } else { unit.as_str() };
        (unit.as_str().to_owned(), label.to_owned())
    }));
    vec![plain_group(options)]
}

fn time_formats(lang: Lang) -> Vec<(String, String)> {
    let mut options = vec![(String::new(), lang.no_choice().to_owned())];
    options.extend(TimeFormat::ALL.iter().map(|format| (format.as_str().to_owned(), format.label(lang).to_owned())));
    options
}
