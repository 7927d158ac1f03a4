use app::model::{
    mapping::TimeFormat,
    reading::{CycleStage, DoorStatus, OperationalStatus},
    unit::Unit,
};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn rule(target: &str, path: &str) -> MappingRule {
    MappingRule::new(Target::parse(target).unwrap(), path)
}

/// A value beside a time, which alone is no reading.
fn rule_h() -> MappingRule {
    rule("humidity", "/h")
}

fn apply(rules: Vec<MappingRule>, answer: Value) -> Result<Found, ConnectorError> {
    Mapping::compile(rules, TimeZone::UTC)
        .map_err(|errors| panic!("{errors:?}"))
        .and_then(|mapping| mapping.apply(&BTreeMap::from([(Source::Data, answer)])))
}

fn problems(rule: MappingRule) -> Vec<String> {
    match Mapping::compile(vec![rule], TimeZone::UTC) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.field).collect(),
    }
}

#[test]
fn hundredths_with_a_null_mark() {
    let hundredths = |path| MappingRule {
        scale: 0.01,
        null_values: vec!["-32768".to_owned()],
        ..rule(if path == "/a" { "temperature" } else { "temperature_zones.top" }, path)
    };
    let found = apply(vec![hundredths("/a"), hundredths("/b")], json!({"a": 23_150, "b": -32_768})).unwrap();
    assert_eq!(found.values.temperature, Some(231.5));
    assert!(found.values.temperature_zones.is_empty() && found.issues.is_empty());
}

#[test]
fn fahrenheit_as_text_with_a_decimal_comma() {
    let rule = MappingRule { unit: Some(Unit::Fahrenheit), ..rule("temperature", "/t") };
    assert_eq!(apply(vec![rule], json!({"t": "482,0"})).unwrap().values.temperature, Some(250.0));
}

#[test]
fn arrays_become_numbered_zones() {
    let found =
        apply(vec![rule("temperature_zones.deck *", "$.decks[*].t")], json!({"decks": [{"t": 1}, {"t": 2}]})).unwrap();
    assert_eq!(found.values.temperature_zones, [("deck 1".to_owned(), 1.0), ("deck 2".to_owned(), 2.0)].into());
}

#[test]
fn keys_with_colons_and_slashes() {
    let found = apply(
        vec![rule("temperature", "/deck:1/t~1max"), rule("humidity", "$['rh:1']")],
        json!({"deck:1": {"t/max": 3}, "rh:1": 4}),
    )
    .unwrap();
    assert_eq!((found.values.temperature, found.values.humidity), (Some(3.0), Some(4.0)));
}

#[test]
fn words_of_any_language() {
    let status =
        MappingRule { words: [("Backen".to_owned(), "running".to_owned())].into(), ..rule("operational_status", "/m") };
    let stage = MappingRule { words: [("7".to_owned(), "baking".to_owned())].into(), ..rule("cycle_stage", "/s") };
    let found =
        apply(vec![status.clone(), stage, rule("door_status", "/d")], json!({"m": "backen", "s": 7, "d": true}))
            .unwrap();
    assert_eq!(found.values.operational_status, Some(OperationalStatus::Running));
    assert_eq!(found.values.cycle_stage, Some(CycleStage::Baking));
    assert_eq!(found.values.door_status, Some(DoorStatus::Open));

    let unknown = apply(vec![status], json!({"m": "Reinigen"})).unwrap();
    assert_eq!(unknown.values.operational_status, Some(OperationalStatus::Unknown));
    assert_eq!(unknown.issues[0].reason, QualityReason::UnknownWord);
}

#[test]
fn times_as_ovens_write_them() {
    let expected: Timestamp = "2018-02-04T23:17:01Z".parse().unwrap();
    for (value, format) in [
        (json!("2018-02-04T23:17:01Z"), None),
        (json!("2018.02.04 23:17:01"), Some(TimeFormat::LocalText)),
        (json!("04.02.2018 23:17:01"), None),
        (json!(1_517_786_221), None),
        (json!("1517786221000"), Some(TimeFormat::EpochMillis)),
    ] {
        let rule = MappingRule { time_format: format, ..rule("reading_time", "/t") };
        assert_eq!(
            apply(vec![rule, rule_h()], json!({"t": value, "h": 1})).unwrap().measured_at,
            Some(expected),
            "{value}"
        );
    }
    let found = apply(vec![rule("reading_time", "/t"), rule_h()], json!({"t": "yesterday", "h": 1})).unwrap();
    assert_eq!((found.measured_at, found.issues.len()), (None, 1));
}

#[test]
fn local_times_are_in_the_bakery_zone() {
    let madrid = TimeZone::get("Europe/Madrid").unwrap();
    let mapping = Mapping::compile(vec![rule("reading_time", "/t"), rule_h()], madrid).unwrap_or_else(|_| panic!());
    let answers = BTreeMap::from([(Source::Data, json!({"t": "2026-07-01 06:00:00", "h": 1}))]);
    assert_eq!(mapping.apply(&answers).unwrap().measured_at, Some("2026-07-01T04:00:00Z".parse().unwrap()));
}

#[test]
fn wrong_values_are_flagged_not_guessed() {
    let found = apply(
        vec![rule("temperature", "/a"), rule("humidity", "/b"), rule("power_kw", "/c"), rule("steam_level", "/gone")],
        json!({"a": "hot", "b": [1], "c": "1e999"}),
    )
    .unwrap();
    assert!(found.values.is_empty());
    let reasons: Vec<_> = found.issues.iter().map(|issue| issue.reason).collect();
    assert_eq!(
        reasons,
        [QualityReason::NotANumber, QualityReason::NotANumber, QualityReason::NotFinite, QualityReason::Missing,]
    );
}

#[test]
fn a_text_is_kept_as_far_as_it_can_be_shown() {
    let rules = vec![rule("additional_sensors.recipe", "/a"), rule("additional_sensors.note", "/b")];
    let found = apply(rules, json!({"a": format!("Ba\u{0}guette{}", "!".repeat(1_000)), "b": "\u{7}"})).unwrap();
    let recipe = format!("Baguette{}", "!".repeat(292));
    assert_eq!(found.values.additional_sensors, [("recipe".to_owned(), json!(recipe))].into());
}

#[test]
fn an_answer_of_another_shape_is_an_error() {
    let error = apply(vec![rule("temperature", "/t")], json!({"error": "maintenance"})).unwrap_err();
    assert_eq!(error.kind, FailureKind::Mapping);
    let required = MappingRule { required: true, ..rule("temperature", "/t") };
    let error = apply(vec![rule("humidity", "/h"), required], json!({"h": 1})).unwrap_err();
    assert!(error.detail.contains("temperature has no value at /t"), "{error}");
}

#[test]
fn nothing_but_null_is_not_a_reading() {
    for value in [json!(null), json!(""), json!("hot"), json!(-32_768), json!([1])] {
        let required =
            MappingRule { required: true, null_values: vec!["-32768".to_owned()], ..rule("temperature", "/t") };
        let error = apply(vec![required], json!({"t": value})).unwrap_err();
        assert_eq!(error.kind, FailureKind::Mapping, "{value}");
    }
    let error = apply(vec![rule("temperature", "/t"), rule("reading_time", "/at")], json!({"at": 1})).unwrap_err();
    assert_eq!(error.kind, FailureKind::Mapping, "a time alone");
    let error = apply(vec![rule("temperature_zones.*", "$[*]")], json!(vec![1; 65])).unwrap_err();
    assert!(error.detail.contains("65 values"), "{error}");
    let flag = apply(vec![rule("temperature", "/t")], json!({"t": true})).unwrap();
    assert_eq!((flag.values.temperature, flag.issues[0].reason), (None, QualityReason::NotANumber));
}

#[test]
fn rules_are_checked_field_by_field() {
    assert_eq!(problems(rule("temperature", "t")), ["mapping.0.path"]);
    assert_eq!(problems(rule("temperature", "$[")), ["mapping.0.path"]);
    assert_eq!(problems(MappingRule { scale: f64::NAN, ..rule("temperature", "/t") }), ["mapping.0.scale"]);
    assert_eq!(problems(MappingRule { unit: Some(Unit::Watt), ..rule("temperature", "/t") }), ["mapping.0.unit"]);
    let words = [("Backen".to_owned(), "bakes".to_owned())].into();
    assert_eq!(problems(MappingRule { words, ..rule("operational_status", "/m") }), ["mapping.0.words"]);
    let twice = Mapping::compile(vec![rule("humidity", "/a"), rule("humidity", "/b")], TimeZone::UTC);
    assert_eq!(twice.err().unwrap()[0].problem, Problem::Duplicate);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[a-t/:]{1,3}", inner, 0..8).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_makes_a_value_that_is_not_finite(answer in any_json(), scale in any::<f64>(), offset in any::<f64>()) {
        prop_assume!(scale.is_finite() && offset.is_finite());
        let rules = vec![
            MappingRule { scale, offset, unit: Some(Unit::Fahrenheit), ..rule("temperature", "/t") },
            MappingRule { scale, offset, ..rule("temperature_zones.*", "$..*") },
            rule("reading_time", "$..a"),
            rule("operational_status", "$..b"),
        ];
        if let Ok(found) = apply(rules, answer) {
            prop_assert!(found.values.numbers().iter().all(|(_, value)| value.is_finite()));
        }
    }
}
