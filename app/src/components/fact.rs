//! One quantity of an oven: icon, name, value with unit, and a warning where the value cannot be trusted.

use leptos::prelude::*;

use super::{
    Reader,
    condition::flaw,
    flag,
    icon::{Icon, icon},
    text,
};
use crate::{
    i18n::{Lang, format::NONE},
    model::{
        live::{Freshness, LiveOven, LiveValues},
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

/// The text of a fact and its flaw, as signals of the oven.
struct Shown {
    value: Signal<String>,
    flaw: Memo<Option<QualityReason>>,
    /// The oven has no such value and never says anything about it.
    absent: Signal<bool>,
}

fn shown(fact: Fact, oven: RwSignal<LiveOven>, lang: Lang) -> Shown {
    let value = Memo::new(move |_| oven.with(|oven| (fact.show)(oven.values.as_ref()?, lang)));
    let flaw = Memo::new(move |_| oven.with(|oven| flaw(oven.values.as_ref()?, fact.field)));
    Shown {
        value: text(move || value.get().unwrap_or_else(|| NONE.to_owned())),
        flaw,
        absent: flag(move || value.with(Option::is_none) && flaw.get().is_none()),
    }
}

/// A warning sign with its reason, hidden while there is none.
pub fn flaw_mark(flaw: Memo<Option<QualityReason>>, lang: Lang) -> AnyView {
    let reason = text(move || {
        flaw.get()
            .map_or_else(String::new, |reason| format!("{}: {}", reason.quality().label(lang), reason.label(lang)))
    });
    view! {
        <span class="flaw" hidden=flag(move || flaw.get().is_none()) title=reason>
            {icon(Icon::Warning)}
            <span class="vh">{reason}</span>
        </span>
    }
    .into_any()
}

/// A fact on a card: the icon stands for the name, which screen readers get.
pub fn fact_chip(fact: Fact, oven: RwSignal<LiveOven>, reader: Reader) -> AnyView {
    let Shown { value, flaw, absent } = shown(fact, oven, reader.lang);
    view! {
        <div class="fact" hidden=absent>
            <dt title=fact.label>{icon(fact.icon)} <span class="vh">{fact.label}</span></dt>
            <dd><span class="num">{value}</span> {flaw_mark(flaw, reader.lang)}</dd>
        </div>
    }
    .into_any()
}

/// A fact in the table of the oven page, with its quality in words; an old value is good no longer.
pub fn fact_row(fact: Fact, oven: RwSignal<LiveOven>, freshness: Memo<Freshness>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let Shown { value, flaw, absent } = shown(fact, oven, lang);
    let quality = Memo::new(move |_| flaw.get().map_or(Quality::Good, QualityReason::quality));
    let is_live = move || freshness.get() == Freshness::Live;
    view! {
        <tr hidden=absent>
            <th scope="row">{icon(fact.icon)} <span>{fact.label}</span></th>
            <td class="num">{value}</td>
            <td
                class="quality"
                data-quality=text(move || if is_live() { quality.get().as_str() } else { "old" }.to_owned())
            >
                {text(move || {
                    let word = if is_live() { quality.get().label(lang) } else { freshness.get().label(lang) };
                    flaw.get().map_or_else(|| word.to_owned(), |reason| format!("{word}: {}", reason.label(lang)))
                })}
            </td>
        </tr>
    }
    .into_any()
}
