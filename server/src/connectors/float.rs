//! Floating-point numbers of devices as JSON.

use serde_json::{Number, Value};

/// 231.4 as a 32-bit number is 231.399994 as a 64-bit one; the shortest text that reads back the same is what was meant.
pub fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

/// JSON has no NaN and no infinity; as a text each is found to be no finite number and flagged.
pub fn json(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_comes_back() {
        assert_eq!(shortest(231.4).to_string(), "231.4");
        assert!(shortest(f32::NAN).is_nan() && shortest(f32::INFINITY).is_infinite());
    }

    #[test]
    fn what_is_not_finite_is_a_text() {
        assert_eq!(json(231.5), Value::from(231.5));
        assert_eq!(json(f64::NAN), Value::from("NaN"));
        assert_eq!(json(f64::NEG_INFINITY), Value::from("-inf"));
    }
}
