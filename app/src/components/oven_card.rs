//! One oven on the board.

use maud::{Markup, html};

use super::{
    Reader,
    condition::{Look, Tone, Urgency, flaw, look, measured_ms, scale_celsius, side, urgency, zone_names},
    fact::{Fact, fact_chip, flaw_mark},
    icon::{Icon, markup},
};
use crate::{
    i18n::format::{NONE, fixed},
    model::{
        equipment::ConnectionStatus,
        live::{Freshness, LiveOven, LiveValues},
    },
};

pub fn oven_card(oven: &LiveOven, reader: Reader) -> Markup {
    let lang = reader.lang;
    let freshness = oven.freshness(reader.now_ms);
    let look = look(oven, freshness, lang);
    // An oven that runs on doubtful values is marked, though its state keeps its own colour.
    let is_doubtful = urgency(oven, reader.now_ms) == Urgency::Notice;
    let tone = if is_doubtful { Tone::Notice } else { look.tone };
    let values = oven.values.as_ref();
    html! {
        article
            class="card oven"
            data-testid="oven-card"
            data-oven-id=(oven.id)
            data-key=(oven.id)
            data-freshness=(freshness.as_str())
            data-status=(oven.status.as_str())
            data-tone=(tone.as_str())
        {
            header class="oven-head" {
                div {
                    h3 class="oven-name" { a href=(format!("/ovens/{}", oven.id)) { (oven.name) } }
                    p class="oven-kind" { (oven.kind.label(lang)) }
                }
                (status_pill(&look))
            }
            div class="oven-main" {
                (temperature(values, reader))
                (cycle_ring(values, reader))
            }
            (zones(oven, reader))
            dl class="facts" {
                @for fact in [Fact::humidity(lang), Fact::door(lang), Fact::power(lang), Fact::energy(lang)] {
                    (fact_chip(&fact, values, lang))
                }
            }
            (first_alarm(oven))
            (contact(oven, freshness, reader))
        }
    }
}

/// The worst fault that the oven reports, and how many more there are.
fn first_alarm(oven: &LiveOven) -> Markup {
    html! {
        @if let [first, more @ ..] = oven.alarms.as_slice() {
            p class="alarm" data-testid="alarm" data-severity=(first.severity.as_str()) {
                (markup(Icon::Warning))
                span { (first.message) }
                @if !more.is_empty() { span class="num" { "+" (more.len()) } }
            }
        }
    }
}

/// State as colour, shape and word.
pub fn status_pill(look: &Look) -> Markup {
    html! {
        p class="pill" data-testid="status" data-tone=(look.tone.as_str()) {
            (markup(look.icon))
            span { (look.word) }
        }
    }
}

/// The big number, its setpoint and how far it is from it.
pub fn temperature(values: Option<&LiveValues>, reader: Reader) -> Markup {
    let lang = reader.lang;
    let (celsius, target) = values.map_or((None, None), |v| (v.temperature, v.target));
    let bad = values.and_then(|values| flaw(values, "temperature"));
    html! {
        div class="temperature" {
            p class="big" {
                span class="vh" { (lang.temperature()) ": " }
                // The browser sets 1 and 2 in turn when the text changes, which starts the flash anew.
                span class="big-number num" data-testid="temperature" data-flash="0" { (lang.number_or_dash(celsius, 1)) }
                span class="unit" { "°C" }
                (flaw_mark(bad, lang))
            }
            p class="setpoint" {
                span class="num" {
                    @match target {
                        Some(target) => (format!("{} {} °C", lang.setpoint(), lang.plain_number(target))),
                        None => (lang.no_setpoint()),
                    }
                }
                @if let Some((celsius, target)) = celsius.zip(target) {
                    (deviation(celsius, target, reader))
                }
            }
        }
    }
}

fn deviation(celsius: f64, target: f64, reader: Reader) -> Markup {
    let lang = reader.lang;
    let side = side(celsius, target);
    let word = match side {
        "above" => lang.above_setpoint(),
        "below" => lang.below_setpoint(),
        _ => lang.at_setpoint(),
    };
    html! {
        span class="deviation num" data-side=(side) title=(word) {
            (lang.signed(celsius - target, 1))
            span class="vh" { " °C, " (word) }
        }
    }
}

/// Stage, progress and time left of the running cycle.
pub fn cycle_ring(values: Option<&LiveValues>, reader: Reader) -> Markup {
    let lang = reader.lang;
    let (progress, left, stage) = values.map_or((None, None, None), |v| (v.progress, v.remaining_min, v.stage));
    let shown = progress.unwrap_or(0.0).clamp(0.0, 100.0);
    html! {
        div class="cycle" hidden[progress.is_none() && left.is_none() && stage.is_none()] {
            div class="ring" hidden[progress.is_none()] {
                svg viewBox="0 0 64 64" aria-hidden="true" focusable="false" {
                    circle class="ring-track" cx="32" cy="32" r="28" {}
                    circle class="ring-value" cx="32" cy="32" r="28" pathLength="100"
                        stroke-dasharray=(format!("{} 100", shown.round() as i64)) {}
                }
                span class="ring-number num" {
                    span class="vh" { (lang.progress()) ": " }
                    (lang.number(shown, 0))
                    small { " %" }
                }
            }
            p class="cycle-words" {
                span class="cycle-stage" { (stage.map_or("", |stage| stage.label(lang))) }
                @if let Some(left) = left {
                    span class="cycle-left num" { (lang.minutes(left)) span class="vh" { " " (lang.left()) } }
                }
            }
        }
    }
}

fn zones(oven: &LiveOven, reader: Reader) -> Markup {
    let Some(values) = &oven.values else { return html! {} };
    let names = zone_names(values);
    html! {
        @if !names.is_empty() {
            ul class="zones" aria-label=(reader.lang.zones()) {
                @for zone in &names { (zone_bar(zone, values, scale_celsius(oven.kind), reader)) }
            }
        }
    }
}

fn zone_bar(zone: &str, values: &LiveValues, scale: f64, reader: Reader) -> Markup {
    let lang = reader.lang;
    let celsius = values.zones.get(zone).copied();
    let bad = flaw(values, &format!("temperature_zones.{zone}"));
    let level = fixed((celsius.unwrap_or(0.0) / scale).clamp(0.0, 1.0), 3);
    html! {
        li class="zone" data-key=(zone) {
            span class="zone-name" { (lang.zone_name(zone)) }
            span class="zone-value num" {
                @match celsius {
                    Some(celsius) => { (lang.number(celsius, 0)) "°" },
                    None => (NONE),
                }
                (flaw_mark(bad, lang))
            }
            span class="zone-bar" style=(["--level:", &level].concat()) aria-hidden="true" {}
        }
    }
}

/// Whether the values are of now, in plain words, and what to do when they are not.
pub fn contact(oven: &LiveOven, freshness: Freshness, reader: Reader) -> Markup {
    let lang = reader.lang;
    let is_down = matches!(freshness, Freshness::Offline | Freshness::Stale | Freshness::Waiting);
    let failure = oven.failure.filter(|_| is_down);
    let clock_flaw = oven.values.as_ref().and_then(|values| flaw(values, "reading_time"));
    html! {
        footer class="contact" {
            p class="contact-line" {
                (markup(contact_icon(freshness)))
                span class="num" data-testid="age" { (contact_sentence(oven, freshness, reader)) }
                (flaw_mark(clock_flaw, lang))
            }
            @if let Some(kind) = failure {
                p class="contact-help" { strong { (kind.label(lang)) } " " span { (kind.advice(lang)) } }
            }
        }
    }
}

fn contact_sentence(oven: &LiveOven, freshness: Freshness, reader: Reader) -> String {
    let Reader { lang, now_ms, clock } = reader;
    let measured = measured_ms(oven, now_ms);
    let ago = measured.map_or_else(String::new, |at| lang.ago(now_ms - at));
    match (freshness, measured) {
        (Freshness::Live, _) => ago,
        (Freshness::Stale, Some(at)) => {
            format!("{} · {ago}", lang.no_new_data_since(&clock.moment(lang, at, now_ms)))
        }
        (Freshness::Offline, Some(at)) => {
            format!("{} · {ago}", lang.no_contact_since(&clock.moment(lang, at, now_ms)))
        }
        (Freshness::Waiting, _) if oven.status == ConnectionStatus::Connecting => oven.status.label(lang).to_owned(),
        (freshness, _) => freshness.label(lang).to_owned(),
    }
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
