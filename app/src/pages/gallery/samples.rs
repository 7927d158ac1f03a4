//! Ovens, forms and readings that the sheets show.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use uuid::Uuid;

use super::super::*;
use crate::{
    i18n::Lang,
    model::{
        alert::AlertSeverity,
        api::{ConnectionTestResult, StageResult, TestStage},
        connection_log::{ConnectionEvent, ConnectionLogEntry},
        connector::{Capabilities, Delivery, Field, FieldInput, Localized, Manifest, SearchField},
        equipment::{ConnectionStatus, Equipment, EquipmentId, EquipmentKind},
        failure::{Failure, FailureKind},
        form::{FieldError, FormValues, Problem},
        health::ConnectionHealth,
        live::{LiveAlarm, LiveOven, LiveValues},
        outlier::{Outlier, OutlierStatus},
        reading::{CycleStage, DoorStatus, OperationalStatus, Quality, QualityIssue, QualityReason, Reading, Values},
        user::Role,
    },
};

const NOW: &str = "2025-11-24T13:32:05Z";

pub(super) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A baking deck oven whose values were read at `at_ms`.
pub(crate) fn sample_oven(number: u128, at_ms: i64) -> LiveOven {
    LiveOven {
        id: EquipmentId(Uuid::from_u128(number)),
        name: format!("Horno {number}"),
        location: "Obrador".to_owned(),
        kind: EquipmentKind::Deck,
        enabled: true,
        status: ConnectionStatus::Connected,
        failure: None,
        interval_s: 5,
        values: Some(LiveValues {
            reading_ms: at_ms,
            received_ms: at_ms,
            quality: Quality::Good,
            issues: Vec::new(),
            temperature: Some(231.4),
            target: Some(235.0),
            zones: BTreeMap::from([("top".to_owned(), 238.2), ("bottom".to_owned(), 226.0)]),
            humidity: Some(45.0),
            energy_kwh: Some(12_345.6),
            power_kw: Some(12.4),
            operation: Some(OperationalStatus::Running),
            stage: Some(CycleStage::Baking),
            progress: Some(68.0),
            remaining_min: Some(11.2),
            door: Some(DoorStatus::Closed),
            steam: Some(20.0),
        }),
        alarms: Vec::new(),
    }
}

pub(super) fn sample_ovens() -> Vec<LiveOven> {
    let now_ms = now().as_millisecond();
    let mut ovens: Vec<LiveOven> = (1..=9).map(|number| sample_oven(number, now_ms - 2_000)).collect();
    let edit = |oven: &mut LiveOven, change: fn(&mut LiveValues)| change(oven.values.as_mut().unwrap());
    edit(&mut ovens[1], |v| {
        v.operation = Some(OperationalStatus::Preheating);
        (v.temperature, v.target, v.progress, v.remaining_min) = (Some(148.3), Some(250.0), None, Some(25.0));
        v.stage = Some(CycleStage::Preheating);
        v.door = Some(DoorStatus::Open);
    });
    ovens[0].alarms = vec![
        LiveAlarm {
            code: "E042".to_owned(),
            message: "Übertemperatur Kammer 1".to_owned(),
            severity: AlertSeverity::Critical,
            since_ms: Some(now_ms - 120_000),
        },
        LiveAlarm {
            code: "M007".to_owned(),
            message: "Wartung fällig".to_owned(),
            severity: AlertSeverity::Warning,
            since_ms: None,
        },
    ];
    ovens[2].status = ConnectionStatus::Disconnected;
    ovens[2].failure = Some(FailureKind::Timeout);
    edit(&mut ovens[2], |v| (v.reading_ms, v.received_ms) = (v.reading_ms - 300_000, v.received_ms - 300_000));
    edit(&mut ovens[3], |v| (v.reading_ms, v.received_ms) = (v.reading_ms - 40_000, v.received_ms - 40_000));
    edit(&mut ovens[4], |v| {
        v.quality = Quality::Bad;
        v.temperature = None;
        v.zones.remove("top");
        for field in ["temperature", "temperature_zones.top"] {
            v.issues.push(QualityIssue { field: field.to_owned(), reason: QualityReason::OutOfRange });
        }
    });
    edit(&mut ovens[5], |v| {
        v.operation = Some(OperationalStatus::Error);
        (v.stage, v.progress, v.remaining_min) = (None, None, None);
    });
    ovens[6].name = "Cámara de fermentación de masa madre".to_owned();
    ovens[6].kind = EquipmentKind::Proofer;
    edit(&mut ovens[6], |v| {
        v.operation = Some(OperationalStatus::Idle);
        (v.temperature, v.target, v.humidity) = (Some(27.1), Some(27.0), Some(78.0));
        v.zones = BTreeMap::new();
        (v.stage, v.progress, v.remaining_min, v.power_kw) = (Some(CycleStage::Proofing), Some(34.0), Some(85.0), None);
    });
    ovens[7].values = None;
    ovens[7].status = ConnectionStatus::Connecting;
    ovens[8].enabled = false;
    for oven in &mut ovens[6..] {
        oven.location = "Pastelería".to_owned();
    }
    ovens
}

pub(super) fn sample_equipment(live: &LiveOven) -> Equipment {
    Equipment {
        id: live.id,
        name: live.name.clone(),
        location: live.location.clone(),
        kind: live.kind,
        serial_number: Some("W-2209".to_owned()),
        manufacturer: Some("Wachtel".to_owned()),
        model: Some("Infra".to_owned()),
        firmware_version: None,
        iot_enabled: live.enabled,
        iot_protocol: Some("rest_api".to_owned()),
        iot_endpoint: Some("http://192.168.10.31/api/v1/oven".to_owned()),
        iot_port: Some(8080),
        iot_connection_status: live.status,
        iot_last_connected: Some(now()),
        iot_config: serde_json::Map::new(),
        supports_realtime: true,
        poll_interval_seconds: 5,
        temperature_zones: 2,
        supports_humidity: true,
        supports_energy_monitoring: true,
        supports_remote_control: false,
        has_credentials: true,
        created_at: now(),
        updated_at: now(),
    }
}

const fn same(text: &'static str) -> Localized {
    Localized { es: text, en: text, de: text }
}

const fn field(key: &'static str, label: &'static str, input: FieldInput) -> Field {
    Field {
        key,
        label: same(label),
        help: same(""),
        input,
        required: false,
        default: None,
        secret: false,
        guards: false,
        only_when: None,
    }
}

static MANIFEST: Manifest = Manifest {
    id: "rest_api",
    aliases: &["rest"],
    name: same("REST (JSON)"),
    description: same("El horno responde con JSON por HTTP."),
    vendor: None,
    delivery: Delivery::Poll,
    default_port: Some(443),
    endpoint_placeholder: "https://horno.local/api",
    fields: &[
        Field {
            default: Some("none"),
            ..field(
                "auth",
                "Autenticación",
                FieldInput::Choice { options: &[("none", same("Sin")), ("basic", same("Usuario y contraseña"))] },
            )
        },
        field("timeout_ms", "Tiempo límite", FieldInput::Number { min: 100.0, max: 60_000.0, unit: "ms" }),
        field("ca", "Certificado propio", FieldInput::LongText { placeholder: "-----BEGIN CERTIFICATE-----" }),
        field("insecure", "Aceptar cualquier certificado", FieldInput::Flag),
        Field {
            secret: true,
            only_when: Some(("auth", &["basic"])),
            ..field("username", "Usuario del horno", FieldInput::Text { placeholder: "" })
        },
        Field {
            secret: true,
            only_when: Some(("auth", &["basic"])),
            ..field("password", "Contraseña del horno", FieldInput::Text { placeholder: "" })
        },
    ],
    mapped: true,
    self_mapping: false,
    path_example: "/temp/0",
    path_help: Localized { es: "JSON Pointer.", en: "JSON Pointer.", de: "JSON Pointer." },
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: Capabilities {
        realtime: true,
        humidity: true,
        energy: true,
        remote_control: false,
        discovery: false,
    },
};

pub(super) fn context(lang: Lang, theme: Theme, path: &str, role: Option<Role>) -> PageContext {
    PageContext {
        lang,
        theme,
        user: role.map(|role| CurrentUser { username: "marta".to_owned(), role }),
        assets: Assets(Arc::new(BTreeMap::from([("main.css".to_owned(), "main.css".to_owned())]))),
        now: now(),
        timezone: TimeZone::get("Europe/Madrid").unwrap(),
        path: path.to_owned(),
        notice: None,
        demo: true,
    }
}

pub(super) fn sample_trend() -> Vec<TrendPoint> {
    let now_ms = now().as_millisecond();
    (0..360)
        .filter(|step| !(200..230).contains(step))
        .map(|step| {
            let wave = (f64::from(step) / 17.0).sin();
            TrendPoint {
                at_ms: now_ms - (360 - i64::from(step)) * 5_000,
                temperature: Some(231.0 + 4.0 * wave),
                target: Some(if step < 100 { 220.0 } else { 235.0 }),
                zones: BTreeMap::from([("top".to_owned(), 238.0 + 3.0 * wave), ("bottom".to_owned(), 224.0 - wave)]),
            }
        })
        .collect()
}

pub(super) fn sample_detail(live: LiveOven) -> OvenDetail {
    let entry = |minutes: i64, event_type, error: Option<&str>| ConnectionLogEntry {
        event_type,
        event_time: now() - SignedDuration::from_mins(minutes),
        connection_status: if error.is_some() { ConnectionStatus::Disconnected } else { ConnectionStatus::Connected },
        error_message: error.map(str::to_owned),
        error_code: error.map(|_| "timeout".to_owned()),
        response_time_ms: Some(34.2),
        data_points_received: error.is_none().then_some(9),
    };
    OvenDetail {
        equipment: sample_equipment(&live),
        live,
        build: "b1".to_owned(),
        trend: sample_trend(),
        log: vec![
            entry(3, ConnectionEvent::Recovered, None),
            entry(5, ConnectionEvent::Timeout, Some("no answer from 192.168.10.31:8080 within 3 s")),
            entry(40, ConnectionEvent::ValueRejected, None),
            entry(2_000, ConnectionEvent::ConfigChanged, None),
        ],
        health: ConnectionHealth {
            polls_skipped: 0,
            polls: 12_345,
            polls_on_time: 12_301,
            failures: 7,
            consecutive_failures: 0,
            uptime: Some(0.9981),
            latency_p50_ms: Some(21.0),
            latency_p95_ms: Some(84.0),
            last_error: Some(Failure {
                kind: FailureKind::Timeout,
                detail: "GET http://192.168.10.31:8080/api/v1/oven: no answer within 3 s".to_owned(),
            }),
            last_error_at: Some(now() - SignedDuration::from_mins(5)),
            next_attempt_at: Some(now() + SignedDuration::from_secs(4)),
        },
    }
}

pub(super) fn sample_form(with_errors: bool) -> OvenForm {
    let pairs = [
        ("name", "Horno 4"),
        ("location", "Obrador"),
        ("kind", "rack"),
        ("iot_protocol", "rest_api"),
        ("iot_endpoint", "horno.local"),
        ("poll_interval_seconds", "0"),
        ("iot_enabled", "on"),
        ("config.auth", "basic"),
        ("secret.password", "topsecret"),
        ("mapping.0.target", "temperature"),
        ("mapping.0.path", "/temp/0"),
        ("mapping.0.unit", "°F"),
        ("mapping.3.target", "temperature_zones"),
        ("mapping.3.zone", "top"),
        ("mapping.3.path", "temp"),
        ("mapping.4.target", "operational_status"),
        ("mapping.4.path", "/state"),
        ("mapping.4.words", "Backen=running"),
    ];
    let errors = vec![
        FieldError::new("iot_endpoint", Problem::NotAUrl),
        FieldError::new("poll_interval_seconds", Problem::OutOfRange { min: 1.0, max: 86_400.0 }),
        FieldError::new("mapping.3.path", Problem::NotAPath { detail: "starts with neither / nor $".to_owned() }),
    ];
    let stage =
        |stage, success, detail: &str| StageResult { stage, success, duration_ms: 12.3, detail: detail.to_owned() };
    let reading = Reading {
        reading_time: now(),
        received_at: now(),
        values: Values {
            temperature: Some(231.4),
            temperature_zones: BTreeMap::from([("top".to_owned(), 9_999.0)]),
            operational_status: Some(OperationalStatus::Running),
            ..Values::default()
        },
        active_batch_id: None,
        quality: Quality::Bad,
        quality_issues: vec![QualityIssue {
            field: "temperature_zones.top".to_owned(),
            reason: QualityReason::OutOfRange,
        }],
    };
    let test = ConnectionTestResult {
        success: !with_errors,
        status: ConnectionStatus::Connected,
        response_time_ms: Some(84),
        supported_features: Vec::new(),
        error_kind: with_errors.then_some(FailureKind::Auth),
        error_details: with_errors.then(|| "401 Unauthorized".to_owned()),
        stages: vec![
            stage(TestStage::Settings, true, "valid"),
            stage(TestStage::Address, true, "192.168.10.31"),
            stage(TestStage::Port, true, "8080 is open"),
            stage(TestStage::Login, !with_errors, "GET /api/v1/oven"),
        ],
        reading: (!with_errors).then_some(reading),
        sample: (!with_errors).then(|| "{\n  \"temp\": [231.4, 9999],\n  \"state\": \"Backen\"\n}".to_owned()),
    };
    OvenForm {
        kept_secrets: Vec::new(),
        mode: FormMode::Edit {
            id: EquipmentId(Uuid::from_u128(4)),
            name: "Horno 4".to_owned(),
            enabled: true,
            stored_secrets: vec!["password".to_owned()],
        },
        manifests: vec![&MANIFEST],
        values: FormValues(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        errors: if with_errors { errors } else { Vec::new() },
        test: Some(test),
        found: None,
    }
}

pub(super) fn new_form() -> OvenForm {
    OvenForm {
        kept_secrets: Vec::new(),
        mode: FormMode::New,
        manifests: vec![&MANIFEST],
        values: FormValues::default(),
        errors: Vec::new(),
        test: None,
        found: None,
    }
}

pub(crate) fn sample_outliers() -> Outliers {
    let at = |minutes: i64| now() - SignedDuration::from_mins(minutes);
    let outlier = |number: u128, field: &str, reason, (low, high): (f64, f64), status| Outlier {
        id: Uuid::from_u128(number),
        equipment_id: EquipmentId(Uuid::from_u128(2)),
        field: field.to_owned(),
        reason,
        started_at: at(40 + number as i64),
        ended_at: at(40),
        readings: number as u64,
        lowest: Some(low),
        highest: Some(high),
        good_before: Some(231.5),
        status,
        reviewed_at: None,
        reviewed_by: None,
        note: (status != OutlierStatus::Pending).then(|| "Termopar cambiado".to_owned()),
    };
    let named = |outlier| (outlier, "Horno 2".to_owned());
    Outliers {
        pending: vec![
            named(outlier(1, "temperature", QualityReason::OutOfRange, (9_999.0, 9_999.0), OutlierStatus::Pending)),
            named(outlier(90, "temperature_zones.top", QualityReason::Stuck, (228.0, 228.0), OutlierStatus::Pending)),
            named(outlier(
                3,
                "energy_consumption_kwh",
                QualityReason::RateOfChange,
                (0.4, 91_204.0),
                OutlierStatus::Pending,
            )),
        ],
        more_pending: true,
        judged: vec![
            named(outlier(2, "temperature", QualityReason::RateOfChange, (30.0, 41.0), OutlierStatus::Accepted)),
            named(outlier(5, "humidity", QualityReason::OutOfRange, (101.0, 118.0), OutlierStatus::Rejected)),
        ],
    }
}
