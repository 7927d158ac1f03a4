//! Every oven as a card, live.

use leptos::prelude::*;

use super::link::Link;
use crate::{
    components::{Reader, board_view::board_view, filter::Filter, oven_card::oven_card},
    i18n::{Lang, clock::LocalClock},
    model::live::LiveOven,
};

#[island]
pub fn LiveBoard(
    ovens: Vec<LiveOven>,
    seq: u64,
    site_build: String,
    lang: Lang,
    now_ms: i64,
    clock: LocalClock,
    filter: Filter,
) -> impl IntoView {
    let html = {
        let reader = Reader { lang, now_ms, clock: &clock };
        board_view(&ovens, seq, &filter, Link::Connecting, reader, &mut |oven| oven_card(oven, reader)).into_string()
    };
    let root = NodeRef::<leptos::html::Div>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if let Some(root) = root.get()
            && started.is_none()
        {
            let board = browser::Board::new(ovens.clone(), seq, lang, clock.clone(), filter.clone(), root.into());
            super::socket::keep_live(site_build.clone(), now_ms, board);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = site_build;
    view! { <div node_ref=root inner_html=html></div> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::collections::HashMap;

    use maud::{Markup, PreEscaped, html};
    use web_sys::Element;

    use super::{Filter, Lang, Link, LiveOven, LocalClock, Reader, board_view, oven_card};
    use crate::{
        islands::{morph::morph, socket::Live},
        model::{
            equipment::EquipmentId,
            live::{Frame, FrameKind},
        },
    };

    pub struct Board {
        ovens: Vec<LiveOven>,
        seq: u64,
        lang: Lang,
        clock: LocalClock,
        filter: Filter,
        root: Element,
        /// The HTML of each card that is on the page.
        cards: HashMap<EquipmentId, String>,
    }

    impl Board {
        pub fn new(
            ovens: Vec<LiveOven>,
            seq: u64,
            lang: Lang,
            clock: LocalClock,
            filter: Filter,
            root: Element,
        ) -> Self {
            Self { ovens, seq, lang, clock, filter, root, cards: HashMap::new() }
        }
    }

    impl Live for Board {
        fn take(&mut self, frame: Frame) {
            self.seq = frame.seq;
            if frame.kind == FrameKind::Snapshot {
                self.ovens = frame.ovens;
                return;
            }
            self.ovens.retain(|oven| !frame.removed.contains(&oven.id));
            for fresh in frame.ovens {
                match self.ovens.iter_mut().find(|oven| oven.id == fresh.id) {
                    Some(known) => *known = fresh,
                    None => self.ovens.push(fresh),
                }
            }
        }

        fn show(&mut self, link: Link, now_ms: i64) {
            let reader = Reader { lang: self.lang, now_ms, clock: &self.clock };
            let shown = std::mem::take(&mut self.cards);
            let cards = &mut self.cards;
            let mut card = |oven: &LiveOven| -> Markup {
                let text = oven_card(oven, reader).into_string();
                let is_same = shown.get(&oven.id) == Some(&text);
                let markup = if is_same {
                    html! { article data-key=(oven.id) data-same {} }
                } else {
                    PreEscaped(text.clone())
                };
                cards.insert(oven.id, text);
                markup
            };
            let html = board_view(&self.ovens, self.seq, &self.filter, link, reader, &mut card).into_string();
            morph(&leptos::prelude::document(), &self.root, &html);
        }
    }
}
