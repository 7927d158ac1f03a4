//! Texts that a device sends, as far as they can be shown and are worth keeping.

/// Characters of one text. It is stored with each reading, and shown in one line of an oven's page.
const MAX_CHARS: usize = 300;

/// In one line, without control characters, spaces around it and what is too long; nothing where nothing is left.
pub fn shown(text: &str) -> Option<String> {
    let line = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let line: String = line.filter(|c| !c.is_control()).collect();
    let text: String = line.trim().chars().take(MAX_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_left_out() {
        assert_eq!(shown(" Heizung\u{7} defekt\n"), Some("Heizung defekt".to_owned()));
        assert_eq!(shown(&"ü".repeat(301)), Some("ü".repeat(300)));
        assert_eq!(shown("Heizung\ndefekt"), Some("Heizung defekt".to_owned()));
        assert_eq!(shown("\u{0} \u{0}\t"), None);
    }
}
