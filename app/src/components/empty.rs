//! Where there is nothing to show.

use leptos::prelude::*;

use super::icon::{Icon, icon};

/// A card's outline with an icon and a few words, where there is nothing to show.
pub fn empty_state(title: &'static str, words: &'static str, action: Option<(&'static str, &'static str)>) -> AnyView {
    view! {
        <div class="empty card">
            {icon(Icon::Flame)}
            <h2>{title}</h2>
            <p>{words}</p>
            {action
                .map(|(href, label)| {
                    view! { <p><a class="button primary" href=href>{icon(Icon::Plus)} {label}</a></p> }
                })}
        </div>
    }
    .into_any()
}
