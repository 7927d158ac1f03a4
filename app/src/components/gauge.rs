//! A dial of 270° with the setpoint as a mark.

use maud::{Markup, html};

use crate::i18n::{Lang, format::NONE};

/// From the lower left over the top to the lower right of a circle of radius 50 around (60, 60).
const ARC: &str = "M24.64 95.36A50 50 0 1 1 95.36 95.36";

/// One dial, from 0 to `scale` °C: the value of a zone with the oven's setpoint.
pub fn gauge(zone: &str, celsius: Option<f64>, target: Option<f64>, scale: f64, lang: Lang) -> Markup {
    let tenths = |celsius: f64, whole: f64| ((celsius / scale).clamp(0.0, 1.0) * whole).round() as i64;
    html! {
        li class="gauge" data-key=(zone) {
            svg viewBox="0 0 120 104" aria-hidden="true" focusable="false" {
                path class="gauge-track" d=(ARC) {}
                path class="gauge-value" d=(ARC) pathLength="1000"
                    stroke-dasharray=(format!("{} 2000", tenths(celsius.unwrap_or(0.0), 1_000.0))) {}
                @if let Some(target) = target {
                    path class="gauge-target" d="M60 3v14"
                        transform=(format!("rotate({} 60 60)", tenths(target, 270.0) - 135)) {}
                }
            }
            p class="gauge-text" {
                span class="gauge-label" { (lang.zone_name(zone)) }
                span class="vh" { ": " }
                span class="gauge-number num" { (celsius.map_or_else(|| NONE.to_owned(), |v| lang.number(v, 1))) }
                span class="gauge-unit" { " °C" }
                @if let Some(target) = target {
                    span class="vh" { " " (lang.of_setpoint(&lang.number(target, 1))) }
                }
            }
        }
    }
}
