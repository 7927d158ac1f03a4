//! `/`: every oven, live.

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::{empty::empty_state, filter::Filter},
    i18n::clock::LocalClock,
    islands::LiveBoard,
    model::{live::LiveOven, user::Role},
    shell::{Page, document},
};

pub struct Board {
    pub ovens: Vec<LiveOven>,
    /// Number of the live state that `ovens` shows.
    pub seq: u64,
    pub build: String,
}

pub fn board(cx: &PageContext, data: Board) -> String {
    let lang = cx.lang;
    let is_empty = data.ovens.is_empty();
    let page = Page { title: lang.board_title().to_owned(), islands: !is_empty, narrow: is_empty };
    let is_admin = cx.user.as_ref().is_some_and(|user| user.role.may(Role::Admin));
    document(cx, page, || {
        if is_empty {
            let (words, action) = if is_admin {
                (lang.empty_admin(), Some(("/admin/ovens/new", lang.add_first_oven())))
            } else {
                (lang.empty_staff(), None)
            };
            return view! { <h1 class="vh">{lang.board_title()}</h1> {empty_state(lang.empty_title(), words, action)} }
                .into_any();
        }
        view! {
            <LiveBoard
                ovens=data.ovens
                seq=data.seq
                site_build=data.build
                lang
                now_ms=cx.now.as_millisecond()
                clock=LocalClock::new(&cx.timezone, cx.now)
                filter=Filter::from_path(&cx.path)
            />
        }
        .into_any()
    })
}
