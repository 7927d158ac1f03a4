//! `/setup`: the first start, with the one-time code that the console shows.

use leptos::prelude::*;

use super::PageContext;
use crate::{
    components::field::{Field, FieldContext, InputKind, error_summary},
    model::form::{FieldError, FormValues},
    shell::{Page, document},
};

/// Fields `code`, `username`, `password`, `password_again`.
pub struct Setup {
    pub values: FormValues,
    pub errors: Vec<FieldError>,
}

pub fn setup(cx: &PageContext, data: Setup) -> String {
    let lang = cx.lang;
    let page = Page { title: lang.setup_title().to_owned(), islands: false, narrow: true };
    document(cx, page, || {
        let form = FieldContext { lang, values: &data.values, errors: &data.errors };
        let name_of = |field: &str| {
            match field {
                "code" => lang.setup_code(),
                "username" => lang.username(),
                "password_again" => lang.password_again(),
                _ => lang.password(),
            }
            .to_owned()
        };
        let password = InputKind::Password { autocomplete: "new-password" };
        view! {
            <section class="card sheet">
                <h1>{lang.setup_title()}</h1>
                <p class="lead">{lang.setup_lead()}</p>
                {error_summary(&data.errors, lang, &name_of)}
                <form method="post" action="/setup" class="form">
                    {form.field(Field {
                        kind: InputKind::Text { autocomplete: "one-time-code", placeholder: "" },
                        required: true,
                        ..Field::new("code", lang.setup_code())
                    })}
                    {form.field(Field {
                        kind: InputKind::Text { autocomplete: "username", placeholder: "" },
                        required: true,
                        ..Field::new("username", lang.username())
                    })}
                    {form.field(Field {
                        kind: password.clone(),
                        help: lang.password_help().to_owned(),
                        required: true,
                        ..Field::new("password", lang.password())
                    })}
                    {form.field(Field {
                        kind: password,
                        required: true,
                        ..Field::new("password_again", lang.password_again())
                    })}
                    <button class="button primary" type="submit">{lang.create_account()}</button>
                </form>
            </section>
        }
        .into_any()
    })
}
