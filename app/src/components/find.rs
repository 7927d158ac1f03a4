//! What there is at the address: what to look for, and what was found.

use leptos::prelude::*;

use super::{
    field::{Field, FieldContext, InputKind},
    found_machines::found_machines,
    found_values::found_values,
    icon::{Icon, icon},
};
use crate::{
    i18n::Lang,
    model::{
        connector::{Manifest, SearchField},
        discovery::{DiscoveryResult, FOUND, TRAIL, Trail},
    },
};

/// The search of a form. `is_new` lets several machines become an oven each.
pub fn find(
    form: FieldContext<'_>,
    chosen: &'static Manifest,
    found: Option<DiscoveryResult>,
    is_new: bool,
) -> AnyView {
    let lang = form.lang;
    let label = if found.is_some() { lang.find_again() } else { lang.find_now() };
    view! {
        <div class="field-grid">{chosen.search.iter().map(|field| search_field(form, field)).collect_view()}</div>
        <button class="button" type="submit" name="action" value="discover" formaction="#find">
            {icon(Icon::Search)} {label}
        </button>
        {found.map(|result| outcome(form, chosen, result, is_new))}
    }
    .into_any()
}

fn search_field(form: FieldContext<'_>, field: &SearchField) -> AnyView {
    let lang = form.lang;
    let text = |placeholder| InputKind::Text { autocomplete: "off", placeholder };
    match field {
        SearchField::Text { placeholder } => form.field(Field {
            kind: text(placeholder),
            help: lang.find_text_help().to_owned(),
            ..Field::new("find.text", lang.find_text())
        }),
        SearchField::Seconds { default } => form.field(Field {
            kind: InputKind::Number { unit: "s", placeholder: String::new() },
            help: lang.find_seconds_help().to_owned(),
            default: Some(default.to_string()),
            required: true,
            ..Field::new("find.seconds", lang.find_seconds())
        }),
        SearchField::Range { from, to } => [("find.from", lang.find_from(), from), ("find.to", lang.find_to(), to)]
            .map(|(name, label, default)| {
                form.field(Field {
                    kind: text(default),
                    default: Some((*default).to_owned()),
                    required: true,
                    ..Field::new(name, label)
                })
            })
            .into_any(),
    }
}

fn outcome(form: FieldContext<'_>, chosen: &'static Manifest, result: DiscoveryResult, is_new: bool) -> AnyView {
    let lang = form.lang;
    if !result.success {
        return view! {
            <div class="test-result is-failed" role="status" data-testid="found" data-success="false">
                <h3>{icon(Icon::Warning)} {lang.find_failed()}</h3>
                {result.error_kind.map(|kind| view! {
                    <p class="advice"><strong>{kind.label(lang)}". "</strong>{kind.advice(lang)}</p>
                })}
                {result.error_details.map(|detail| view! {
                    <p class="quiet">{lang.technical_detail()}": "<code lang="en">{detail}</code></p>
                })}
            </div>
        }
        .into_any();
    }
    let carried = serde_json::to_string(&result.found).unwrap_or_default();
    let trail = Trail::of(form.values);
    let is_empty = result.found.machines.is_empty() && result.found.values.is_empty();
    let is_truncated = result.found.truncated;
    view! {
        <div class="found" role="status" data-testid="found" data-success="true">
            <input type="hidden" name=FOUND value=carried />
            {(!trail.0.is_empty()).then(|| view! { <input type="hidden" name=TRAIL value=trail.to_text() /> })}
            {breadcrumbs(&trail, lang)}
            {is_empty.then(|| view! {
                <div class="empty">
                    {icon(Icon::Search)}
                    <h3>{lang.find_nothing()}</h3>
                    <p>{lang.find_nothing_text()}</p>
                </div>
            })}
            {found_machines(form, chosen, &result.found.machines, is_new)}
            {found_values(form, chosen, &result.found.values)}
            {is_truncated.then(|| view! { <p class="advice">{lang.find_truncated()}</p> })}
        </div>
    }
    .into_any()
}

/// The folders that lead here, each a way back.
fn breadcrumbs(trail: &Trail, lang: Lang) -> Option<AnyView> {
    let (here, above) = trail.0.split_last()?;
    let step = |depth: usize, label: String| {
        view! {
            <li>
                <button class="button" type="submit" name="action" value=format!("back.{depth}") formaction="#find">{label}</button>
            </li>
        }
    };
    let above = above.iter().enumerate().map(|(index, (_, name))| step(index + 1, name.clone())).collect_view();
    Some(
        view! {
            <nav aria-label=lang.found_place()>
                <ol class="crumbs">
                    {step(0, lang.found_top().to_owned())}
                    {above}
                    <li aria-current="location">{here.1.clone()}</li>
                </ol>
            </nav>
        }
        .into_any(),
    )
}
