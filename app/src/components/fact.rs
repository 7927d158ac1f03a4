//! One quantity of an oven: icon, name, value with unit, and a warning where the value cannot be trusted.

use maud::{Markup, html};

use super::{
    condition::flaw,
    icon::{Icon, markup},
};
use crate::{
    i18n::{Lang, format::NONE},
    model::{
        live::{Freshness, LiveValues},
        reading::{Quality, QualityReason},
    },
};

/// What a quantity is called and how it is read from the live values.
#[derive(Clone, Copy)]
pub struct Fact {
    pub field: &'static str,
    pub icon: Icon,
    pub label: &'static str,
    pub show: fn(&LiveValues, Lang) -> Option<String>,
}

impl Fact {
    pub const fn humidity(lang: Lang) -> Self {
        Self {
            field: "humidity",
            icon: Icon::Drop,
            label: lang.humidity(),
            show: |values, lang| values.humidity.map(|v| format!("{} %", lang.number(v, 0))),
        }
    }

    pub const fn steam(lang: Lang) -> Self {
        Self {
            field: "steam_level",
            icon: Icon::Steam,
            label: lang.steam(),
            show: |values, lang| values.steam.map(|v| format!("{} %", lang.number(v, 0))),
        }
    }

    pub const fn power(lang: Lang) -> Self {
        Self {
            field: "power_kw",
            icon: Icon::Bolt,
            label: lang.power(),
            show: |values, lang| values.power_kw.map(|v| format!("{} kW", lang.number(v, 1))),
        }
    }

    pub const fn energy(lang: Lang) -> Self {
        Self {
            field: "energy_consumption_kwh",
            icon: Icon::Meter,
            label: lang.energy(),
            show: |values, lang| values.energy_kwh.map(|v| format!("{} kWh", lang.number(v, 1))),
        }
    }

    pub const fn door(lang: Lang) -> Self {
        Self {
            field: "door_status",
            icon: Icon::Door,
            label: lang.door(),
            show: |values, lang| values.door.map(|door| door.label(lang).to_owned()),
        }
    }

    pub const fn temperature(lang: Lang) -> Self {
        Self {
            field: "temperature",
            icon: Icon::Thermometer,
            label: lang.temperature(),
            show: |values, lang| values.temperature.map(|v| format!("{} °C", lang.number(v, 1))),
        }
    }

    pub const fn setpoint(lang: Lang) -> Self {
        Self {
            field: "target_temperature",
            icon: Icon::Sliders,
            label: lang.setpoint(),
            show: |values, lang| values.target.map(|v| format!("{} °C", lang.number(v, 1))),
        }
    }

    pub const fn stage(lang: Lang) -> Self {
        Self {
            field: "cycle_stage",
            icon: Icon::Flame,
            label: lang.stage(),
            show: |values, lang| values.stage.map(|stage| stage.label(lang).to_owned()),
        }
    }
}

/// A warning sign with its reason, where there is one.
pub fn flaw_mark(flaw: Option<QualityReason>, lang: Lang) -> Markup {
    let reason = flaw.map(|reason| [reason.quality().label(lang), ": ", reason.label(lang)].concat());
    html! {
        @if let Some(reason) = reason {
            span class="flaw" title=(reason) { (markup(Icon::Warning)) span class="vh" { (reason) } }
        }
    }
}

/// The text and the flaw of a fact; None where the oven has no such value and says nothing about it.
fn shown(fact: &Fact, values: Option<&LiveValues>, lang: Lang) -> Option<(String, Option<QualityReason>)> {
    let values = values?;
    let flaw = flaw(values, fact.field);
    match (fact.show)(values, lang) {
        None if flaw.is_none() => None,
        value => Some((value.unwrap_or_else(|| NONE.to_owned()), flaw)),
    }
}

/// A fact on a card: the icon stands for the name, which screen readers get.
pub fn fact_chip(fact: &Fact, values: Option<&LiveValues>, lang: Lang) -> Markup {
    html! {
        @if let Some((value, flaw)) = shown(fact, values, lang) {
            div class="fact" data-key=(fact.field) {
                dt title=(fact.label) { (markup(fact.icon)) " " span class="vh" { (fact.label) } }
                dd { span class="num" { (value) } " " (flaw_mark(flaw, lang)) }
            }
        }
    }
}

/// A fact in the table of the oven page, with its quality in words; an old value is good no longer.
pub fn fact_row(fact: &Fact, values: Option<&LiveValues>, freshness: Freshness, lang: Lang) -> Markup {
    let Some((value, flaw)) = shown(fact, values, lang) else { return html! {} };
    let quality = flaw.map_or(Quality::Good, QualityReason::quality);
    let (state, word) = if freshness == Freshness::Live {
        (quality.as_str(), quality.label(lang))
    } else {
        ("old", freshness.label(lang))
    };
    html! {
        tr data-key=(fact.field) {
            th scope="row" { (markup(fact.icon)) " " span { (fact.label) } }
            td class="num" { (value) }
            td class="quality" data-quality=(state) {
                (word)
                @if let Some(reason) = flaw { ": " (reason.label(lang)) }
            }
        }
    }
}
