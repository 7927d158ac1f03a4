//! What the same registers mean when they are read in every way, and which of the ways an oven would use.

use std::collections::BTreeMap;

use app::model::{
    discovery::Decoding,
    wire::{ByteOrder, Encoding, Table},
};
use serde_json::Value;

use super::{decode, reference::Reference};

/// Words of one table by address.
pub type Words = BTreeMap<u16, u16>;

const NUMBERS: [Encoding; 10] = [
    Encoding::F64,
    Encoding::F32,
    Encoding::I16,
    Encoding::U16,
    Encoding::Bcd,
    Encoding::I32,
    Encoding::U32,
    Encoding::Bcd32,
    Encoding::I64,
    Encoding::U64,
];

/// Floats outside of this are bytes of something else; 0 is left out as well, since every encoding gives it.
const FLOATS: std::ops::RangeInclusive<f64> = 0.001..=10_000_000.0;

/// Whole numbers of two and more registers above this are two values side by side.
const LARGEST_COUNTER: f64 = 1e10;

/// What an oven measures, as a float: temperatures, percentages, minutes. Below zero are as many bytes of something else as
/// freezers.
const MEASURED: std::ops::RangeInclusive<f64> = 0.5..=2_000.0;

/// The same in tenths or whole numbers.
const MEASURED_WORD: std::ops::RangeInclusive<f64> = 1.0..=20_000.0;

/// Letters that make a text: two could be any numbers.
const SHORTEST_TEXT: usize = 4;

/// Every reading of the registers from this one on that makes sense: the plausible ones first, then the register as it is.
///
/// `is_taken` says that the register before is part of a plausible value together with this one.
pub fn of(table: Table, words: &Words, address: u16, preferred: ByteOrder, is_taken: bool) -> Vec<Decoding> {
    let mut found: Vec<Decoding> = Vec::new();
    let mut has_float = is_taken;
    let mut add = |reference: &Reference, value: Value, plausible: bool| {
        let sample = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        found.push(Decoding { path: reference.text.clone(), sample, plausible });
    };
    if let Some((reference, text)) = text(table, words, address, preferred) {
        has_float = true;
        add(&reference, text, !is_taken);
    }
    for encoding in NUMBERS {
        for order in orders(encoding, preferred) {
            let reference = reference(table, address, encoding, order, preferred, 0);
            let Some(value) = read(&reference, words) else { continue };
            let Some(number) = value.as_f64() else { continue };
            let magnitude = number.abs();
            let plausible = match encoding {
                Encoding::F32 | Encoding::F64 if !FLOATS.contains(&magnitude) => continue,
                Encoding::F64 => !has_float && MEASURED.contains(&number) && !are_two_floats(&reference, words),
                Encoding::F32 => !has_float && MEASURED.contains(&number),
                Encoding::I16 => !has_float && MEASURED_WORD.contains(&magnitude),
                // The same digits either way say nothing.
                Encoding::Bcd if number < 10.0 => continue,
                Encoding::U16 | Encoding::Bcd => false,
                _ if magnitude > LARGEST_COUNTER => continue,
                _ => false,
            };
            has_float |= plausible && matches!(encoding, Encoding::F32 | Encoding::F64);
            add(&reference, value, plausible);
        }
    }
    // What nothing speaks for begins with the register as it is.
    let plain = reference(table, address, Encoding::U16, preferred, preferred, 0).text;
    found.sort_by_key(|decoding| (!decoding.plausible, decoding.path != plain));
    found
}

/// Whether both halves of a wide float could be measured values of their own: the upper half of one always could.
fn are_two_floats(wide: &Reference, words: &Words) -> bool {
    [0, 2].into_iter().all(|offset| {
        let Some(address) = wide.address.checked_add(offset) else { return false };
        let half = Reference { address, encoding: Encoding::F32, ..wide.clone() };
        let number = read(&half, words).and_then(|value| value.as_f64());
        number.is_some_and(|number| MEASURED.contains(&number))
    })
}

/// How many registers the first of the readings takes, where it is plausible.
pub fn taken(decodings: &[Decoding], preferred: ByteOrder) -> u16 {
    let first = decodings.first().filter(|decoding| decoding.plausible);
    first.and_then(|first| Reference::parse(&first.path, preferred).ok()).map_or(1, |reference| reference.length())
}

/// One register has one order; the preferred one comes first.
fn orders(encoding: Encoding, preferred: ByteOrder) -> Vec<ByteOrder> {
    match encoding {
        Encoding::U16 | Encoding::I16 | Encoding::Bcd => vec![preferred],
        _ => {
            let others = ByteOrder::ALL.iter().copied().filter(|order| *order != preferred);
            std::iter::once(preferred).chain(others).collect()
        }
    }
}

fn reference(
    table: Table,
    address: u16,
    encoding: Encoding,
    order: ByteOrder,
    preferred: ByteOrder,
    parameter: u16,
) -> Reference {
    let parameter_text = if parameter > 0 { format!(" {parameter}") } else { String::new() };
    let order_text = if order == preferred { String::new() } else { format!(" {order}") };
    let text = format!("{table} {address} {encoding}{parameter_text}{order_text}");
    Reference { text, table, address, encoding, order, parameter }
}

fn read(reference: &Reference, words: &Words) -> Option<Value> {
    let end = reference.address.checked_add(reference.length() - 1)?;
    let held: Vec<u16> = words.range(reference.address..=end).map(|(_, word)| *word).collect();
    (held.len() == usize::from(reference.length())).then(|| decode::value(reference, &held))
}

/// A text that begins here: printable letters in every register until the first zero.
fn text(table: Table, words: &Words, address: u16, preferred: ByteOrder) -> Option<(Reference, Value)> {
    let is_printable = |word: &u16| {
        let [high, low] = word.to_be_bytes();
        (0x20..0x7f).contains(&high) && ((0x20..0x7f).contains(&low) || low == 0)
    };
    let before = address.checked_sub(1).and_then(|before| words.get(&before));
    if before.is_some_and(is_printable) {
        return None;
    }
    let length = (address..=u16::MAX).take(64).take_while(|at| words.get(at).is_some_and(is_printable)).count() as u16;
    if length == 0 {
        return None;
    }
    let reference = reference(table, address, Encoding::String, ByteOrder::Abcd, preferred, length);
    let value = read(&reference, words)?;
    let text = value.as_str()?;
    let letters = text.chars().filter(char::is_ascii_alphanumeric).count();
    (letters >= SHORTEST_TEXT && letters * 2 > text.len()).then_some((reference, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(from: u16, words: &[u16]) -> Words {
        (from..).zip(words.iter().copied()).collect()
    }

    fn plausible(held: &Words, address: u16, preferred: ByteOrder) -> Vec<(String, String)> {
        let all = of(Table::Holding, held, address, preferred, false);
        all.into_iter().filter(|way| way.plausible).map(|way| (way.path, way.sample)).collect()
    }

    #[test]
    fn a_float_is_recognised_in_every_order() {
        for (order, held) in [
            ("f32", [0x4367, 0x8000]),
            ("f32 cdab", [0x8000, 0x4367]),
            ("f32 badc", [0x6743, 0x0080]),
            ("f32 dcba", [0x0080, 0x6743]),
        ] {
            let expected = [(format!("holding 20 {order}"), "231.5".to_owned())];
            assert_eq!(plausible(&words(20, &held), 20, ByteOrder::Abcd), expected, "{order}");
        }
        let held = words(20, &[0x8000, 0x4367]);
        assert_eq!(plausible(&held, 20, ByteOrder::Cdab)[0].0, "holding 20 f32", "the oven's own order needs no word");
        assert_eq!(taken(&of(Table::Holding, &held, 20, ByteOrder::Cdab, false), ByteOrder::Cdab), 2);
        assert_eq!(plausible(&words(0, &[0x406C, 0xF000, 0, 0]), 0, ByteOrder::Abcd)[0].0, "holding 0 f64");
        let two = words(0, &[0x406C, 0xF000, 0x4367, 0x8000]);
        assert_eq!(plausible(&two, 0, ByteOrder::Abcd)[0].0, "holding 0 f32", "3.7 and 231.5");
    }

    #[test]
    fn tenths_below_zero_and_texts_are_recognised() {
        let held = words(1, &[2_315, 0xFFF6, 0, 0x4F76, 0x656E, 0x2033]);
        assert_eq!(plausible(&held, 1, ByteOrder::Abcd), [("holding 1 i16".to_owned(), "2315".to_owned())]);
        assert_eq!(plausible(&held, 2, ByteOrder::Abcd), [("holding 2 i16".to_owned(), "-10".to_owned())]);
        assert_eq!(plausible(&held, 3, ByteOrder::Abcd), [], "nothing is no value");
        assert_eq!(plausible(&held, 4, ByteOrder::Abcd), [("holding 4 string 3".to_owned(), "Oven 3".to_owned())]);
    }

    #[test]
    fn all_ways_are_listed_that_make_sense() {
        let held = words(0, &[0x0001, 0xE240, 0x2315]);
        let paths: Vec<_> =
            of(Table::Input, &held, 0, ByteOrder::Abcd, false).into_iter().map(|way| (way.path, way.sample)).collect();
        let has = |path: &str, sample: &str| paths.contains(&(path.to_owned(), sample.to_owned()));
        assert!(has("input 0 u32", "123456") && has("input 0 i32", "123456") && has("input 0 u16", "1"), "{paths:?}");
        assert!(!paths.iter().any(|(path, _)| path.contains("u64")), "four registers are not there");
        let bcd = of(Table::Input, &held, 2, ByteOrder::Abcd, false);
        assert!(bcd.iter().any(|way| way.path == "input 2 bcd" && way.sample == "2315"), "{bcd:?}");
        let nothing = of(Table::Input, &words(0, &[0x7FC0, 0]), 0, ByteOrder::Abcd, false);
        assert_eq!((nothing[0].path.as_str(), nothing[0].plausible), ("input 0 u16", false), "{nothing:?}");
    }

    proptest! {
        #[test]
        fn every_way_can_be_mapped(held in prop::collection::vec(any::<u16>(), 1..12)) {
            let held = words(7, &held);
            for order in ByteOrder::ALL {
                for way in of(Table::Holding, &held, 7, *order, false) {
                    let reference = Reference::parse(&way.path, *order).unwrap();
                    let value = read(&reference, &held).unwrap();
                    prop_assert_eq!(value.as_str().map_or_else(|| value.to_string(), str::to_owned), way.sample);
                }
            }
        }
    }
}
