//! What a connection test found: each step, advice where one failed, the values, and the answer itself.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::{
    i18n::Lang,
    model::{
        api::{ConnectionTestResult, StageResult},
        mapping::Target,
        metric::{Metric, ValueKind},
        reading::{Quality, Reading},
        unit::Dimension,
    },
};

pub fn test_result(result: ConnectionTestResult, lang: Lang) -> AnyView {
    let (class, symbol, title) = if result.success {
        ("test-result is-ok", Icon::Check, lang.test_ok())
    } else {
        ("test-result is-failed", Icon::Warning, lang.test_failed())
    };
    let took = result.response_time_ms.map(|ms| format!("{} ms", lang.number(ms as f64, 0)));
    view! {
        <div class=class role="status" data-testid="test-result" data-success=result.success.to_string()>
            <h3>{icon(symbol)} {title} " " <small class="num quiet">{took}</small></h3>
            {result.error_kind.map(|kind| view! {
                <p class="advice"><strong>{kind.label(lang)}". "</strong>{kind.advice(lang)}</p>
            })}
            {result.error_details.map(|detail| view! {
                <p class="quiet">{lang.technical_detail()}": "<code lang="en">{detail}</code></p>
            })}
            <ol class="stages">{result.stages.into_iter().map(|stage| stage_row(stage, lang)).collect_view()}</ol>
            {result.reading.map(|reading| values(&reading, lang))}
            {result.sample.map(|sample| view! {
                <h4 id="h-sample">{lang.test_sample()}</h4>
                <pre class="sample" tabindex="0" role="region" aria-labelledby="h-sample" data-testid="sample">{sample}</pre>
            })}
            <p class="quiet">{lang.test_nothing_saved()}</p>
        </div>
    }
    .into_any()
}

fn stage_row(stage: StageResult, lang: Lang) -> AnyView {
    let (symbol, word, tone) = if stage.success {
        (Icon::Check, lang.test_step_ok(), "ready")
    } else {
        (Icon::Cross, lang.test_step_failed(), "alarm")
    };
    view! {
        <li class="stage" data-tone=tone data-stage=stage.stage.as_str()>
            {icon(symbol)}
            <span class="vh">{word}": "</span>
            <strong>{stage.stage.label(lang)}</strong>
            <span class="stage-detail" lang="en">{stage.detail}</span>
            <span class="num quiet nowrap">{format!("{} ms", lang.number(stage.duration_ms, 0))}</span>
        </li>
    }
    .into_any()
}

fn values(reading: &Reading, lang: Lang) -> AnyView {
    if reading.values.is_empty() {
        return view! { <p class="advice">{lang.test_no_values()}</p> }.into_any();
    }
    let mut rows: Vec<(String, String)> = reading
        .values
        .numbers()
        .into_iter()
        .map(|(field, value)| {
            let text = format!("{} {}", lang.number(value, 1), stored_unit(&field));
            (field, text.trim().to_owned())
        })
        .collect();
    let words = [
        (Metric::OperationalStatus, reading.values.operational_status.map(|word| word.label(lang))),
        (Metric::CycleStage, reading.values.cycle_stage.map(|word| word.label(lang))),
        (Metric::DoorStatus, reading.values.door_status.map(|word| word.label(lang))),
    ];
    rows.extend(words.into_iter().filter_map(|(metric, word)| Some((metric.to_string(), word?.to_owned()))));
    let texts = reading.values.additional_sensors.iter().filter(|(_, value)| value.as_f64().is_none());
    rows.extend(texts.map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (format!("additional_sensors.{name}"), text)
    }));
    // Flaws of values that did not arrive at all are told too.
    let missing = reading.quality_issues.iter().filter(|issue| !rows.iter().any(|(field, _)| *field == issue.field));
    let missing: Vec<_> = missing.map(|issue| (issue.field.clone(), "—".to_owned())).collect();
    rows.extend(missing);
    let rows = rows
        .into_iter()
        .map(|(field, text)| {
            let issue = reading.quality_issues.iter().find(|issue| issue.field == field);
            let quality = issue.map_or(Quality::Good, |issue| issue.reason.quality());
            let reason = issue.map(|issue| format!(": {}", issue.reason.label(lang)));
            view! {
                <tr>
                    <th scope="row">{lang.field_name(&field)}</th>
                    <td class="num">{text}</td>
                    <td class="quality" data-quality=quality.as_str()>{quality.label(lang)}{reason}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <h4>{lang.test_values()}</h4>
        <table class="values">
            <thead class="vh">
                <tr>
                    <th scope="col">{lang.in_detail()}</th>
                    <th scope="col">{lang.value()}</th>
                    <th scope="col">{lang.quality()}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// The unit that a field is stored in.
fn stored_unit(field: &str) -> &'static str {
    match Target::parse(field).map(|target| target.value_kind()) {
        Some(ValueKind::Number(dimension)) => match dimension {
            Dimension::Temperature => "°C",
            Dimension::Percentage => "%",
            Dimension::Energy => "kWh",
            Dimension::Power => "kW",
            Dimension::Minutes => "min",
            Dimension::Speed => "rpm",
            Dimension::Mass => "kg",
            Dimension::None => "",
        },
        _ => "",
    }
}
