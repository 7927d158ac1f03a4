//! Values that could be mapped, each with what it is now and what it probably means.

use leptos::prelude::*;

use super::{
    field::FieldContext,
    icon::{Icon, icon},
    mapping_table::{option_groups, target_options},
};
use crate::model::{
    connector::Manifest,
    discovery::{FoundValue, named_target},
};

pub fn found_values(form: FieldContext<'_>, chosen: &'static Manifest, values: &[FoundValue]) -> Option<AnyView> {
    if values.is_empty() {
        return None;
    }
    let lang = form.lang;
    let mapped = form.values.mapped_paths();
    let rows = values
        .iter()
        .enumerate()
        .map(
            |(index, value)| {
                if value.has_children { folder(form, value, index) } else { row(form, chosen, value, index, &mapped) }
            },
        )
        .collect_view();
    let count = values.iter().filter(|value| !value.has_children).count();
    Some(
        view! {
            <section class="found-part" aria-labelledby="h-found">
                <h3 id="h-found">{lang.found_values()} " " <small class="quiet num">{lang.found_count(count)}</small></h3>
                <ul class="found-values">{rows}</ul>
                {(chosen.mapped && count > 0).then(|| view! {
                    <div class="found-add">
                        <button class="button primary" type="submit" name="action" value="add_found" formaction="#mapping">
                            {icon(Icon::Plus)} {lang.add_found()}
                        </button>
                    </div>
                })}
            </section>
        }
        .into_any(),
    )
}

fn folder(form: FieldContext<'_>, value: &FoundValue, index: usize) -> AnyView {
    let lang = form.lang;
    view! {
        <li class="found-row found-folder" data-testid="found-folder">
            <div class="found-name"><strong>{value.name.clone()}</strong> <code>{value.path.clone()}</code></div>
            <button class="button" type="submit" name="action" value=format!("open.{index}") formaction="#find"
                aria-label=lang.open_named(&value.name)>
                {icon(Icon::Folder)} {lang.open_folder()}
            </button>
        </li>
    }
    .into_any()
}

fn row(
    form: FieldContext<'_>,
    chosen: &'static Manifest,
    value: &FoundValue,
    index: usize,
    mapped: &[String],
) -> AnyView {
    let lang = form.lang;
    let paths = value.decodings.iter().map(|decoding| decoding.path.as_str()).chain([value.path.as_str()]);
    let is_mapped = paths.into_iter().any(|path| mapped.iter().any(|mapped| mapped == path));
    let field = |part: &str| format!("found.{index}.{part}");
    let (select, name) = (field("on"), value.name.clone());
    let has_path = value.name != value.path;
    let title = view! {
        <span class="found-name">
            <strong>{name}</strong>
            {has_path.then(|| view! { <code>{value.path.clone()}</code> })}
        </span>
    };
    let sample = value.sample.clone().unwrap_or_else(|| crate::i18n::format::NONE.to_owned());
    let sample = view! { <p class="found-now num"><span class="vh">{lang.found_now()}": "</span>{sample}</p> };
    if is_mapped || !chosen.mapped {
        return view! {
            <li class="found-row" data-testid="found-value" data-mapped=is_mapped.to_string()>
                <div class="found-pick">{is_mapped.then(|| icon(Icon::Check))} {title}</div>
                {sample}
                {is_mapped.then(|| view! { <p class="quiet found-as">{lang.found_mapped()}</p> })}
            </li>
        }
        .into_any();
    }
    view! {
        <li class="found-row" data-testid="found-value" data-mapped="false">
            <label class="check-label found-pick">
                <input type="checkbox" checked=form.values.is_on(&select) name=select />
                {title}
            </label>
            {sample}
            <div class="found-as">
                {decodings(form, value, index)}
                {target(form, value, index)}
            </div>
        </li>
    }
    .into_any()
}

/// The ways to read the same bytes, with what each makes of them; the plausible one is chosen.
fn decodings(form: FieldContext<'_>, value: &FoundValue, index: usize) -> Option<AnyView> {
    if value.decodings.is_empty() {
        return None;
    }
    let lang = form.lang;
    let name = format!("found.{index}.path");
    let typed = form.values.filled(&name).map(str::to_owned);
    let chosen = typed.unwrap_or_else(|| value.proposed_path().to_owned());
    let options = value
        .decodings
        .iter()
        .map(|decoding| {
            let note = if decoding.plausible { format!(" · {}", lang.found_plausible()) } else { String::new() };
            // The row has said where it is.
            let way = decoding.path.strip_prefix(&value.path).unwrap_or(&decoding.path).trim();
            let label = format!("{way} = {}{note}", decoding.sample);
            view! { <option value=decoding.path.clone() selected={decoding.path == chosen}>{label}</option> }
        })
        .collect_view();
    let label = format!("{}: {}", lang.found_reading(), value.name);
    Some(view! { <select class="found-reading" name=name aria-label=label>{options}</select> }.into_any())
}

fn target(form: FieldContext<'_>, value: &FoundValue, index: usize) -> AnyView {
    let lang = form.lang;
    let (name, zone) = (format!("found.{index}.target"), format!("found.{index}.zone"));
    let (group, proposed_zone) = named_target(value);
    let chosen = form.values.get(&name).map_or(group, str::to_owned);
    let zone_value = form.values.get(&zone).map_or(proposed_zone, str::to_owned);
    let groups = option_groups(target_options(lang), &chosen);
    view! {
        <select class="found-target" name=name aria-label=format!("{}: {}", lang.found_as(), value.name)>{groups}</select>
        <input class="found-zone" type="text" name=zone value=zone_value aria-label=format!("{}: {}", lang.map_zone(), value.name)
            autocomplete="off" autocapitalize="none" spellcheck="false" />
    }
    .into_any()
}
