//! Where a value is and how it is written: `holding 1 i16`, `input 0x10 f32 cdab`, `coil 3`, `holding 12 bit 3`.

use app::model::wire::{ByteOrder, Encoding, Table};

/// One value of a device. Addresses are those on the wire, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// As the admin wrote it; the name of the value in what was read.
    pub text: String,
    pub table: Table,
    pub address: u16,
    pub encoding: Encoding,
    pub order: ByteOrder,
    /// The bit of `bit`, or the registers of `string`.
    pub parameter: u16,
}

impl Reference {
    /// Parses a reference; the error says what is wrong with it.
    pub fn parse(text: &str, default_order: ByteOrder) -> Result<Self, String> {
        let mut words = text.split([' ', ':', '/']).filter(|word| !word.is_empty());
        let table = words.next().unwrap_or_default().to_lowercase();
        let table = Table::parse(&table).ok_or_else(|| format!("begins with {}", names(Table::ALL, Table::as_str)))?;
        let address = words.next().and_then(number).ok_or("then an address from 0 to 65535, decimal or 0x…")?;
        let mut reference = Self {
            text: text.to_owned(),
            table,
            address,
            encoding: if table.is_bits() { Encoding::Bit } else { Encoding::U16 },
            order: default_order,
            parameter: 0,
        };
        while let Some(word) = words.next() {
            let word = word.to_lowercase();
            if let Some(encoding) = Encoding::parse(&word).filter(|_| !table.is_bits()) {
                reference.encoding = encoding;
                if matches!(encoding, Encoding::Bit | Encoding::String) {
                    reference.parameter = words.next().and_then(number).ok_or(format!("{word} needs a number"))?;
                }
            } else if let Some(order) = ByteOrder::parse(&word) {
                reference.order = order;
            } else {
                let encodings = names(Encoding::ALL, Encoding::as_str);
                let orders = names(ByteOrder::ALL, ByteOrder::as_str);
                return Err(format!("`{word}` is neither a type ({encodings}) nor a byte order ({orders})"));
            }
        }
        reference.check()
    }

    fn check(self) -> Result<Self, String> {
        match self.encoding {
            Encoding::Bit if !self.table.is_bits() && self.parameter > 15 => Err("a bit is 0 to 15".to_owned()),
            Encoding::String if !(1..=64).contains(&self.parameter) => Err("a string has 1 to 64 registers".to_owned()),
            _ if u32::from(self.address) + u32::from(self.length()) > 65_536 => {
                Err("it goes past the last register, 65535".to_owned())
            }
            _ => Ok(self),
        }
    }

    /// How many registers or bits it takes.
    pub const fn length(&self) -> u16 {
        match self.encoding {
            Encoding::Bit | Encoding::U16 | Encoding::I16 | Encoding::Bcd => 1,
            Encoding::U32 | Encoding::I32 | Encoding::F32 | Encoding::Bcd32 => 2,
            Encoding::U64 | Encoding::I64 | Encoding::F64 => 4,
            Encoding::String => self.parameter,
        }
    }
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    all.iter().copied().map(name).collect::<Vec<_>>().join(", ")
}

fn number(word: &str) -> Option<u16> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Reference, String> {
        Reference::parse(text, ByteOrder::Abcd)
    }

    #[test]
    fn references_as_people_write_them() {
        let reference = parse("Holding 0x10 F32 cdab").unwrap();
        assert_eq!((reference.table, reference.address, reference.length()), (Table::Holding, 16, 2));
        assert_eq!((reference.encoding, reference.order), (Encoding::F32, ByteOrder::Cdab));
        assert_eq!(parse("input:5").unwrap().encoding, Encoding::U16);
        assert_eq!(parse("coil/7").unwrap().encoding, Encoding::Bit);
        assert_eq!(parse("holding 3 bit 15").unwrap().parameter, 15);
        assert_eq!(parse("holding 3 string 8").unwrap().length(), 8);
        assert_eq!(Reference::parse("holding 1 u32", ByteOrder::Dcba).unwrap().order, ByteOrder::Dcba);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("", "begins with holding"),
            ("register 1", "begins with"),
            ("holding", "an address"),
            ("holding 70000", "an address"),
            ("holding 1 i17", "i17"),
            ("coil 1 f32", "f32"),
            ("holding 1 bit 16", "0 to 15"),
            ("holding 1 bit", "needs a number"),
            ("holding 65535 u32", "past the last"),
            ("holding 1 string 65", "1 to 64"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
