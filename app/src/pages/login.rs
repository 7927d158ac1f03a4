//! `/login`.

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::{
        field::alert,
        icon::{Icon, icon},
    },
    shell::{Page, document},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// Wrong name or password; never says which.
    Wrong,
    TooManyTries {
        wait_seconds: u64,
    },
    Empty,
}

pub struct Login {
    pub username: String,
    pub problem: Option<LoginProblem>,
    /// Path to go to afterwards.
    pub next: String,
    /// In the demo: names and passwords that work, to be shown under the form.
    pub demo_logins: Vec<(String, String)>,
}

pub fn login(cx: &PageContext, data: Login) -> String {
    let lang = cx.lang;
    let page = Page { title: lang.login_title().to_owned(), islands: false, narrow: true };
    document(cx, page, || {
        let problem = data.problem.map(|problem| match problem {
            LoginProblem::Wrong => lang.login_wrong().to_owned(),
            LoginProblem::Empty => lang.login_empty().to_owned(),
            LoginProblem::TooManyTries { wait_seconds } => {
                lang.login_wait(&lang.short_duration(wait_seconds as i64 * 1_000))
            }
        });
        let is_wrong = problem.is_some();
        let described_by = is_wrong.then_some("problem");
        let demo_logins = data.demo_logins;
        view! {
            <section class="card sheet">
                <h1>{lang.login_title()}</h1>
                <p class="lead">{lang.login_lead()}</p>
                {problem.map(|problem| alert("problem", problem))}
                <form method="post" action="/login" class="form">
                    <input type="hidden" name="next" value=data.next />
                    <div class="field">
                        <label for="f-username">{lang.username()}</label>
                        <input
                            id="f-username"
                            name="username"
                            value=data.username
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            required
                            autofocus=!is_wrong
                            aria-describedby=described_by
                        />
                    </div>
                    <div class="field">
                        <label for="f-password">{lang.password()}</label>
                        <input
                            id="f-password"
                            name="password"
                            type="password"
                            autocomplete="current-password"
                            required
                            autofocus=is_wrong
                            aria-describedby=described_by
                        />
                    </div>
                    <button class="button primary" type="submit">{lang.login_title()}</button>
                </form>
                {(!demo_logins.is_empty()).then(|| view! {
                    <table class="demo-logins" data-testid="demo-logins">
                        <caption>{icon(Icon::User)} {lang.demo_logins()}</caption>
                        <thead>
                            <tr><th scope="col">{lang.username()}</th><th scope="col">{lang.password()}</th></tr>
                        </thead>
                        <tbody>
                            {demo_logins.into_iter().map(|(name, password)| view! {
                                <tr><td><code>{name}</code></td><td><code>{password}</code></td></tr>
                            }).collect_view()}
                        </tbody>
                    </table>
                })}
            </section>
        }
        .into_any()
    })
}
