//! `/admin/ovens`: every oven with its connection settings.

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::{
        condition::{Look, look},
        empty::empty_state,
        icon::{Icon, icon},
    },
    i18n::clock::LocalClock,
    model::{equipment::Equipment, live::LiveOven},
    shell::{Page, document},
};

pub struct AdminOvens {
    pub ovens: Vec<(Equipment, LiveOven)>,
}

pub fn admin_ovens(cx: &PageContext, data: AdminOvens) -> String {
    let lang = cx.lang;
    let is_empty = data.ovens.is_empty();
    let page = Page { title: lang.admin_ovens_title().to_owned(), islands: false, narrow: is_empty };
    document(cx, page, || {
        if is_empty {
            let action = Some(("/admin/ovens/new", lang.add_first_oven()));
            return view! {
                <h1 class="vh">{lang.admin_ovens_title()}</h1>
                {empty_state(lang.empty_title(), lang.admin_empty(), action)}
            }
            .into_any();
        }
        let clock = LocalClock::new(&cx.timezone, cx.now);
        let rows = data.ovens.into_iter().map(|(oven, live)| row(cx, &clock, oven, live)).collect_view();
        view! {
            <div class="page-head">
                <div class="page-title">
                    <h1>{lang.admin_ovens_title()}</h1>
                    <p class="lead">{lang.admin_ovens_lead()}</p>
                </div>
                <a class="button primary" href="/admin/ovens/new">{icon(Icon::Plus)} {lang.add_oven()}</a>
            </div>
            <ul class="oven-list">{rows}</ul>
        }
        .into_any()
    })
}

fn row(cx: &PageContext, clock: &LocalClock, oven: Equipment, live: LiveOven) -> AnyView {
    let lang = cx.lang;
    let now_ms = cx.now.as_millisecond();
    let freshness = live.freshness(now_ms);
    let Look { tone, icon: symbol, word } = look(&live, freshness, lang);
    let base = format!("/admin/ovens/{}", oven.id);
    let about: Vec<String> = [Some(oven.kind.label(lang).to_owned()), oven.manufacturer.clone(), oven.model.clone()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let connection = match (&oven.iot_protocol, &oven.iot_endpoint) {
        (Some(protocol), Some(endpoint)) => view! {
            <code>{protocol.clone()}</code> " "
            <span class="endpoint">{endpoint.clone()}{oven.iot_port.map(|port| format!(" : {port}"))}</span>
            <span class="quiet">" · "{lang.every_seconds(oven.poll_interval_seconds)}</span>
        }
        .into_any(),
        _ => view! { <span class="quiet">{lang.no_protocol()}</span> }.into_any(),
    };
    let last_contact = oven
        .iot_last_connected
        .map_or_else(|| lang.never().to_owned(), |at| clock.moment(lang, at.as_millisecond(), now_ms));
    let (switch, switch_label) = if oven.iot_enabled { ("disable", lang.disable()) } else { ("enable", lang.enable()) };
    view! {
        <li class="card oven-row" data-testid="oven-row" data-oven-id=oven.id.to_string() data-tone=tone.as_str()>
            <div class="oven-row-main">
                <h2><a href=format!("/ovens/{}", oven.id)>{oven.name.clone()}</a></h2>
                <p class="quiet">{about.join(" · ")}{(!oven.location.is_empty()).then(|| format!(" · {}", oven.location))}</p>
                <p>{connection}</p>
                <p class="quiet">{lang.last_contact()}": "<span class="num">{last_contact}</span></p>
                {live.failure.map(|kind| view! {
                    <p class="advice"><strong>{kind.label(lang)}". "</strong>{kind.advice(lang)}</p>
                })}
            </div>
            <p class="pill" data-tone=tone.as_str()>{icon(symbol)} <span>{word}</span></p>
            <div class="oven-row-actions">
                <a class="button" href=format!("{base}/edit") aria-label=lang.edit_named(&oven.name)>
                    {icon(Icon::Pencil)} {lang.edit()}
                </a>
                <form method="post" action=format!("{base}/{switch}")>
                    <button class="button" type="submit">{icon(Icon::Power)} {switch_label}</button>
                </form>
                <details class="confirm">
                    <summary class="button quiet-button">{icon(Icon::Trash)} {lang.delete()}</summary>
                    <form class="confirm-panel" method="post" action=format!("{base}/delete")>
                        <p><strong>{lang.delete_question(&oven.name)}</strong></p>
                        <p>{lang.delete_warning()}</p>
                        <p class="quiet">{lang.delete_alternative()}</p>
                        <button class="button danger" type="submit">{icon(Icon::Trash)} {lang.delete_now()}</button>
                    </form>
                </details>
            </div>
        </li>
    }
    .into_any()
}
