//! The drawing of the last 30 minutes. Labels are HTML over the drawing, so that they keep their size on a phone.

use leptos::prelude::*;

use super::{
    Reader, flag, text,
    trend::{HEIGHT, Shapes, Tick, WIDTH},
};

/// The line's look in the style sheet; colours repeat after six, patterns tell them apart.
fn line_class(index: usize) -> String {
    format!("line line-{}", index % 6)
}

fn ticks(ticks: Vec<Tick>) -> AnyView {
    ticks
        .into_iter()
        .map(|tick| view! { <span style=format!("--at:{:.4}", tick.at)>{tick.label}</span> })
        .collect_view()
        .into_any()
}

pub fn trend_chart(shapes: Memo<Shapes>, reader: Reader) -> AnyView {
    let lang = reader.lang;
    let zones = Memo::new(move |_| {
        shapes.with(|shapes| {
            let names = shapes.lines.iter().map(|line| line.zone.clone());
            names.enumerate().collect::<Vec<_>>()
        })
    });
    let path_of = move |zone: String| {
        text(move || {
            shapes.with(|shapes| {
                let line = shapes.lines.iter().find(|line| line.zone == zone);
                line.map_or_else(String::new, |line| line.path.clone())
            })
        })
    };
    let name_of = move |zone: &str| {
        if zone.is_empty() { lang.temperature().to_owned() } else { lang.zone_name(zone) }
    };
    let summary = text(move || {
        shapes.with(|s| {
            if s.is_empty() {
                return lang.trend_empty().to_owned();
            }
            lang.trend_summary(&lang.number(s.lowest, 1), &lang.number(s.highest, 1))
        })
    });
    let is_empty = flag(move || shapes.with(Shapes::is_empty));
    let grid = text(move || {
        let line = |tick: &Tick| format!("M0 {:.1}H{WIDTH}", (1.0 - tick.at) * HEIGHT);
        shapes.with(|s| s.y.iter().map(line).collect::<Vec<_>>().concat())
    });
    view! {
        <figure class="trend">
            <div class="trend-plot" hidden=is_empty>
                <svg
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=summary
                >
                    <path class="grid-lines" d=grid></path>
                    <path class="line line-target" d=text(move || shapes.with(|s| s.target.clone()))></path>
                    <For
                        each=move || zones.get()
                        key=Clone::clone
                        children=move |(index, zone)| {
                            view! { <path class=line_class(index) d=path_of(zone)></path> }
                        }
                    />
                </svg>
                <div class="ticks-y num" aria-hidden="true">{move || ticks(shapes.with(|s| s.y.clone()))}</div>
                <div class="ticks-x num" aria-hidden="true">{move || ticks(shapes.with(|s| s.x.clone()))}</div>
            </div>
            <ul class="legend" hidden=is_empty>
                <For
                    each=move || zones.get()
                    key=Clone::clone
                    children=move |(index, zone)| {
                        view! {
                            <li>
                                <svg class="swatch" viewBox="0 0 24 8" aria-hidden="true">
                                    <path class=line_class(index) d="M0 4H24"></path>
                                </svg>
                                <span>{name_of(&zone)}</span>
                            </li>
                        }
                    }
                />
                <li hidden=flag(move || shapes.with(|s| s.target.is_empty()))>
                    <svg class="swatch" viewBox="0 0 24 8" aria-hidden="true">
                        <path class="line line-target" d="M0 4H24"></path>
                    </svg>
                    <span>{lang.setpoint()}</span>
                </li>
            </ul>
            <figcaption>{summary}</figcaption>
        </figure>
    }
    .into_any()
}
