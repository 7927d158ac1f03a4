//! 32-bit numbers of devices as 64-bit ones.

/// 231.4 as a 32-bit number is 231.399994 as a 64-bit one; the shortest text that reads back the same is what was meant.
pub fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_comes_back() {
        assert_eq!(shortest(231.4).to_string(), "231.4");
        assert!(shortest(f32::NAN).is_nan() && shortest(f32::INFINITY).is_infinite());
    }
}
