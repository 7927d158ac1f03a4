//! How the page's own connection to the server does, and the line that says so.

use maud::{Markup, html};

use crate::{
    components::icon::{Icon, markup},
    i18n::Lang,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The first attempt after the page was loaded.
    Connecting,
    Live,
    Reconnecting {
        attempt: u32,
        /// Until the next attempt; 0 while one is under way.
        seconds: i64,
    },
}

pub fn link_state(link: Link, lang: Lang) -> Markup {
    // Screen readers hear each change once, not every second of the countdown.
    let (name, icon, words, announced) = match link {
        Link::Connecting => ("connecting", Icon::Plug, lang.link_connecting().to_owned(), lang.link_connecting()),
        Link::Live => ("live", Icon::Dot, lang.link_live().to_owned(), lang.link_live()),
        Link::Reconnecting { attempt, seconds } => {
            ("reconnecting", Icon::Offline, lang.link_reconnecting(attempt, seconds), lang.link_lost())
        }
    };
    html! {
        div class="link-state" data-testid="live-state" data-state=(name) {
            (markup(icon))
            span class="num" aria-hidden="true" { (words) }
            span class="vh" role="status" { (announced) }
        }
    }
}
