//! How the page's own connection to the server does, and the line that says so.

use leptos::prelude::*;

use crate::{
    components::{
        icon::{Icon, live_icon},
        text,
    },
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

impl Link {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting { .. } => "reconnecting",
        }
    }
}

pub fn link_state(link: RwSignal<Link>, lang: Lang) -> AnyView {
    // Screen readers hear each change once, not every second of the countdown.
    let announced = Memo::new(move |_| match link.get() {
        Link::Connecting => lang.link_connecting(),
        Link::Live => lang.link_live(),
        Link::Reconnecting { .. } => lang.link_lost(),
    });
    view! {
        <div class="link-state" data-testid="live-state" data-state=text(move || link.get().as_str().to_owned())>
            {live_icon(
                Signal::derive(move || match link.get() {
                    Link::Connecting => Icon::Plug,
                    Link::Live => Icon::Dot,
                    Link::Reconnecting { .. } => Icon::Offline,
                }),
            )}
            <span class="num" aria-hidden="true">
                {text(move || match link.get() {
                    Link::Connecting => lang.link_connecting().to_owned(),
                    Link::Live => lang.link_live().to_owned(),
                    Link::Reconnecting { attempt, seconds } => lang.link_reconnecting(attempt, seconds),
                })}
            </span>
            <span class="vh" role="status">{text(move || announced.get().to_owned())}</span>
        </div>
    }
    .into_any()
}
