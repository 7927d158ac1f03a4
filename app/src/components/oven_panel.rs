//! One oven in detail: dials, cycle, values with their quality, and the last 30 minutes.

use maud::{Markup, html};

use super::{
    Reader,
    condition::{look, scale_celsius, zone_names},
    fact::{Fact, fact_row},
    gauge::gauge,
    icon::{Icon, markup},
    oven_card::{contact, cycle_ring, status_pill, temperature},
    trend::{Shapes, TrendPoint},
    trend_chart::trend_chart,
};
use crate::{
    islands::link::{Link, link_state},
    model::live::{Freshness, LiveOven},
};

pub fn oven_panel(oven: &LiveOven, points: &[TrendPoint], link: Link, reader: Reader) -> Markup {
    let lang = reader.lang;
    let freshness = oven.freshness(reader.now_ms);
    let look = look(oven, freshness, lang);
    let values = oven.values.as_ref();
    // The chart moves every five seconds, which is a pixel or two.
    let drawn_at = reader.now_ms / 5_000 * 5_000 + 5_000;
    let shapes = Shapes::new(points, oven.interval_s, drawn_at, lang, reader.clock);
    html! {
        div
            class="oven-live"
            data-testid="oven-panel"
            data-freshness=(freshness.as_str())
            data-status=(oven.status.as_str())
            data-tone=(look.tone.as_str())
        {
            div class="oven-live-head" { (status_pill(&look)) (link_state(link, lang)) }
            (alarms(oven, reader))
            section class="card hero" aria-label=(lang.temperature()) {
                (temperature(values, reader))
                (gauges(oven, reader))
                (contact(oven, freshness, reader))
            }
            section class="card" aria-labelledby="h-cycle" {
                h2 id="h-cycle" { (lang.cycle()) }
                (cycle_ring(values, reader))
                @if !has_cycle(oven) { p class="quiet" { (lang.no_cycle()) } }
                h2 { (lang.in_detail()) }
                (values_table(oven, freshness, reader))
            }
            section class="card wide" aria-labelledby="h-trend" {
                h2 id="h-trend" { (lang.trend()) }
                (trend_chart(&shapes, lang))
            }
        }
    }
}

/// Every fault that the oven reports.
fn alarms(oven: &LiveOven, reader: Reader) -> Markup {
    let Reader { lang, now_ms, clock } = reader;
    html! {
        @if !oven.alarms.is_empty() {
            section class="card wide" aria-labelledby="h-alarms" {
                h2 id="h-alarms" { (lang.faults()) }
                ul class="alarms" {
                    @for alarm in &oven.alarms {
                        li class="alarm" data-key=(alarm.code) data-severity=(alarm.severity.as_str()) {
                            (markup(Icon::Warning))
                            span { strong { (alarm.message) } " " code { (alarm.code) } }
                            @if let Some(since) = alarm.since_ms {
                                span class="num quiet" { (lang.since(&clock.moment(lang, since, now_ms))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn gauges(oven: &LiveOven, reader: Reader) -> Markup {
    let Some(values) = &oven.values else { return html! {} };
    let (names, scale) = (zone_names(values), scale_celsius(oven.kind));
    html! {
        @if !names.is_empty() {
            ul class="gauges" aria-label=(reader.lang.zones()) {
                @for zone in &names {
                    (gauge(zone, values.zones.get(zone).copied(), values.target, scale, reader.lang))
                }
            }
        }
    }
}

fn has_cycle(oven: &LiveOven) -> bool {
    oven.values.as_ref().is_some_and(|v| v.progress.is_some() || v.remaining_min.is_some() || v.stage.is_some())
}

fn values_table(oven: &LiveOven, freshness: Freshness, reader: Reader) -> Markup {
    let lang = reader.lang;
    let Some(values) = &oven.values else { return html! { p class="quiet" { (lang.no_values_yet()) } } };
    let facts = [
        Fact::temperature(lang),
        Fact::setpoint(lang),
        Fact::humidity(lang),
        Fact::steam(lang),
        Fact::power(lang),
        Fact::energy(lang),
        Fact::stage(lang),
        Fact::door(lang),
    ];
    html! {
        table class="values" {
            thead class="vh" {
                tr { th scope="col" { (lang.in_detail()) } th scope="col" { (lang.value()) } th scope="col" { (lang.quality()) } }
            }
            tbody {
                @for fact in &facts { (fact_row(fact, Some(values), freshness, lang)) }
            }
        }
    }
}
