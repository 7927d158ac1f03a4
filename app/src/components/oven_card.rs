//! One oven on the board.

use leptos::prelude::*;

use super::{
    Reader,
    condition::{Look, Tone, Urgency, flaw, look, measured_ms, scale_celsius, side, urgency, zone_names},
    fact::{Fact, fact_chip, flaw_mark},
    flag,
    icon::{Icon, icon, live_icon},
    text,
};
use crate::{
    i18n::format::NONE,
    model::{
        equipment::ConnectionStatus,
        live::{Freshness, LiveOven},
    },
};

pub fn oven_card(oven: RwSignal<LiveOven>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let id = oven.with_untracked(|oven| oven.id);
    let freshness = freshness(oven, reader);
    // An oven that runs on doubtful values is marked, though its state keeps its own colour.
    let card_tone = text(move || {
        let is_doubtful = oven.with(|oven| urgency(oven, reader.now.get())) == Urgency::Notice;
        let tone = if is_doubtful { Tone::Notice } else { current_look(oven, freshness, reader).tone };
        tone.as_str().to_owned()
    });
    view! {
        <article
            class="card oven"
            data-testid="oven-card"
            data-oven-id=id.to_string()
            data-freshness=text(move || freshness.get().as_str().to_owned())
            data-status=text(move || oven.with(|oven| oven.status.as_str().to_owned()))
            data-tone=card_tone
        >
            <header class="oven-head">
                <div>
                    <h3 class="oven-name"><a href=format!("/ovens/{id}")>{text(move || oven.with(|o| o.name.clone()))}</a></h3>
                    <p class="oven-kind">{text(move || oven.with(|o| o.kind.label(lang).to_owned()))}</p>
                </div>
                {status_pill(oven, freshness, reader)}
            </header>
            <div class="oven-main">
                {temperature(oven, reader)}
                {cycle_ring(oven, reader)}
            </div>
            {zones(oven, reader)}
            <dl class="facts">
                {fact_chip(Fact::humidity(lang), oven, reader)}
                {fact_chip(Fact::door(lang), oven, reader)}
                {fact_chip(Fact::power(lang), oven, reader)}
                {fact_chip(Fact::energy(lang), oven, reader)}
            </dl>
            {contact(oven, freshness, reader)}
        </article>
    }
    .into_any()
}

/// How fresh the oven's values are; follows both the oven and the time.
pub fn freshness(oven: RwSignal<LiveOven>, reader: Reader) -> Memo<Freshness> {
    Memo::new(move |_| oven.with(|oven| oven.freshness(reader.now.get())))
}

fn current_look(oven: RwSignal<LiveOven>, freshness: Memo<Freshness>, reader: Reader) -> Look {
    oven.with(|oven| look(oven, freshness.get(), reader.lang))
}

/// State as colour, shape and word.
pub fn status_pill(oven: RwSignal<LiveOven>, freshness: Memo<Freshness>, reader: Reader) -> AnyView {
    let look = Memo::new(move |_| current_look(oven, freshness, reader));
    view! {
        <p class="pill" data-testid="status" data-tone=text(move || look.get().tone.as_str().to_owned())>
            {live_icon(Signal::derive(move || look.get().icon))}
            <span>{text(move || look.get().word.to_owned())}</span>
        </p>
    }
    .into_any()
}

/// The big number, its setpoint and how far it is from it.
pub fn temperature(oven: RwSignal<LiveOven>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let values =
        Memo::new(move |_| oven.with(|o| o.values.as_ref().map_or((None, None), |v| (v.temperature, v.target))));
    let bad = Memo::new(move |_| oven.with(|oven| flaw(oven.values.as_ref()?, "temperature")));
    // The second part alternates with each change, which starts one of two equal animations anew.
    let shown = Memo::new(move |before: Option<&(String, u8)>| {
        let text = lang.number_or_dash(values.get().0, 1);
        match before {
            None => (text, 0),
            Some((same, turn)) if *same == text => (text, *turn),
            Some((_, turn)) => (text, if *turn == 1 { 2 } else { 1 }),
        }
    });
    let difference = Memo::new(move |_| {
        let (temperature, target) = values.get();
        temperature.zip(target).map(|(temperature, target)| (temperature - target, side(temperature, target)))
    });
    let side_word = move || match difference.get() {
        Some((_, "above")) => lang.above_setpoint(),
        Some((_, "below")) => lang.below_setpoint(),
        Some(_) => lang.at_setpoint(),
        None => "",
    };
    view! {
        <div class="temperature">
            <p class="big">
                <span class="vh">{lang.temperature()}": "</span>
                <span
                    class="big-number num"
                    data-testid="temperature"
                    data-flash=text(move || shown.get().1.to_string())
                >
                    {text(move || shown.get().0)}
                </span>
                <span class="unit">"°C"</span>
                {flaw_mark(bad, lang)}
            </p>
            <p class="setpoint">
                <span class="num">
                    {text(move || match values.get().1 {
                        Some(target) => format!("{} {} °C", lang.setpoint(), lang.plain_number(target)),
                        None => lang.no_setpoint().to_owned(),
                    })}
                </span>
                <span
                    class="deviation num"
                    hidden=flag(move || difference.get().is_none())
                    data-side=text(move || difference.get().map_or("", |(_, side)| side).to_owned())
                    title=text(move || side_word().to_owned())
                >
                    {text(move || difference.get().map_or_else(String::new, |(by, _)| lang.signed(by, 1)))}
                    <span class="vh">{text(move || format!(" °C, {}", side_word()))}</span>
                </span>
            </p>
        </div>
    }
    .into_any()
}

/// Stage, progress and time left of the running cycle.
pub fn cycle_ring(oven: RwSignal<LiveOven>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let cycle = Memo::new(move |_| {
        oven.with(|o| o.values.as_ref().map_or((None, None, None), |v| (v.progress, v.remaining_min, v.stage)))
    });
    let progress = move || cycle.get().0.map(|progress| progress.clamp(0.0, 100.0));
    view! {
        <div class="cycle" hidden=flag(move || cycle.get() == (None, None, None))>
            <div class="ring" hidden=flag(move || progress().is_none())>
                <svg viewBox="0 0 64 64" aria-hidden="true" focusable="false">
                    <circle class="ring-track" cx="32" cy="32" r="28"></circle>
                    <circle
                        class="ring-value"
                        cx="32"
                        cy="32"
                        r="28"
                        pathLength="100"
                        stroke-dasharray=text(move || format!("{:.0} 100", progress().unwrap_or(0.0)))
                    ></circle>
                </svg>
                <span class="ring-number num">
                    <span class="vh">{lang.progress()}": "</span>
                    {text(move || progress().map_or_else(|| NONE.to_owned(), |p| lang.number(p, 0)))}
                    <small>" %"</small>
                </span>
            </div>
            <p class="cycle-words">
                <span class="cycle-stage">
                    {text(move || cycle.get().2.map_or("", |stage| stage.label(lang)).to_owned())}
                </span>
                <span class="cycle-left num" hidden=flag(move || cycle.get().1.is_none())>
                    {text(move || cycle.get().1.map_or_else(String::new, |left| lang.minutes(left)))}
                    <span class="vh">" "{lang.left()}</span>
                </span>
            </p>
        </div>
    }
    .into_any()
}

fn zones(oven: RwSignal<LiveOven>, reader: Reader) -> AnyView {
    let names = Memo::new(move |_| oven.with(|oven| oven.values.as_ref().map(zone_names).unwrap_or_default()));
    view! {
        <ul
            class="zones"
            aria-label=reader.lang.zones()
            hidden=flag(move || names.with(Vec::is_empty))
        >
            <For each=move || names.get() key=Clone::clone children=move |zone| zone_bar(zone, oven, reader) />
        </ul>
    }
    .into_any()
}

fn zone_bar(zone: String, oven: RwSignal<LiveOven>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let label = lang.zone_name(&zone);
    let field = format!("temperature_zones.{zone}");
    let value = Memo::new(move |_| oven.with(|oven| oven.values.as_ref()?.zones.get(&zone).copied()));
    let bad = Memo::new(move |_| oven.with(|oven| flaw(oven.values.as_ref()?, &field)));
    let level = text(move || {
        let scale = oven.with(|oven| scale_celsius(oven.kind));
        format!("--level:{:.3}", (value.get().unwrap_or(0.0) / scale).clamp(0.0, 1.0))
    });
    view! {
        <li class="zone">
            <span class="zone-name">{label}</span>
            <span class="zone-value num">
                {text(move || value.get().map_or_else(|| NONE.to_owned(), |celsius| format!("{}°", lang.number(celsius, 0))))}
                {flaw_mark(bad, lang)}
            </span>
            <span class="zone-bar" style=level aria-hidden="true"></span>
        </li>
    }
    .into_any()
}

/// Whether the values are of now, in plain words, and what to do when they are not.
pub fn contact(oven: RwSignal<LiveOven>, freshness: Memo<Freshness>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let sentence = text(move || {
        let now = reader.now.get();
        oven.with(|oven| {
            let measured = measured_ms(oven, now);
            let moment = |at: i64| reader.clock.with_value(|clock| clock.moment(lang, at, now));
            let ago = measured.map_or_else(String::new, |at| lang.ago(now - at));
            match (freshness.get(), measured) {
                (Freshness::Live, _) => ago,
                (Freshness::Stale, Some(at)) => format!("{} · {ago}", lang.no_new_data_since(&moment(at))),
                (Freshness::Offline, Some(at)) => format!("{} · {ago}", lang.no_contact_since(&moment(at))),
                (Freshness::Waiting, _) if oven.status == ConnectionStatus::Connecting => {
                    oven.status.label(lang).to_owned()
                }
                (freshness, _) => freshness.label(lang).to_owned(),
            }
        })
    });
    let failure = Memo::new(move |_| {
        let is_down = matches!(freshness.get(), Freshness::Offline | Freshness::Stale | Freshness::Waiting);
        oven.with(|oven| oven.failure.filter(|_| is_down))
    });
    let clock_flaw = Memo::new(move |_| oven.with(|oven| flaw(oven.values.as_ref()?, "reading_time")));
    view! {
        <footer class="contact">
            <p class="contact-line">
                {live_icon(Signal::derive(move || contact_icon(freshness.get())))}
                <span class="num" data-testid="age">{sentence}</span>
                {flaw_mark(clock_flaw, lang)}
            </p>
            <p class="contact-help" hidden=flag(move || failure.get().is_none())>
                <strong>{text(move || failure.get().map_or("", |kind| kind.label(lang)).to_owned())}</strong>
                " "
                <span>{text(move || failure.get().map_or("", |kind| kind.advice(lang)).to_owned())}</span>
            </p>
        </footer>
    }
    .into_any()
}

const fn contact_icon(freshness: Freshness) -> Icon {
    match freshness {
        Freshness::Live => Icon::Dot,
        Freshness::Stale => Icon::Clock,
        Freshness::Offline => Icon::Offline,
        Freshness::Waiting => Icon::Plug,
        Freshness::Disabled => Icon::Power,
    }
}

/// A card's outline with an icon and a few words, where there is nothing to show.
pub fn empty_state(title: &'static str, words: &'static str, action: Option<(&'static str, &'static str)>) -> AnyView {
    view! {
        <div class="empty card">
            {icon(Icon::Flame)}
            <h2>{title}</h2>
            <p>{words}</p>
            {action.map(|(href, label)| view! { <p><a class="button primary" href=href>{icon(Icon::Plus)} {label}</a></p> })}
        </div>
    }
    .into_any()
}
