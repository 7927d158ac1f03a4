//! Registers to numbers and texts.

use app::model::wire::Encoding;
use serde_json::Value;

use super::reference::Reference;
use crate::connectors::float;

/// The value in these registers (bits are 0 or 1), which are as many as the reference takes.
///
/// What is no number (NaN, infinite, digits over 9 in BCD) becomes a text that no number is made of, so that it is
/// flagged and not guessed.
pub fn value(reference: &Reference, words: &[u16]) -> Value {
    let bytes = ordered(reference, words);
    let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    match reference.encoding {
        Encoding::Bit if reference.table.is_bits() => (words[0] != 0).into(),
        Encoding::Bit => (words[0] >> reference.parameter & 1 == 1).into(),
        Encoding::U16 | Encoding::U32 | Encoding::U64 => number.into(),
        Encoding::I16 => (number as u16 as i16).into(),
        Encoding::I32 => (number as u32 as i32).into(),
        Encoding::I64 => (number as i64).into(),
        Encoding::F32 => float::json(float::shortest(f32::from_bits(number as u32))),
        Encoding::F64 => float::json(f64::from_bits(number)),
        Encoding::Bcd | Encoding::Bcd32 => digits(&bytes),
        Encoding::String => text(&bytes).into(),
    }
}

/// The bytes, most significant first. Of a string only the bytes inside registers can be swapped.
fn ordered(reference: &Reference, words: &[u16]) -> Vec<u8> {
    let mut words = words.to_vec();
    if reference.order.swaps_words() && reference.encoding != Encoding::String {
        words.reverse();
    }
    let swap = |word: u16| if reference.order.swaps_bytes() { word.swap_bytes() } else { word };
    words.into_iter().flat_map(|word| swap(word).to_be_bytes()).collect()
}

fn digits(bytes: &[u8]) -> Value {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let number = digits.clone().try_fold(0_u64, |number, digit| (digit < 10).then(|| number * 10 + u64::from(digit)));
    number.map_or_else(|| Value::from("not decimal digits"), Value::from)
}

/// Up to the first zero, without the spaces that fill it up.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use app::model::wire::ByteOrder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str, words: &[u16]) -> Value {
        value(&Reference::parse(text, ByteOrder::Abcd).unwrap(), words)
    }

    #[test]
    fn numbers_in_all_byte_orders() {
        // 231.5 as a float is 0x4367_8000.
        for (order, words) in [
            ("abcd", [0x4367, 0x8000]),
            ("cdab", [0x8000, 0x4367]),
            ("badc", [0x6743, 0x0080]),
            ("dcba", [0x0080, 0x6743]),
        ] {
            assert_eq!(read(&format!("holding 0 f32 {order}"), &words), json!(231.5), "{order}");
        }
        assert_eq!(read("holding 0 i16", &[0x8000]), json!(-32_768));
        assert_eq!(read("holding 0 u16", &[0xFFFF]), json!(65_535));
        assert_eq!(read("holding 0 i32 cdab", &[0xFFFE, 0xFFFF]), json!(-2));
        assert_eq!(read("holding 0 u64", &[0, 0, 1, 0]), json!(65_536));
        assert_eq!(read("holding 0 f64", &[0x406C, 0xF000, 0, 0]), json!(231.5));
        assert_eq!(read("holding 0 bcd", &[0x2315]), json!(2_315));
        assert_eq!(read("holding 0 bcd32", &[0x0001, 0x2345]), json!(12_345));
    }

    #[test]
    fn bits_and_texts() {
        assert_eq!(read("holding 0 bit 3", &[8]), json!(true));
        assert_eq!(read("coil 0", &[0]), json!(false));
        assert_eq!(read("holding 0 string 3", &[0x4F76, 0x656E, 0x0041]), json!("Oven"));
        assert_eq!(read("holding 0 string 2 badc", &[0x764F, 0x6E65]), json!("Oven"));
    }

    #[test]
    fn what_is_no_number_is_not_guessed() {
        assert_eq!(read("holding 0 f32", &[0x7FC0, 0]), json!("NaN"));
        assert_eq!(read("holding 0 f32", &[0x7F80, 0]), json!("inf"));
        assert!(read("holding 0 bcd", &[0x23A5]).is_string());
    }

    proptest! {
        #[test]
        fn any_registers_decode_to_something(words in prop::collection::vec(any::<u16>(), 64), bit in 0u16..16) {
            for encoding in Encoding::ALL {
                for order in ByteOrder::ALL {
                    let parameter = match encoding {
                        Encoding::Bit => format!(" {bit}"),
                        Encoding::String => " 64".to_owned(),
                        _ => String::new(),
                    };
                    let text = format!("holding 0 {encoding}{parameter} {order}");
                    let reference = Reference::parse(&text, ByteOrder::Abcd).unwrap();
                    let value = value(&reference, &words[..usize::from(reference.length())]);
                    prop_assert!(!value.is_null());
                }
            }
        }

        #[test]
        fn floats_survive_every_order(number in any::<f32>().prop_filter("finite", |n| n.is_finite())) {
            let bits = number.to_bits();
            let (high, low) = ((bits >> 16) as u16, bits as u16);
            for (order, words) in [
                (ByteOrder::Abcd, [high, low]),
                (ByteOrder::Cdab, [low, high]),
                (ByteOrder::Badc, [high.swap_bytes(), low.swap_bytes()]),
                (ByteOrder::Dcba, [low.swap_bytes(), high.swap_bytes()]),
            ] {
                prop_assert_eq!(read(&format!("holding 0 f32 {order}"), &words), json!(float::shortest(number)));
            }
        }
    }
}
