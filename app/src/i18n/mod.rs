//! Texts in Spanish (default), English and German; numbers and times in the reader's form.
//!
//! # Layout
//! - [`live`] texts of the board and the oven page, which the browser needs too
//! - [`pages`] texts of the frame, login, setup, the list of ovens and error pages
//! - [`form`] texts of the oven form and what can be wrong with a field
//! - [`find`] texts of the search for machines and values
//! - [`names`] the name of every value of the model's enums, and advice for each failure
//! - [`format`] numbers, ages and durations
//! - [`clock`] wall-clock times of the bakery without a time zone database
//!
//! A text is declared once with its three languages side by side, so none can be missing. Texts that only the
//! server calls are dropped from the WASM by the linker.

use crate::model::wire_enum;

/// Texts without parameters: `name: "es", "en", "de";` becomes `lang.name()`.
macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident: $es:literal, $en:literal, $de:literal;)+) => {
        impl $crate::i18n::Lang {
            $(
                $(#[$meta])*
                pub const fn $name(self) -> &'static str {
                    match self { Self::Es => $es, Self::En => $en, Self::De => $de }
                }
            )+
        }
    };
}

/// Texts with parameters: `name(count: usize): "{count} …", …;` becomes `lang.name(3)`.
macro_rules! phrases {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $ty:ty),+): $es:literal, $en:literal, $de:literal;)+) => {
        impl $crate::i18n::Lang {
            $(
                $(#[$meta])*
                pub fn $name(self, $($arg: $ty),+) -> String {
                    match self { Self::Es => format!($es), Self::En => format!($en), Self::De => format!($de) }
                }
            )+
        }
    };
}

/// The name of each value of an enum: `Type.method { Variant: "es", "en", "de"; … }`. A new variant does not
/// compile until it is named.
macro_rules! names {
    ($($type:ident.$method:ident { $($variant:ident: $es:literal, $en:literal, $de:literal;)+ })+) => {
        $(
            impl $type {
                pub const fn $method(self, lang: $crate::i18n::Lang) -> &'static str {
                    match self {
                        $(Self::$variant => match lang {
                            $crate::i18n::Lang::Es => $es,
                            $crate::i18n::Lang::En => $en,
                            $crate::i18n::Lang::De => $de,
                        },)+
                    }
                }
            }
        )+
    };
}

pub mod clock;
pub mod find;
pub mod form;
pub mod format;
pub mod live;
pub mod names;
pub mod pages;
pub mod reference;

wire_enum! {
    Lang {
        Es = "es",
        En = "en",
        De = "de",
    }
}

impl Lang {
    /// The language's own name, so that it is found by whoever cannot read the current one.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Es => "Español",
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The first of a browser's `Accept-Language` that we have, by weight.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for entry in header.split(',') {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f32>().ok()).unwrap_or(1.0);
            let Some(lang) = Self::parse(tag.split('-').next().unwrap_or_default()) else { continue };
            if weight > 0.0 && best.is_none_or(|(highest, _)| weight > highest) {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_first_known_language_wins() {
        for (header, lang) in [
            ("", None),
            ("fr-FR, fr;q=0.9", None),
            ("de-AT,de;q=0.9,en;q=0.8", Some(Lang::De)),
            ("en;q=0.4, de;q=0.7", Some(Lang::De)),
            ("fr, en-GB;q=0.8", Some(Lang::En)),
            ("de;q=0, en;q=0.1", Some(Lang::En)),
            ("*", None),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header}");
        }
    }
}
