//! One oven in detail: dials, cycle, values with their quality, and the last 30 minutes.

use leptos::prelude::*;

use super::link::{Link, link_state};
use crate::{
    components::{
        Reader,
        condition::{look, zone_names},
        fact::{Fact, fact_row},
        flag,
        gauge::gauge,
        oven_card::{contact, cycle_ring, freshness, status_pill, temperature},
        text,
        trend::{Shapes, TrendPoint},
        trend_chart::trend_chart,
    },
    i18n::{Lang, clock::LocalClock},
    model::live::{Freshness, LiveOven},
};

#[island]
pub fn LiveOvenPanel(
    oven: LiveOven,
    trend: Vec<TrendPoint>,
    site_build: String,
    lang: Lang,
    now_ms: i64,
    clock: LocalClock,
) -> impl IntoView {
    let reader = Reader::new(lang, now_ms, clock);
    let link = RwSignal::new(Link::Connecting);
    let (kind, interval_s) = (oven.kind, oven.interval_s);
    let oven = RwSignal::new(oven);
    let points = RwSignal::new(trend);

    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        super::socket::keep_live(site_build.clone(), link, reader.now, move |frame| apply(frame, oven, points));
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = site_build;

    let freshness = freshness(oven, reader);
    // The chart moves every five seconds, which is a pixel or two.
    let drawn_at = Memo::new(move |_| reader.now.get() / 5_000 * 5_000 + 5_000);
    let shapes = Memo::new(move |_| {
        reader
            .clock
            .with_value(|clock| points.with(|points| Shapes::new(points, interval_s, drawn_at.get(), lang, clock)))
    });
    let zones = Memo::new(move |_| oven.with(|oven| oven.values.as_ref().map(zone_names).unwrap_or_default()));
    view! {
        <div
            class="oven-live"
            data-testid="oven-panel"
            data-freshness=text(move || freshness.get().as_str().to_owned())
            data-status=text(move || oven.with(|oven| oven.status.as_str().to_owned()))
            data-tone=text(move || oven.with(|o| look(o, freshness.get(), lang).tone.as_str().to_owned()))
        >
            <div class="oven-live-head">{status_pill(oven, freshness, reader)} {link_state(link, lang)}</div>
            <section class="card hero" aria-label=lang.temperature()>
                {temperature(oven, reader)}
                <ul class="gauges" hidden=flag(move || zones.with(Vec::is_empty)) aria-label=lang.zones()>
                    <For
                        each=move || zones.get()
                        key=Clone::clone
                        children=move |zone| {
                            let label = lang.zone_name(&zone);
                            let value = Signal::derive(move || {
                                oven.with(|oven| oven.values.as_ref()?.zones.get(&zone).copied())
                            });
                            gauge(label, value, oven, kind, reader)
                        }
                    />
                </ul>
                {contact(oven, freshness, reader)}
            </section>
            <section class="card" aria-labelledby="h-cycle">
                <h2 id="h-cycle">{lang.cycle()}</h2>
                {cycle_ring(oven, reader)}
                <p class="quiet" hidden=flag(move || oven.with(has_cycle))>{lang.no_cycle()}</p>
                <h2>{lang.in_detail()}</h2>
                {values_table(oven, freshness, reader)}
            </section>
            <section class="card wide" aria-labelledby="h-trend">
                <h2 id="h-trend">{lang.trend()}</h2>
                {trend_chart(shapes, reader)}
            </section>
        </div>
    }
    .into_any()
}

fn has_cycle(oven: &LiveOven) -> bool {
    oven.values.as_ref().is_some_and(|v| v.progress.is_some() || v.remaining_min.is_some() || v.stage.is_some())
}

fn values_table(oven: RwSignal<LiveOven>, freshness: Memo<Freshness>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    view! {
        <table class="values">
            <thead class="vh">
                <tr>
                    <th scope="col">{lang.in_detail()}</th>
                    <th scope="col">{lang.value()}</th>
                    <th scope="col">{lang.quality()}</th>
                </tr>
            </thead>
            <tbody>
                {fact_row(Fact::temperature(lang), oven, freshness, reader)}
                {fact_row(Fact::setpoint(lang), oven, freshness, reader)}
                {fact_row(Fact::humidity(lang), oven, freshness, reader)}
                {fact_row(Fact::steam(lang), oven, freshness, reader)}
                {fact_row(Fact::power(lang), oven, freshness, reader)}
                {fact_row(Fact::energy(lang), oven, freshness, reader)}
                {fact_row(Fact::stage(lang), oven, freshness, reader)}
                {fact_row(Fact::door(lang), oven, freshness, reader)}
            </tbody>
        </table>
        <p class="quiet" hidden=flag(move || oven.with(|oven| oven.values.is_some()))>{lang.no_values_yet()}</p>
    }
    .into_any()
}

/// Takes this oven's part of a frame; a deleted oven leads back to the board.
#[cfg(feature = "hydrate")]
fn apply(frame: crate::model::live::Frame, oven: RwSignal<LiveOven>, points: RwSignal<Vec<TrendPoint>>) {
    use crate::model::live::Frame;
    let id = oven.with_untracked(|oven| oven.id);
    let (found, is_gone, server_time_ms) = match frame {
        Frame::Snapshot { ovens, server_time_ms, .. } => {
            let found = ovens.into_iter().find(|oven| oven.id == id);
            let is_gone = found.is_none();
            (found, is_gone, server_time_ms)
        }
        Frame::Update { ovens, removed, server_time_ms, .. } => {
            (ovens.into_iter().find(|oven| oven.id == id), removed.contains(&id), server_time_ms)
        }
        Frame::Heartbeat { .. } => return,
    };
    if is_gone {
        let _ = window().location().set_href("/");
        return;
    }
    let Some(fresh) = found else { return };
    if let Some(values) = &fresh.values {
        let is_new = points.with_untracked(|points| points.last().is_none_or(|last| last.at_ms < values.reading_ms));
        if is_new {
            let point = TrendPoint::from(values);
            points.update(|points| crate::components::trend::push(points, point, fresh.interval_s, server_time_ms));
        }
    }
    if oven.with_untracked(|known| *known != fresh) {
        oven.set(fresh);
    }
}
