//! Topic filters (MQTT 3.1.1, 4.7), and where a value is.

use app::model::form::Problem;

use crate::connectors::mapping::Path;

/// `bakery/oven1/state /temp`: a filter, and where in the JSON of its messages. Without the second part the payload
/// itself is the value.
pub struct Reference {
    pub filter: String,
    pub path: Option<Path>,
}

impl Reference {
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        // A topic may hold spaces; a path begins with one of these.
        let cut = [" /", " $"].iter().filter_map(|start| text.find(start)).min();
        let (filter, path) = match cut {
            Some(at) => (text[..at].trim_end(), Some(Path::parse(text[at..].trim())?)),
            None => (text, None),
        };
        check(filter)?;
        Ok(Self { filter: filter.to_owned(), path })
    }
}

/// Whether this is a filter that a broker accepts.
pub fn check(filter: &str) -> Result<(), Problem> {
    if filter.is_empty() {
        return Err(Problem::Required);
    }
    let wrong = |detail: &str| Err(Problem::NotAPath { detail: detail.to_owned() });
    if filter.len() > usize::from(u16::MAX) || filter.contains('\0') {
        return wrong("a topic is shorter than 65,536 bytes and has no zero in it");
    }
    let levels: Vec<_> = filter.split('/').collect();
    for (index, level) in levels.iter().enumerate() {
        if level.contains('#') && (*level != "#" || index + 1 < levels.len()) {
            return wrong("# stands alone, as the last level");
        }
        if level.contains('+') && *level != "+" {
            return wrong("+ stands alone in its level");
        }
    }
    Ok(())
}

/// Whether a topic is covered by a filter.
pub fn matches(filter: &str, topic: &str) -> bool {
    // Wildcards do not reach topics of the broker itself (MQTT-4.7.2-1).
    if topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')) {
        return false;
    }
    let (mut filters, mut levels) = (filter.split('/'), topic.split('/'));
    loop {
        match (filters.next(), levels.next()) {
            // `a/#` covers `a` too (4.7.1.2).
            (Some("#"), _) | (None, None) => return true,
            (Some(filter), Some(level)) if filter == "+" || filter == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn filters_cover_what_the_standard_says() {
        for (filter, topic) in [
            ("a/b", "a/b"),
            ("a/+/c", "a/b/c"),
            ("a/#", "a"),
            ("a/#", "a/b/c"),
            ("#", "a/b"),
            ("+/+", "/finance"),
            ("/+", "/finance"),
            ("$SYS/#", "$SYS/broker"),
            ("a/+", "a/"),
        ] {
            assert!(matches(filter, topic), "{filter} covers {topic}");
        }
        for (filter, topic) in [
            ("a/+", "a"),
            ("+", "/finance"),
            ("a/b", "a/b/c"),
            ("#", "$SYS/x"),
            ("+/x", "$SYS/x"),
            ("A", "a"),
            ("a/b", "a"),
        ] {
            assert!(!matches(filter, topic), "{filter} does not cover {topic}");
        }
    }

    #[test]
    fn a_reference_has_a_filter_and_a_path() {
        let plain = Reference::parse(" sensors/chamber ").unwrap();
        assert!(plain.filter == "sensors/chamber" && plain.path.is_none());
        let spaced = Reference::parse("bakery/oven 1/state /t/0").unwrap();
        assert!(spaced.filter == "bakery/oven 1/state" && spaced.path.is_some());
        assert_eq!(Reference::parse("tele/+/SENSOR $.DS18B20.Temperature").unwrap().filter, "tele/+/SENSOR");
        for text in ["", "a/#/b", "a+/b", "a# /x", "a $["] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }

    /// The plainest way to say it.
    fn naive(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            (["#"], _) | ([], []) => true,
            ([f, filter @ ..], [t, topic @ ..]) if *f == "+" || f == t => naive(filter, topic),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_plainest_way_says(filter in "([ab+]/){0,4}[ab+#]", topic in "([ab]/){0,4}[ab]") {
            let (f, t): (Vec<&str>, Vec<&str>) = (filter.split('/').collect(), topic.split('/').collect());
            prop_assert_eq!(matches(&filter, &topic), naive(&f, &t));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Reference::parse(&text);
        }
    }
}
