//! A dial of 270° with the setpoint as a mark.

use leptos::prelude::*;

use super::{Reader, condition::scale_celsius, flag, text};
use crate::{
    i18n::format::NONE,
    model::{equipment::EquipmentKind, live::LiveOven},
};

/// From the lower left over the top to the lower right of a circle of radius 50 around (60, 60).
const ARC: &str = "M24.64 95.36A50 50 0 1 1 95.36 95.36";

/// One dial: the value of a zone with the oven's setpoint.
pub fn gauge(
    label: String,
    value: Signal<Option<f64>>,
    oven: RwSignal<LiveOven>,
    kind: EquipmentKind,
    reader: Reader,
) -> AnyView {
    let lang = reader.lang;
    let scale = scale_celsius(kind);
    let share = move |celsius: f64| (celsius / scale).clamp(0.0, 1.0);
    let target = Memo::new(move |_| oven.with(|oven| oven.values.as_ref()?.target));
    view! {
        <li class="gauge">
            <svg viewBox="0 0 120 104" aria-hidden="true" focusable="false">
                <path class="gauge-track" d=ARC></path>
                <path
                    class="gauge-value"
                    d=ARC
                    pathLength="100"
                    stroke-dasharray=text(move || format!("{:.1} 200", share(value.get().unwrap_or(0.0)) * 100.0))
                ></path>
                <path
                    class="gauge-target"
                    d="M60 3v14"
                    visibility=text(move || if target.get().is_some() { "visible" } else { "hidden" }.to_owned())
                    transform=text(move || {
                        format!("rotate({:.1} 60 60)", share(target.get().unwrap_or(0.0)) * 270.0 - 135.0)
                    })
                ></path>
            </svg>
            <p class="gauge-text">
                <span class="gauge-label">{label}</span>
                <span class="vh">": "</span>
                <span class="gauge-number num">
                    {text(move || value.get().map_or_else(|| NONE.to_owned(), |v| lang.number(v, 1)))}
                </span>
                <span class="gauge-unit">" °C"</span>
                <span class="vh" hidden=flag(move || target.get().is_none())>
                    {text(move || {
                        target.get().map_or_else(String::new, |t| format!(" {}", lang.of_setpoint(&lang.number(t, 1))))
                    })}
                </span>
            </p>
        </li>
    }
    .into_any()
}
