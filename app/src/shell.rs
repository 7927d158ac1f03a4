//! The HTML document around a page.
//!
//! No inline script: the content security policy allows none. `boot.js` loads the WASM and hydrates the islands; a
//! page without islands loads neither.

use leptos::{prelude::*, tachys::html::InertElement};

use crate::{
    components::icon::{Icon, icon},
    i18n::Lang,
    model::user::Role,
    pages::{Notice, PageContext, Theme},
};

pub struct Page {
    pub title: String,
    /// Whether something on the page runs in the browser.
    pub islands: bool,
    /// A narrow page is a single card in the middle.
    pub narrow: bool,
}

/// Renders a page to a whole document. `content` is called inside a reactive owner, which ends with the rendering.
pub fn document(cx: &PageContext, page: Page, content: impl FnOnce() -> AnyView) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| html(cx, page, content()).to_html());
    owner.cleanup();
    format!("<!doctype html>{html}")
}

fn html(cx: &PageContext, page: Page, content: AnyView) -> impl IntoView {
    let lang = cx.lang;
    view! {
        <html lang=lang.as_str() data-theme=cx.theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <title>{format!("{} · Hornero", page.title)}</title>
                {theme_colors(cx.theme)}
                <meta name="robots" content="noindex" />
                <link rel="stylesheet" href=cx.assets.url("main.css") />
                <link rel="icon" type="image/svg+xml" href=cx.assets.url("favicon.svg") />
                <link rel="apple-touch-icon" href=cx.assets.url("icons/icon.svg") />
                <link rel="manifest" href=cx.assets.url("manifest.webmanifest") />
                {page.islands.then(|| boot(cx))}
            </head>
            <body>
                <a class="skip" href="#content">
                    {lang.skip_to_content()}
                </a>
                {cx.demo.then(|| view! {
                    <aside class="demo-banner" aria-label="Demo">{icon(Icon::Warning)} {lang.demo_banner()}</aside>
                })}
                {header(cx)}
                <main id="content" tabindex="-1" class=if page.narrow { "narrow" } else { "" }>
                    {cx.notice.map(|notice| notice_area(notice, lang))}
                    {content}
                </main>
            </body>
        </html>
    }
}

/// The browser's own bar takes the page's ground colour (`--ground` in tokens.css).
fn theme_colors(theme: Theme) -> Vec<InertElement> {
    let metas: &[&str] = match theme {
        Theme::Auto => &[
            r##"<meta name="theme-color" content="#f4f0ea" media="(prefers-color-scheme: light)">"##,
            r##"<meta name="theme-color" content="#171412" media="(prefers-color-scheme: dark)">"##,
        ],
        Theme::Light => &[r##"<meta name="theme-color" content="#f4f0ea">"##],
        Theme::Dark => &[r##"<meta name="theme-color" content="#171412">"##],
    };
    metas.iter().map(|meta| InertElement::new(*meta)).collect()
}

fn boot(cx: &PageContext) -> AnyView {
    view! {
        <link rel="modulepreload" href=cx.assets.url("app.js") />
        <link rel="preload" href=cx.assets.url("app.wasm") r#as="fetch" r#type="application/wasm" crossorigin="" />
        <script type="module" src=cx.assets.url("boot.js")></script>
    }
    .into_any()
}

fn header(cx: &PageContext) -> AnyView {
    let lang = cx.lang;
    let is_admin = cx.user.as_ref().is_some_and(|user| user.role.may(Role::Admin));
    let path = cx.path.split('?').next().unwrap_or_default();
    let current = |is_here: bool| is_here.then_some("page");
    view! {
        <header class="top">
            <a class="brand" href="/" aria-label="Hornero">
                {mark()}
                <span>"Hornero"</span>
            </a>
            {cx.user.is_some().then(|| view! {
                <nav class="nav" aria-label=lang.main_navigation()>
                    <a href="/" aria-current=current(path == "/" || path.starts_with("/ovens/"))>
                        {lang.nav_board()}
                    </a>
                    {is_admin.then(|| view! {
                        <a href="/admin/ovens" aria-current=current(path.starts_with("/admin/ovens"))>
                            {lang.nav_ovens()}
                        </a>
                        <a href="/admin/outliers" aria-current=current(path == "/admin/outliers")>
                            {lang.nav_outliers()}
                        </a>
                    })}
                </nav>
            })}
            {user_menu(cx)}
        </header>
    }
    .into_any()
}

/// The ovenbird's nest: a dome with the curved entrance that is an oven's mouth too.
fn mark() -> AnyView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="mark-dome" d="M3 27C3 14 8 5 16 5s13 9 13 22Z"></path>
            <path class="mark-mouth" d="M11 27c0-7 1-11 5.5-11S21 20 21 27Z"></path>
        </svg>
    }
    .into_any()
}

fn user_menu(cx: &PageContext) -> AnyView {
    let lang = cx.lang;
    let user = cx.user.clone();
    let label = user.as_ref().map_or_else(|| lang.preferences().to_owned(), |user| user.username.clone());
    let reads_api = user.as_ref().is_some_and(|user| user.role.may(Role::Staff));
    let symbol = if user.is_some() { Icon::User } else { Icon::Sliders };
    view! {
        <details class="menu" data-testid="user-menu">
            <summary aria-label=format!("{label}: {}", lang.preferences())>{icon(symbol)} <span class="menu-name">{label.clone()}</span></summary>
            <div class="menu-panel">
                {user.as_ref().map(|user| view! {
                    <p class="menu-user"><strong>{user.username.clone()}</strong> <span>{user.role.label(lang)}</span></p>
                })}
                {reads_api.then(|| view! { <a class="menu-link" href="/api/docs">{lang.reference_title()}</a> })}
                <form method="post" action="/preferences">
                    <input type="hidden" name="next" value=cx.path.clone() />
                    <label for="pref-lang">{lang.language()}</label>
                    <select id="pref-lang" name="lang">
                        {Lang::ALL.iter().map(|choice| view! {
                            <option value=choice.as_str() lang=choice.as_str() selected=*choice == lang>{choice.own_name()}</option>
                        }).collect_view()}
                    </select>
                    <label for="pref-theme">{lang.appearance()}</label>
                    <select id="pref-theme" name="theme">
                        {Theme::ALL.iter().map(|choice| view! {
                            <option value=choice.as_str() selected=*choice == cx.theme>{choice.label(lang)}</option>
                        }).collect_view()}
                    </select>
                    <button class="button" type="submit">{lang.apply()}</button>
                </form>
                {user.is_some().then(|| view! {
                    <form method="post" action="/logout">
                        <button class="button quiet-button" type="submit">{icon(Icon::Power)} {lang.log_out()}</button>
                    </form>
                })}
            </div>
        </details>
    }
    .into_any()
}

fn notice_area(notice: Notice, lang: Lang) -> AnyView {
    let words = match notice {
        Notice::OvenSaved => lang.notice_oven_saved(),
        Notice::OvenDisabled => lang.notice_oven_disabled(),
        Notice::OvenEnabled => lang.notice_oven_enabled(),
        Notice::OvenDeleted => lang.notice_oven_deleted(),
        Notice::OutlierAccepted => lang.notice_outlier_accepted(),
        Notice::OutlierRejected => lang.notice_outlier_rejected(),
        Notice::LoggedOut => lang.notice_logged_out(),
        Notice::PreferencesSaved => lang.notice_preferences_saved(),
    };
    view! { <p class="notice" role="status" data-testid="notice">{icon(Icon::Check)} {words}</p> }.into_any()
}
