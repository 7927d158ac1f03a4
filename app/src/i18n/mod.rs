//! Texts in Spanish (default), English and German.

use crate::model::wire_enum;

wire_enum! {
    Lang {
        Es = "es",
        En = "en",
        De = "de",
    }
}
