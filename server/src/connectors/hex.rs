//! Bytes in recorded cases.

/// Two hexadecimal digits a byte with nothing between them; nothing where it is not that.
pub fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_a_byte() {
        assert_eq!(bytes("00fF7a"), Some(vec![0, 255, 122]));
        assert_eq!(bytes(""), Some(Vec::new()));
        for text in ["0", "0g", "+1", "0 1", "ü"] {
            assert_eq!(bytes(text), None, "{text:?}");
        }
    }
}
