//! Words of Modbus register maps, shared by the driver and the forms.

use super::wire_enum;

wire_enum! {
    /// The four address spaces of a Modbus device (Modbus Application Protocol V1.1b3, 4.3).
    Table {
        Holding = "holding",
        Input = "input",
        Coil = "coil",
        Discrete = "discrete",
    }
}

impl Table {
    /// Whether it holds single bits rather than 16-bit registers.
    pub const fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }
}

wire_enum! {
    /// How a value is written in registers.
    Encoding {
        U16 = "u16",
        I16 = "i16",
        U32 = "u32",
        I32 = "i32",
        U64 = "u64",
        I64 = "i64",
        F32 = "f32",
        F64 = "f64",
        /// Four decimal digits in a register.
        Bcd = "bcd",
        /// Eight decimal digits in two registers.
        Bcd32 = "bcd32",
        /// One bit of a register.
        Bit = "bit",
        /// Two characters a register.
        String = "string",
    }
}

wire_enum! {
    /// In which order the bytes of a 32-bit value come; `A` is the most significant. Wider values go alike.
    ByteOrder {
        Abcd = "abcd",
        Cdab = "cdab",
        Badc = "badc",
        Dcba = "dcba",
    }
}

impl ByteOrder {
    /// Whether the least significant register comes first.
    pub const fn swaps_words(self) -> bool {
        matches!(self, Self::Cdab | Self::Dcba)
    }

    /// Whether the bytes inside each register are swapped.
    pub const fn swaps_bytes(self) -> bool {
        matches!(self, Self::Badc | Self::Dcba)
    }
}
