//! The drawing of the last 30 minutes. Labels are HTML over the drawing, so that they keep their size on a phone.

use maud::{Markup, html};

use super::trend::{HEIGHT, Shapes, Tick, WIDTH};
use crate::i18n::{Lang, format::fixed};

/// The line's look in the style sheet; colours repeat after six, patterns tell them apart.
fn line_class(index: usize) -> String {
    format!("line line-{}", index % 6)
}

fn ticks(ticks: &[Tick]) -> Markup {
    html! {
        @for tick in ticks {
            span style=(["--at:", &fixed(tick.at, 3)].concat()) { (tick.label) }
        }
    }
}

pub fn trend_chart(shapes: &Shapes, lang: Lang) -> Markup {
    if shapes.is_empty() {
        return html! { figure class="trend" { figcaption { (lang.trend_empty()) } } };
    }
    let summary = lang.trend_summary(&lang.number(shapes.lowest, 1), &lang.number(shapes.highest, 1));
    let name = |zone: &str| if zone.is_empty() { lang.temperature().to_owned() } else { lang.zone_name(zone) };
    let rule = |tick: &Tick| ["M0 ", &fixed((1.0 - tick.at) * HEIGHT, 0), "H", &fixed(WIDTH, 0)].concat();
    let grid = shapes.y.iter().map(rule).collect::<Vec<_>>().concat();
    let view_box = ["0 0 ", &fixed(WIDTH, 0), " ", &fixed(HEIGHT, 0)].concat();
    html! {
        figure class="trend" {
            div class="trend-plot" {
                svg viewBox=(view_box) preserveAspectRatio="none" role="img" aria-label=(summary) {
                    path class="grid-lines" d=(grid) {}
                    path class="line line-target" d=(shapes.target) {}
                    @for (index, line) in shapes.lines.iter().enumerate() {
                        path class=(line_class(index)) d=(line.path) {}
                    }
                }
                div class="ticks-y num" aria-hidden="true" { (ticks(&shapes.y)) }
                div class="ticks-x num" aria-hidden="true" { (ticks(&shapes.x)) }
            }
            ul class="legend" {
                @for (index, line) in shapes.lines.iter().enumerate() {
                    li { (swatch(&line_class(index))) span { (name(&line.zone)) } }
                }
                @if !shapes.target.is_empty() {
                    li { (swatch("line line-target")) span { (lang.setpoint()) } }
                }
            }
            figcaption { (summary) }
        }
    }
}

fn swatch(class: &str) -> Markup {
    html! {
        svg class="swatch" viewBox="0 0 24 8" aria-hidden="true" { path class=(class) d="M0 4H24" {} }
    }
}
