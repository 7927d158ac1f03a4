//! Line icons on a grid of 24; each is one path, so that a state's icon can change without changing elements.

use maud::{Markup, html};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Flame,
    Thermometer,
    Drop,
    Steam,
    Bolt,
    Meter,
    Door,
    Clock,
    Warning,
    Offline,
    Check,
    Cross,
    Plus,
    Pause,
    Snow,
    Sparkle,
    Wrench,
    Moon,
    Power,
    User,
    Sliders,
    Pencil,
    Trash,
    Back,
    Dot,
    Question,
    Plug,
    Grid,
    Search,
    Folder,
}

impl Icon {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Flame => {
                "M12 3c.5 3.5 5.5 5.5 5.5 10.5a5.5 5.5 0 0 1-11 0c0-2.5 1.5-4 2.5-5.5.3 1.5 1 2.5 2 2.5 1.5 0 2-3 1-7.5Z"
            }
            Self::Thermometer => "M10 13.5V5a2 2 0 1 1 4 0v8.5a4.5 4.5 0 1 1-4 0ZM12 9v8",
            Self::Drop => "M12 3s6 6.5 6 11a6 6 0 0 1-12 0c0-4.5 6-11 6-11Z",
            Self::Steam => {
                "M7 20c-2.5-3 2.5-5 0-8s2.5-5 0-8M12 20c-2.5-3 2.5-5 0-8s2.5-5 0-8M17 20c-2.5-3 2.5-5 0-8s2.5-5 0-8"
            }
            Self::Bolt => "M13 2 5 14h6l-1 8 8-12h-6l1-8Z",
            Self::Meter => "M4 18a9 9 0 1 1 16 0M12 14l4-5M12 14h.01",
            Self::Door => "M6 21V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v17M3 21h18M14.5 12h.01",
            Self::Clock => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 7v5l3.5 2",
            Self::Warning => "M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.5h.01",
            Self::Offline => {
                "M4 4l16 16M8.5 16.4a5 5 0 0 1 7 0M5 12.9a10 10 0 0 1 5-2.7M19 12.9a10 10 0 0 0-3.2-2.2M2 8.8a15 15 0 0 1 4.2-2.6M22 8.8A15 15 0 0 0 10.7 5M12 20h.01"
            }
            Self::Check => "M5 13l4.5 4.5L19 7",
            Self::Cross => "M6 6l12 12M18 6 6 18",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Pause => "M9 6v12M15 6v12",
            Self::Snow => "M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9",
            Self::Sparkle => "M12 3l2.2 6.8L21 12l-6.8 2.2L12 21l-2.2-6.8L3 12l6.8-2.2L12 3Z",
            Self::Wrench => {
                "M14.5 6.5a4.5 4.5 0 0 1 5-1.5l-3 3 .5 2 2 .5 3-3a4.5 4.5 0 0 1-6 5.5L8.5 20.5a2 2 0 0 1-3-3L13 10a4.5 4.5 0 0 1 1.5-3.5Z"
            }
            Self::Moon => "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z",
            Self::Power => "M12 3v8M6.5 6.5a8 8 0 1 0 11 0",
            Self::User => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21a8 8 0 0 1 16 0",
            Self::Sliders => "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
            Self::Pencil => "M4 20l1-4L16 5l3 3L8 19l-4 1ZM14 7l3 3",
            Self::Trash => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
            Self::Back => "M15 5l-7 7 7 7",
            Self::Dot => "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
            Self::Question => "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 18h.01",
            Self::Grid => "M4 4h6v6H4ZM14 4h6v6h-6ZM4 14h6v6H4ZM14 14h6v6h-6Z",
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l5 5",
            Self::Folder => "M3 6h6l2 3h10v10H3V6Z",
            Self::Plug => "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0V8ZM12 17v4",
        }
    }
}

/// An icon; the word beside it carries the meaning.
pub fn markup(icon: Icon) -> Markup {
    html! {
        svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" { path d=(icon.path()) {} }
    }
}

/// The same for a page's view.
#[cfg(feature = "ssr")]
pub fn icon(icon: Icon) -> leptos::prelude::AnyView {
    use leptos::prelude::*;
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
    .into_any()
}
