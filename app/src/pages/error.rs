//! What went wrong, and the next step.

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::icon::{Icon, icon},
    shell::{Page, document},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    /// Logged in, but the role does not allow it.
    Forbidden,
    /// The request was not sent by this site's own page (cross-site request forgery check).
    WrongOrigin,
    BadRequest,
    TooManyRequests,
    Internal,
}

pub struct ErrorPage {
    pub kind: ErrorKind,
    /// Quoted by a user who asks for help; the log has it too.
    pub request_id: String,
}

pub fn error(cx: &PageContext, data: ErrorPage) -> String {
    let lang = cx.lang;
    let (title, words) = match data.kind {
        ErrorKind::NotFound => (lang.error_not_found(), lang.error_not_found_text()),
        ErrorKind::Forbidden => (lang.error_forbidden(), lang.error_forbidden_text()),
        ErrorKind::WrongOrigin => (lang.error_wrong_origin(), lang.error_wrong_origin_text()),
        ErrorKind::BadRequest => (lang.error_bad_request(), lang.error_bad_request_text()),
        ErrorKind::TooManyRequests => (lang.error_too_many(), lang.error_too_many_text()),
        ErrorKind::Internal => (lang.error_internal(), lang.error_internal_text()),
    };
    document(cx, Page { title: title.to_owned(), islands: false, narrow: true }, || {
        view! {
            <section class="card sheet error-page">
                {icon(Icon::Warning)}
                <h1>{title}</h1>
                <p>{words}</p>
                <p class="actions">
                    <a class="button primary" href="/">{lang.go_to_board()}</a>
                    {(data.kind == ErrorKind::Forbidden).then(|| view! {
                        <a class="button" href="/login">{lang.go_to_login()}</a>
                    })}
                </p>
                {(!data.request_id.is_empty()).then(|| view! {
                    <p class="quiet">{lang.request_number()}" "<code>{data.request_id.clone()}</code></p>
                })}
            </section>
        }
        .into_any()
    })
}
