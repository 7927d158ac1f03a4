//! What a message says.

use serde_json::Value;

/// JSON, or else the text itself; nothing for bytes that are neither.
pub fn value(bytes: &[u8]) -> Option<Value> {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Some(value);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty()).then(|| Value::String(text.to_owned()))
}

/// The word of an availability topic: plain, or the `state` of Zigbee2MQTT's JSON.
pub fn availability(bytes: &[u8]) -> String {
    match value(bytes) {
        Some(Value::Object(object)) => match object.get("state") {
            Some(Value::String(state)) => state.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        },
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_words_and_json() {
        assert_eq!(value(b"231.5"), Some(json!(231.5)));
        assert_eq!(value(b" ON\n"), Some(json!("ON")));
        assert_eq!(value(b"{\"t\":1}"), Some(json!({"t": 1})));
        assert_eq!(value(b""), None);
        assert_eq!(value(b"\xff\xfe\x00"), None);
        assert_eq!(value(b"{\"t\":"), Some(json!("{\"t\":")), "cut JSON is a text, in which no path finds anything");
    }

    #[test]
    fn who_is_away_says_so_in_several_ways() {
        assert_eq!(availability(b"Offline"), "Offline");
        assert_eq!(availability(b"{\"state\":\"offline\"}"), "offline");
        assert_eq!(availability(b"false"), "false");
    }

    proptest! {
        #[test]
        fn no_payload_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (value(&bytes), availability(&bytes));
        }
    }
}
