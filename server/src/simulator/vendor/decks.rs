//! The vendor of deck ovens: 1/100 °C in nested arrays with −32768 for no value, keys with a colon, German modes,
//! epoch milliseconds, Wh and W.

use serde_json::{Map, Value, json};

use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

/// What the controller writes where no sensor is, the smallest 16-bit integer.
const NO_VALUE: i64 = -32768;
/// Decks the controller knows of. It lists them all, also those that this oven was built without.
const DECKS: usize = 3;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    json!({
        "oven": spec.id,
        "ts": now.time.as_millisecond(),
        "betriebsart": mode(now.stage),
        "programm": [0, now.program],
        "kammer": {"ist": hundredths(Some(now.temperature_celsius)), "soll": hundredths(Some(now.setpoint_celsius))},
        "decks": (1..=DECKS).map(|number| deck(number, now)).collect::<Vec<_>>(),
        "kern": [[1, hundredths(now.core_celsius)], [2, NO_VALUE]],
        "feuchte": hundredths(Some(now.humidity_percent)),
        "schwaden": whole(now.steam_percent),
        "energie_wh": whole(now.energy_wh),
        "leistung_w": whole(now.power_kw * 1000.0),
        "fortschritt_promille": now.progress_percent.map_or(NO_VALUE, |percent| whole(percent * 10.0)),
        "restzeit_s": now.remaining_s.map_or(NO_VALUE, whole),
        "luefter": now.fan_rpm.map_or(NO_VALUE, whole),
        "tuer": door(now),
    })
}

pub fn state(spec: &OvenSpec, now: &Snapshot) -> Value {
    json!({
        "oven": spec.id,
        "ts": now.time.as_millisecond(),
        "betriebsart": mode(now.stage),
        "tuer": door(now),
        "stoerungen": [],
    })
}

/// One deck, `{"deck:1": [top, bottom], "soll": setpoint}`.
fn deck(number: usize, now: &Snapshot) -> Value {
    let zone = |place| now.zones_celsius.get(&format!("deck_{number}_{place}")).copied();
    let (top, bottom) = (zone("top"), zone("bottom"));
    let setpoint = top.or(bottom).map(|_| now.setpoint_celsius);
    let mut deck = Map::new();
    deck.insert(format!("deck:{number}"), json!([hundredths(top), hundredths(bottom)]));
    deck.insert("soll".to_owned(), hundredths(setpoint).into());
    deck.into()
}

fn mode(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "Bereit",
        Stage::Preheating => "Vorheizen",
        Stage::Loading => "Beschicken",
        Stage::Steaming => "Schwaden",
        Stage::Baking => "Backen",
        Stage::Proofing => "Gären",
        Stage::Cooling => "Abkühlen",
    }
}

fn door(now: &Snapshot) -> &'static str {
    if now.door_open { "offen" } else { "zu" }
}

fn hundredths(value: Option<f64>) -> i64 {
    value.map_or(NO_VALUE, |value| whole(value * 100.0))
}

fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::bakery::demo_ovens;
    use crate::simulator::vendor::tests::snapshot;

    #[test]
    fn temperatures_are_hundredths_and_absent_ones_are_marked() {
        let value = values(&demo_ovens()[0], &snapshot(Stage::Baking));
        assert_eq!(value["ts"], 1_517_786_221_250_i64);
        assert_eq!(value["betriebsart"], "Backen");
        assert_eq!(value["kammer"], json!({"ist": 23145, "soll": 23000}));
        assert_eq!(value["decks"][0], json!({"deck:1": [23350, 22925], "soll": 23000}));
        assert_eq!(value["decks"][1], json!({"deck:2": [23200, -32768], "soll": 23000}));
        assert_eq!(value["decks"][2], json!({"deck:3": [-32768, -32768], "soll": -32768}));
        assert_eq!(value["kern"], json!([[1, 6150], [2, -32768]]));
        assert_eq!(value["energie_wh"], 12_345_679);
        assert_eq!(values(&demo_ovens()[0], &snapshot(Stage::Idle))["restzeit_s"], -32768);
    }
}
