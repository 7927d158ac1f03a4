//! Descriptions: paragraphs, lists, `code` and **strong** words of Markdown, which are all that ours have.

use maud::{Markup, html};

pub fn prose(text: &str) -> Markup {
    html! {
        @for block in text.trim().split("\n\n") {
            (paragraph(block))
        }
    }
}

/// Lines, of which those with a dash are a list below the others.
fn paragraph(block: &str) -> Markup {
    let (items, lines): (Vec<&str>, Vec<&str>) = block.lines().map(str::trim).partition(|line| line.starts_with("- "));
    html! {
        @if lines.iter().any(|line| !line.is_empty()) { p { (inline(&lines.join(" "))) } }
        @if !items.is_empty() {
            ul.dashes { @for item in items { li { (inline(item.trim_start_matches("- "))) } } }
        }
    }
}

/// `code` and **strong** words; a mark without its end stays as it is.
pub fn inline(text: &str) -> Markup {
    let marks = [("`", text.find('`')), ("**", text.find("**"))];
    let first = marks.into_iter().filter_map(|(mark, at)| Some((mark, at?))).min_by_key(|(_, at)| *at);
    let marked = first.and_then(|(mark, at)| {
        let (inside, rest) = text[at + mark.len()..].split_once(mark)?;
        Some((mark, &text[..at], inside, rest))
    });
    html! {
        @match marked {
            Some(("`", before, inside, rest)) => { (before) code { (inside) } (inline(rest)) }
            Some((_, before, inside, rest)) => { (before) strong { (inside) } (inline(rest)) }
            None => (text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements_and_the_rest_is_escaped() {
        let html = prose("One `a<b` and **two**\nlines.\n\n- first\n- `second`\n\nAn open ` mark").into_string();
        assert_eq!(
            html,
            "<p>One <code>a&lt;b</code> and <strong>two</strong> lines.</p>\
             <ul class=\"dashes\"><li>first</li><li><code>second</code></li></ul><p>An open ` mark</p>"
        );
    }
}
