//! One oven in detail, live.

use leptos::prelude::*;

use super::link::Link;
use crate::{
    components::{Reader, oven_panel::oven_panel, trend::TrendPoint},
    i18n::{Lang, clock::LocalClock},
    model::live::LiveOven,
};

#[island]
pub fn LiveOvenPanel(
    oven: LiveOven,
    trend: Vec<TrendPoint>,
    site_build: String,
    lang: Lang,
    now_ms: i64,
    clock: LocalClock,
) -> impl IntoView {
    let reader = Reader { lang, now_ms, clock: &clock };
    let html = oven_panel(&oven, &trend, Link::Connecting, reader).into_string();
    let root = NodeRef::<leptos::html::Div>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |started: Option<()>| {
        if let Some(root) = root.get()
            && started.is_none()
        {
            let panel = browser::Panel {
                oven: oven.clone(),
                points: trend.clone(),
                lang,
                clock: clock.clone(),
                root: root.into(),
            };
            super::socket::keep_live(site_build.clone(), now_ms, panel);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = site_build;
    view! { <div node_ref=root inner_html=html></div> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use web_sys::Element;

    use super::{Lang, Link, LiveOven, LocalClock, Reader, TrendPoint, oven_panel};
    use crate::{
        components::trend::push,
        islands::{morph::morph, socket::Live},
        model::live::{Frame, FrameKind},
    };

    pub struct Panel {
        pub oven: LiveOven,
        pub points: Vec<TrendPoint>,
        pub lang: Lang,
        pub clock: LocalClock,
        pub root: Element,
    }

    impl Live for Panel {
        /// Takes this oven's part of a frame; a deleted oven leads back to the board.
        fn take(&mut self, frame: Frame) {
            let id = self.oven.id;
            let found = frame.ovens.into_iter().find(|oven| oven.id == id);
            let is_gone = frame.removed.contains(&id) || (frame.kind == FrameKind::Snapshot && found.is_none());
            if is_gone {
                let _ = leptos::prelude::window().location().set_href("/");
                return;
            }
            let Some(fresh) = found else { return };
            if let Some(values) = &fresh.values {
                push(&mut self.points, TrendPoint::from(values), fresh.interval_s, frame.server_time_ms);
            }
            self.oven = fresh;
        }

        fn show(&mut self, link: Link, now_ms: i64) {
            let reader = Reader { lang: self.lang, now_ms, clock: &self.clock };
            let html = oven_panel(&self.oven, &self.points, link, reader).into_string();
            morph(&leptos::prelude::document(), &self.root, &html);
        }
    }
}
