//! `/admin/outliers`: values that were not believed, for an admin to judge.

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::icon::{Icon, icon},
    i18n::clock::LocalClock,
    model::{
        metric::{Metric, ValueKind},
        outlier::{Outlier, OutlierStatus},
        reading::Field,
        unit::Dimension,
    },
    shell::{Page, document},
};

pub struct Outliers {
    /// Each with the name of its oven, the newest first.
    pub pending: Vec<(Outlier, String)>,
    /// There are more than these.
    pub more_pending: bool,
    /// The last ones that were judged.
    pub judged: Vec<(Outlier, String)>,
}

pub fn outliers(cx: &PageContext, data: Outliers) -> String {
    let lang = cx.lang;
    let page = Page { title: lang.outliers_title().to_owned(), islands: false, narrow: false };
    document(cx, page, || {
        let clock = LocalClock::new(&cx.timezone, cx.now);
        let is_empty = data.pending.is_empty();
        let rows = |list: Vec<(Outlier, String)>| {
            list.into_iter().map(|(outlier, oven)| row(cx, &clock, outlier, oven)).collect_view()
        };
        let (pending, has_judged) = (rows(data.pending), !data.judged.is_empty());
        view! {
            <div class="page-head">
                <div class="page-title">
                    <h1>{lang.outliers_title()}</h1>
                    <p class="lead">{lang.outliers_lead()}</p>
                </div>
            </div>
            {is_empty.then(|| view! {
                <p class="card all-good" data-testid="nothing-pending">{icon(Icon::Check)} {lang.outliers_none()}</p>
            })}
            {(!is_empty).then(|| view! {
                <h2 class="vh">{OutlierStatus::Pending.label(lang)}</h2>
                <ul class="oven-list" data-testid="pending">{pending}</ul>
            })}
            {data.more_pending.then(|| view! { <p class="quiet">{lang.outliers_more()}</p> })}
            {has_judged.then(|| view! {
                <section class="judged" aria-labelledby="judged">
                    <h2 id="judged">{lang.outliers_judged()}</h2>
                    <ul class="oven-list" data-testid="judged">{rows(data.judged)}</ul>
                </section>
            })}
        }
        .into_any()
    })
}

fn row(cx: &PageContext, clock: &LocalClock, outlier: Outlier, oven: String) -> AnyView {
    let lang = cx.lang;
    let now_ms = cx.now.as_millisecond();
    let moment = |at: jiff::Timestamp| clock.exact_moment(lang, at.as_millisecond(), now_ms);
    let (unit, decimals) = unit_of(&outlier.field);
    let value = |value: f64| format!("{} {unit}", lang.number(value, decimals)).trim_end().to_owned();
    let values = match (outlier.lowest, outlier.highest) {
        (Some(low), Some(high)) if value(low) == value(high) => value(low),
        (Some(low), Some(high)) => lang.from_to(&value(low), &value(high)),
        _ => lang.no_number().to_owned(),
    };
    let when = if outlier.readings > 1 {
        lang.from_to(&moment(outlier.started_at), &moment(outlier.ended_at))
    } else {
        moment(outlier.started_at)
    };
    let before = outlier.good_before.map(|before| lang.good_before(&value(before)));
    let (tone, symbol) = match outlier.status {
        OutlierStatus::Pending => ("notice", Icon::Question),
        OutlierStatus::Accepted => ("ready", Icon::Check),
        OutlierStatus::Rejected => ("off", Icon::Cross),
    };
    let action = |verdict: &str| format!("/admin/outliers/{}/{verdict}", outlier.id);
    let about = format!("{oven}, {}, {values}", lang.field_name(&outlier.field));
    let (accept, reject) = (lang.accept_named(&about), lang.reject_named(&about));
    view! {
        <li class="card oven-row" data-testid="outlier" data-outlier-id=outlier.id.to_string() data-tone=tone>
            <div class="oven-row-main">
                <h3><a href=format!("/ovens/{}", outlier.equipment_id)>{oven}</a>" · "{lang.field_name(&outlier.field)}</h3>
                <p><strong class="num">{values}</strong>" "{outlier.reason.label(lang)}</p>
                {before.map(|before| view! { <p class="quiet num">{before}</p> })}
                <p class="quiet num">{when}" · "{lang.readings_count(outlier.readings)}</p>
                {outlier.note.clone().map(|note| view! { <p class="quiet">"“"{note}"”"</p> })}
            </div>
            <p class="pill" data-tone=tone>{icon(symbol)} <span>{outlier.status.label(lang)}</span></p>
            <div class="oven-row-actions">
                {(outlier.status != OutlierStatus::Accepted).then(|| view! {
                    <form method="post" action=action("accept")>
                        <button class="button" type="submit" aria-label=accept>{icon(Icon::Check)} {lang.it_was_real()}</button>
                    </form>
                })}
                {(outlier.status != OutlierStatus::Rejected).then(|| view! {
                    <form method="post" action=action("reject")>
                        <button class="button" type="submit" aria-label=reject>{icon(Icon::Cross)} {lang.it_was_wrong()}</button>
                    </form>
                })}
            </div>
        </li>
    }
    .into_any()
}

/// The unit in which a field is stored, and the decimals that it is shown with.
fn unit_of(field: &str) -> (&'static str, usize) {
    let metric = match Field::parse(field) {
        Some(Field::Metric(metric)) => metric,
        Some(Field::Zone(_)) => Metric::Temperature,
        Some(Field::Additional(_)) | None => return ("", 1),
    };
    match metric.value_kind() {
        ValueKind::Number(dimension) => match dimension {
            Dimension::Temperature => ("°C", 1),
            Dimension::Percentage => ("%", 0),
            Dimension::Energy => ("kWh", 1),
            Dimension::Power => ("kW", 1),
            Dimension::Minutes => ("min", 0),
            Dimension::Speed => ("rpm", 0),
            Dimension::Mass => ("kg", 1),
            Dimension::None => ("", 1),
        },
        _ => ("", 1),
    }
}
