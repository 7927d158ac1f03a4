//! The board: the bakery's numbers, the filters, and a card for each oven, grouped by area, problems first.

use maud::{Markup, html};

use super::{
    Reader,
    condition::{Summary, Urgency, urgency},
    filter::{Filter, StateFilter},
    icon::{Icon, markup},
};
use crate::{
    i18n::{Lang, format::NONE},
    islands::link::{Link, link_state},
    model::live::LiveOven,
};

/// One area with its ovens in the order of the cards.
struct Group<'a> {
    area: &'a str,
    ovens: Vec<&'a LiveOven>,
}

/// The whole board. `card` makes one oven's card: the browser leaves out those that it shows already.
pub fn board_view(
    ovens: &[LiveOven],
    seq: u64,
    filter: &Filter,
    link: Link,
    reader: Reader,
    card: &mut dyn FnMut(&LiveOven) -> Markup,
) -> Markup {
    let lang = reader.lang;
    let areas = areas(ovens);
    let groups = grouped(ovens, filter, reader.now_ms);
    html! {
        div class="board" data-seq=(seq) {
            div class="board-head" { h1 { (lang.board_title()) } (link_state(link, lang)) }
            (tiles(ovens, filter, reader))
            @if areas.len() > 1 { (area_filter(&areas, filter, lang)) }
            div class="areas" {
              @for group in &groups {
                section class="area" data-key=(group.area) style=(format!("--ovens:{}", group.ovens.len())) {
                    // With one area its name would say nothing; it stays for screen readers.
                    h2 class=(if areas.len() > 1 { "area-name" } else { "area-name vh" }) {
                        (if group.area.is_empty() { lang.no_area() } else { group.area })
                    }
                    div class="cards" { @for oven in &group.ovens { (card(oven)) } }
                }
              }
            }
            @if groups.is_empty() {
                div class="empty" {
                    p { (lang.nothing_matches()) }
                    p { a class="button" href="/" { (lang.show_all()) } }
                }
            }
        }
    }
}

fn areas(ovens: &[LiveOven]) -> Vec<&str> {
    let mut areas: Vec<&str> = ovens.iter().map(|oven| oven.location.as_str()).collect();
    areas.sort_unstable();
    areas.dedup();
    areas
}

/// The ovens that the filter shows: areas by name (those without last), then by urgency, then by name.
fn grouped<'a>(ovens: &'a [LiveOven], filter: &Filter, now_ms: i64) -> Vec<Group<'a>> {
    let mut shown: Vec<((bool, &str, Urgency), NaturalKey, &LiveOven)> = ovens
        .iter()
        .filter(|oven| filter.shows(oven, now_ms))
        .map(|oven| {
            let place = (oven.location.is_empty(), oven.location.as_str(), urgency(oven, now_ms));
            (place, natural_key(&oven.name), oven)
        })
        .collect();
    shown.sort_by(|a, b| (&a.0, &a.1, a.2.id).cmp(&(&b.0, &b.1, b.2.id)));
    let mut groups: Vec<Group> = Vec::new();
    for ((_, area, _), _, oven) in shown {
        match groups.last_mut() {
            Some(last) if last.area == area => last.ovens.push(oven),
            _ => groups.push(Group { area, ovens: vec![oven] }),
        }
    }
    groups
}

type NaturalKey = Vec<(String, u64)>;

/// Sorts "Horno 2" before "Horno 10".
fn natural_key(name: &str) -> NaturalKey {
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

/// The numbers of the whole bakery; all but the last are filters too.
fn tiles(ovens: &[LiveOven], filter: &Filter, reader: Reader) -> Markup {
    let lang = reader.lang;
    let mut sum = Summary::default();
    for oven in ovens {
        sum.add(oven, reader.now_ms);
    }
    let tile = |state: StateFilter, tone: &str, symbol: Icon, label: &str, count: usize| {
        let is_on = filter.state == state;
        // A second tap on the chosen tile shows all again.
        let next = Filter { state: if is_on { StateFilter::All } else { state }, ..filter.clone() };
        html! {
            li {
                a
                    class="tile"
                    href=(next.path())
                    data-tone=(tone)
                    data-testid=(format!("summary-{state}"))
                    data-zero=(count == 0)
                    aria-current=(is_on)
                {
                    (markup(symbol))
                    strong class="tile-number num" { (count) }
                    span class="tile-label" { (label) }
                }
            }
        }
    };
    html! {
        ul class="tiles" aria-label=(lang.summary()) {
            (tile(StateFilter::All, "ready", Icon::Grid, lang.all_ovens(), sum.ovens))
            (tile(StateFilter::Running, "heat", Icon::Flame, lang.tile_running(), sum.running))
            (tile(StateFilter::Alerts, "alarm", Icon::Warning, lang.tile_alerts(), sum.alerts))
            (tile(StateFilter::Silent, "notice", Icon::Offline, lang.tile_silent(), sum.silent))
            li {
                p class="tile" data-testid="summary-power" {
                    (markup(Icon::Bolt))
                    strong class="tile-number num" {
                        (sum.power_kw.map_or_else(|| NONE.to_owned(), |kw| lang.number(kw, 1)))
                        small { " kW" }
                    }
                    span class="tile-label" { (lang.tile_power()) }
                }
            }
        }
    }
}

fn area_filter(areas: &[&str], filter: &Filter, lang: Lang) -> Markup {
    let chip = |area: Option<&str>| {
        let label = match area {
            None => lang.all_areas(),
            Some("") => lang.no_area(),
            Some(name) => name,
        };
        let next = Filter { area: area.map(str::to_owned), ..filter.clone() };
        html! { a class="chip" href=(next.path()) aria-current=(filter.area.as_deref() == area) { (label) } }
    };
    html! {
        nav class="chips" aria-label=(lang.areas()) {
            (chip(None))
            @for area in areas { (chip(Some(area))) }
        }
    }
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
