//! Every oven as a card, grouped by area, those with problems first.

use leptos::prelude::*;

use super::link::{Link, link_state};
use crate::{
    components::{
        Reader,
        condition::{Summary, urgency},
        filter::{Filter, StateFilter},
        flag,
        icon::{Icon, icon},
        oven_card::oven_card,
        text,
    },
    i18n::{Lang, clock::LocalClock, format::NONE},
    model::{
        equipment::EquipmentId,
        live::{Frame, LiveOven},
    },
};

type Ovens = RwSignal<Vec<(EquipmentId, ArcRwSignal<LiveOven>)>>;

/// One area with its ovens in the order of the cards.
type Group = (String, Vec<EquipmentId>);

#[island]
pub fn LiveBoard(
    ovens: Vec<LiveOven>,
    seq: u64,
    site_build: String,
    lang: Lang,
    now_ms: i64,
    clock: LocalClock,
    filter: Filter,
) -> impl IntoView {
    let reader = Reader::new(lang, now_ms, clock);
    let link = RwSignal::new(Link::Connecting);
    let seq = RwSignal::new(seq);
    let filter = RwSignal::new(filter);
    let ovens: Ovens = RwSignal::new(ovens.into_iter().map(|oven| (oven.id, ArcRwSignal::new(oven))).collect());

    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        super::socket::keep_live(site_build.clone(), link, reader.now, move |frame| apply(frame, ovens, seq));
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = site_build;

    let summary = Memo::new(move |_| {
        let now = reader.now.get();
        let mut summary = Summary::default();
        ovens.with(|all| all.iter().for_each(|(_, oven)| oven.with(|oven| summary.add(oven, now))));
        summary
    });
    let groups = Memo::new(move |_| grouped(ovens, &filter.get(), reader.now.get()));
    let areas = Memo::new(move |_| areas(ovens));
    view! {
        <div class="board" data-seq=text(move || seq.get().to_string())>
            <div class="board-head">
                <h1>{lang.board_title()}</h1>
                {link_state(link, lang)}
            </div>
            {tiles(summary, filter, lang)}
            {area_filter(areas, filter, lang)}
            <For
                each=move || groups.get()
                key=|(area, _)| area.clone()
                children=move |(area, _)| area_section(area, ovens, groups, areas, reader)
            />
            <div class="empty" hidden=flag(move || groups.with(|groups| !groups.is_empty()))>
                <p>{lang.nothing_matches()}</p>
                <p>
                    <a class="button" href="/" on:click=choose(filter, Filter::default)>
                        {lang.show_all()}
                    </a>
                </p>
            </div>
        </div>
    }
    .into_any()
}

/// Takes a frame into the signals; only what differs reaches the page.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "frames arrive in the browser only"))]
fn apply(frame: Frame, ovens: Ovens, seq: RwSignal<u64>) {
    match frame {
        Frame::Snapshot { seq: number, ovens: fresh, .. } => {
            seq.set(number);
            let gone = |id: &EquipmentId| !fresh.iter().any(|oven| oven.id == *id);
            if ovens.with_untracked(|all| all.iter().any(|(id, _)| gone(id))) {
                ovens.update(|all| all.retain(|(id, _)| !gone(id)));
            }
            for oven in fresh {
                put(ovens, oven);
            }
        }
        Frame::Update { seq: number, ovens: changed, removed, .. } => {
            seq.set(number);
            for oven in changed {
                put(ovens, oven);
            }
            if !removed.is_empty() {
                ovens.update(|all| all.retain(|(id, _)| !removed.contains(id)));
            }
        }
        Frame::Heartbeat { seq: number, .. } => seq.set(number),
    }
}

fn put(ovens: Ovens, oven: LiveOven) {
    let known = ovens.with_untracked(|all| all.iter().find(|(id, _)| *id == oven.id).map(|(_, known)| known.clone()));
    match known {
        Some(known) if known.with_untracked(|known| *known == oven) => {}
        Some(known) => known.set(oven),
        None => ovens.update(|all| all.push((oven.id, ArcRwSignal::new(oven)))),
    }
}

fn areas(ovens: Ovens) -> Vec<String> {
    let mut areas: Vec<String> =
        ovens.with(|all| all.iter().map(|(_, oven)| oven.with(|oven| oven.location.clone())).collect());
    areas.sort();
    areas.dedup();
    areas
}

/// The ovens that the filter shows: areas by name (those without last), then by urgency, then by name.
fn grouped(ovens: Ovens, filter: &Filter, now_ms: i64) -> Vec<Group> {
    let mut shown: Vec<_> = ovens.with(|all| {
        all.iter()
            .filter_map(|(id, oven)| {
                oven.with(|oven| {
                    let key = (oven.location.is_empty(), oven.location.clone(), urgency(oven, now_ms));
                    filter.shows(oven, now_ms).then(|| (key, natural_key(&oven.name), *id))
                })
            })
            .collect()
    });
    shown.sort();
    let mut groups: Vec<Group> = Vec::new();
    for ((_, area, _), _, id) in shown {
        match groups.last_mut() {
            Some((last, ids)) if *last == area => ids.push(id),
            _ => groups.push((area, vec![id])),
        }
    }
    groups
}

/// Sorts "Horno 2" before "Horno 10".
fn natural_key(name: &str) -> Vec<(String, u64)> {
    let lower = name.to_lowercase();
    let mut parts = vec![(String::new(), 0_u64)];
    for letter in lower.chars() {
        let last = parts.last_mut().expect("starts with one part");
        match letter.to_digit(10) {
            Some(digit) => last.1 = last.1.saturating_mul(10).saturating_add(u64::from(digit)),
            None if last.1 > 0 => parts.push((letter.to_string(), 0)),
            None => last.0.push(letter),
        }
    }
    parts
}

fn area_section(
    area: String,
    ovens: Ovens,
    groups: Memo<Vec<Group>>,
    areas: Memo<Vec<String>>,
    reader: Reader,
) -> AnyView {
    let name = if area.is_empty() { reader.lang.no_area().to_owned() } else { area.clone() };
    // With one area its name would say nothing; it stays for screen readers.
    let class = text(move || if areas.with(Vec::len) > 1 { "area-name" } else { "area-name vh" }.to_owned());
    let cards = Memo::new(move |_| {
        groups.with(|groups| groups.iter().find(|(name, _)| *name == area).map(|(_, ids)| ids.clone()))
    });
    view! {
        <section class="area">
            <h2 class=class>{name}</h2>
            <div class="cards">
                <For
                    each=move || cards.get().unwrap_or_default()
                    key=|id| *id
                    children=move |id| {
                        let oven = ovens.with_untracked(|all| {
                            all.iter().find(|(known, _)| *known == id).map(|(_, oven)| oven.clone())
                        });
                        oven.map(|oven| oven_card(RwSignal::from(oven), reader))
                    }
                />
            </div>
        </section>
    }
    .into_any()
}

/// Sets a filter without loading the page; the link does the same where WASM is not running.
fn choose(
    filter: RwSignal<Filter>,
    next: impl Fn() -> Filter + Clone + 'static,
) -> impl FnMut(leptos::ev::MouseEvent) + 'static {
    move |event| {
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        event.prevent_default();
        let next = next();
        #[cfg(feature = "hydrate")]
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&next.path()));
        }
        filter.set(next);
    }
}

/// The numbers of the whole bakery; the first three are filters too.
fn tiles(summary: Memo<Summary>, filter: RwSignal<Filter>, lang: Lang) -> AnyView {
    let tile = move |state: StateFilter,
                     tone: &'static str,
                     symbol: Icon,
                     label: &'static str,
                     count: fn(&Summary) -> usize| {
        let is_on = move || filter.with(|filter| filter.state == state);
        // A second tap on the chosen tile shows all again.
        let next = move || {
            let state = if filter.with_untracked(|filter| filter.state == state) { StateFilter::All } else { state };
            Filter { state, ..filter.get_untracked() }
        };
        let href =
            text(move || Filter { state: if is_on() { StateFilter::All } else { state }, ..filter.get() }.path());
        view! {
            <li>
                <a
                    class="tile"
                    href=href
                    data-tone=tone
                    data-testid=format!("summary-{state}")
                    data-zero=text(move || (summary.with(count) == 0).to_string())
                    aria-current=text(move || if is_on() { "true" } else { "false" }.to_owned())
                    on:click=choose(filter, next)
                >
                    {icon(symbol)}
                    <strong class="tile-number num">{text(move || summary.with(count).to_string())}</strong>
                    <span class="tile-label">{label}</span>
                </a>
            </li>
        }
    };
    view! {
        <ul class="tiles" aria-label=lang.summary()>
            {tile(StateFilter::All, "ready", Icon::Grid, lang.all_ovens(), |s| s.ovens)}
            {tile(StateFilter::Running, "heat", Icon::Flame, lang.tile_running(), |s| s.running)}
            {tile(StateFilter::Alerts, "alarm", Icon::Warning, lang.tile_alerts(), |s| s.alerts)}
            {tile(StateFilter::Silent, "notice", Icon::Offline, lang.tile_silent(), |s| s.silent)}
            <li>
                <p class="tile" data-testid="summary-power">
                    {icon(Icon::Bolt)}
                    <strong class="tile-number num">
                        {text(move || summary.get().power_kw.map_or_else(|| NONE.to_owned(), |kw| lang.number(kw, 1)))}
                        <small>" kW"</small>
                    </strong>
                    <span class="tile-label">{lang.tile_power()}</span>
                </p>
            </li>
        </ul>
    }
    .into_any()
}

fn area_filter(areas: Memo<Vec<String>>, filter: RwSignal<Filter>, lang: Lang) -> AnyView {
    let chip = move |area: Option<String>| {
        let label = match area.as_deref() {
            None => lang.all_areas().to_owned(),
            Some("") => lang.no_area().to_owned(),
            Some(name) => name.to_owned(),
        };
        let (chosen, linked) = (area.clone(), area.clone());
        view! {
            <a
                class="chip"
                href=text(move || Filter { area: linked.clone(), ..filter.get() }.path())
                aria-current=text(move || filter.with(|filter| filter.area == chosen).to_string())
                on:click=choose(filter, move || Filter { area: area.clone(), ..filter.get_untracked() })
            >
                {label}
            </a>
        }
    };
    view! {
        <nav class="chips" aria-label=lang.areas() hidden=flag(move || areas.with(Vec::len) < 2)>
            {chip(None)}
            <For each=move || areas.get() key=Clone::clone children=move |area| chip(Some(area)) />
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::natural_key;

    #[test]
    fn names_sort_as_people_count() {
        let mut names = ["Horno 10", "horno 2", "Armario", "Horno 1 norte", "Horno 1"];
        names.sort_by_key(|name| natural_key(name));
        assert_eq!(names, ["Armario", "Horno 1", "Horno 1 norte", "horno 2", "Horno 10"]);
    }
}
