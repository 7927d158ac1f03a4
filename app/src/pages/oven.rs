//! `/ovens/{id}`: one oven in detail.

use leptos::prelude::*;

use super::PageContext;
pub use crate::components::trend::TrendPoint;
use crate::{
    components::{
        icon::{Icon, icon},
        trend::thin,
    },
    i18n::{clock::LocalClock, format::NONE},
    islands::LiveOvenPanel,
    model::{
        connection_log::{ConnectionEvent, ConnectionLogEntry},
        equipment::{ConnectionStatus, Equipment},
        health::ConnectionHealth,
        live::LiveOven,
        user::Role,
    },
    shell::{Page, document},
};

pub struct OvenDetail {
    pub equipment: Equipment,
    pub live: LiveOven,
    pub build: String,
    pub trend: Vec<TrendPoint>,
    /// Newest first.
    pub log: Vec<ConnectionLogEntry>,
    pub health: ConnectionHealth,
}

pub fn oven(cx: &PageContext, data: OvenDetail) -> String {
    let lang = cx.lang;
    let page = Page { title: data.equipment.name.clone(), islands: true, narrow: false };
    // A wall screen needs no addresses and no error details.
    let is_staff = cx.user.as_ref().is_some_and(|user| user.role.may(Role::Staff));
    let is_admin = cx.user.as_ref().is_some_and(|user| user.role.may(Role::Admin));
    let now_ms = cx.now.as_millisecond();
    document(cx, page, || {
        let OvenDetail { equipment, live, build, mut trend, log, health } = data;
        let clock = LocalClock::new(&cx.timezone, cx.now);
        trend.sort_by_key(|point| point.at_ms);
        let trend = thin(trend, equipment.poll_interval_seconds, now_ms);
        let about: Vec<String> = [
            Some(equipment.kind.label(lang).to_owned()),
            Some(equipment.location.clone()),
            equipment.manufacturer.clone(),
            equipment.model.clone(),
        ]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
        view! {
            <div class="page-head">
                <a class="back" href="/">{icon(Icon::Back)} {lang.back_to_board()}</a>
                <div class="page-title">
                    <h1>{equipment.name.clone()}</h1>
                    <p class="lead">{about.join(" · ")}</p>
                </div>
                {is_staff.then(|| view! {
                    <a class="button" href=format!("/api/v1/equipment/{}/sensor-history/export?format=csv", equipment.id) download="">
                        {lang.download_day()}
                    </a>
                })}
                {is_admin.then(|| view! {
                    <a class="button" href=format!("/admin/ovens/{}/edit", equipment.id)>
                        {icon(Icon::Pencil)} {lang.edit_oven()}
                    </a>
                })}
            </div>
            <LiveOvenPanel oven=live trend site_build=build lang now_ms clock=clock.clone() />
            <div class="connection-parts">
                {is_staff.then(|| health_card(cx, &clock, &health))}
                {is_staff.then(|| log_card(cx, &clock, log))}
            </div>
        }
        .into_any()
    })
}

fn health_card(cx: &PageContext, clock: &LocalClock, health: &ConnectionHealth) -> AnyView {
    let lang = cx.lang;
    let now_ms = cx.now.as_millisecond();
    let moment = |at: jiff::Timestamp| clock.exact_moment(lang, at.as_millisecond(), now_ms);
    let ms = |value: Option<f64>| lang.number_or_dash(value, 0);
    let stat = |label: &'static str, value: String, note: String| {
        view! { <div class="stat"><dt>{label}</dt><dd><span class="num stat-value">{value}</span> <small>{note}</small></dd></div> }
    };
    let uptime = health.uptime.map_or_else(|| NONE.to_owned(), |share| format!("{} %", lang.number(share * 100.0, 1)));
    let on_time = match health.polls + health.polls_skipped {
        0 => String::new(),
        due => format!("{} % {}", lang.number(health.polls_on_time as f64 / due as f64 * 100.0, 1), lang.in_time()),
    };
    let last_error = health.last_error.clone();
    let failed_at = health.last_error_at.map(moment);
    view! {
        <section class="card" aria-labelledby="h-health" data-testid="connection-health">
            <h2 id="h-health">{lang.connection_health()}</h2>
            <dl class="stats">
                {stat(lang.uptime(), uptime, lang.uptime_help().to_owned())}
                {stat(
                    lang.latency(),
                    format!("{} · {} ms", ms(health.latency_p50_ms), ms(health.latency_p95_ms)),
                    lang.latency_help().to_owned(),
                )}
                {stat(lang.polls(), lang.number(health.polls as f64, 0), on_time)}
                {stat(lang.failures_in_a_row(), health.consecutive_failures.to_string(), String::new())}
                {health.next_attempt_at.map(|at| stat(lang.next_attempt(), moment(at), String::new()))}
            </dl>
            <h3>{lang.last_error()}</h3>
            {match last_error {
                None => view! { <p class="quiet">{lang.no_errors()}</p> }.into_any(),
                Some(failure) => view! {
                    <p><strong>{failure.kind.label(lang)}</strong> " " <span class="num quiet">{failed_at}</span></p>
                    <p class="advice"><strong>{lang.what_to_do()}": "</strong> {failure.kind.advice(lang)}</p>
                    <details class="technical">
                        <summary>{lang.technical_detail()}</summary>
                        <p><code lang="en">{failure.detail}</code></p>
                    </details>
                }.into_any(),
            }}
        </section>
    }
    .into_any()
}

fn log_card(cx: &PageContext, clock: &LocalClock, log: Vec<ConnectionLogEntry>) -> AnyView {
    let lang = cx.lang;
    if log.is_empty() {
        return view! {
            <section class="card" aria-labelledby="h-log">
                <h2 id="h-log">{lang.connection_log()}</h2>
                <p class="quiet">{lang.log_empty()}</p>
            </section>
        }
        .into_any();
    }
    let rows = log.into_iter().map(|entry| log_row(cx, clock, entry)).collect_view();
    view! {
        <section class="card" aria-labelledby="h-log">
            <h2 id="h-log">{lang.connection_log()}</h2>
            <div class="scroll" tabindex="0" role="group" aria-labelledby="h-log">
                <table class="log" data-testid="connection-log">
                    <thead>
                        <tr>
                            <th scope="col">{lang.log_time()}</th>
                            <th scope="col">{lang.log_event()}</th>
                            <th scope="col">{lang.log_detail()}</th>
                            <th scope="col" class="end">{lang.log_response()}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="quiet">{lang.log_note()}</p>
        </section>
    }
    .into_any()
}

fn log_row(cx: &PageContext, clock: &LocalClock, entry: ConnectionLogEntry) -> AnyView {
    let lang = cx.lang;
    let time = clock.exact_moment(lang, entry.event_time.as_millisecond(), cx.now.as_millisecond());
    let (symbol, tone) = event_look(entry.event_type, entry.connection_status);
    let points = entry.data_points_received.map(|count| lang.log_points(count));
    let code = entry.error_code;
    view! {
        <tr data-tone=tone>
            <td class="num nowrap"><time datetime=entry.event_time.to_string()>{time}</time></td>
            <td class="nowrap log-event">{icon(symbol)} {entry.event_type.label(lang)}</td>
            <td class="log-detail">
                {points}
                {entry.error_message.map(|message| view! { <span lang="en">{message}</span> })}
                {code.map(|code| view! { " " <code>{code}</code> })}
            </td>
            <td class="num nowrap end">
                {entry.response_time_ms.map(|ms| format!("{} ms", lang.number(ms, 0)))}
            </td>
        </tr>
    }
    .into_any()
}

fn event_look(event: ConnectionEvent, status: ConnectionStatus) -> (Icon, &'static str) {
    match event {
        ConnectionEvent::Connected
        | ConnectionEvent::Recovered
        | ConnectionEvent::ValuesAccepted
        | ConnectionEvent::PartRecovered => (Icon::Check, "ready"),
        ConnectionEvent::Test if status == ConnectionStatus::Connected => (Icon::Check, "ready"),
        ConnectionEvent::Disconnected | ConnectionEvent::Timeout => (Icon::Offline, "alarm"),
        ConnectionEvent::ConfigChanged => (Icon::Pencil, "off"),
        ConnectionEvent::Stopped => (Icon::Power, "off"),
        ConnectionEvent::ValueRejected | ConnectionEvent::PartFailed => (Icon::Warning, "notice"),
        ConnectionEvent::Test
        | ConnectionEvent::AuthFailed
        | ConnectionEvent::TlsFailed
        | ConnectionEvent::ProtocolFailed
        | ConnectionEvent::ParseFailed
        | ConnectionEvent::LimitExceeded
        | ConnectionEvent::ConfigInvalid
        | ConnectionEvent::ReadingsLost => (Icon::Warning, "alarm"),
    }
}
