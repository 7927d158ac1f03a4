//! Form fields: label, input, help and errors tied together for eyes and screen readers alike.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::{
    i18n::Lang,
    model::form::{FieldError, FormValues},
};

#[derive(Clone)]
pub enum InputKind {
    Text {
        autocomplete: &'static str,
        placeholder: &'static str,
    },
    /// Typed as text, so that what was typed wrongly can be shown again.
    Number {
        unit: &'static str,
        placeholder: String,
    },
    /// Its value is never written back into the page.
    Password {
        autocomplete: &'static str,
    },
    /// Values and their labels.
    Choice(Vec<(String, String)>),
    Checkbox,
    LongText {
        placeholder: &'static str,
        secret: bool,
    },
}

pub struct Field {
    pub name: String,
    pub label: String,
    pub help: String,
    pub kind: InputKind,
    pub required: bool,
    /// Shown where the form has no value of this name yet.
    pub default: Option<String>,
    /// Names the rule of the style sheet that hides the field; see `oven_fields`.
    pub only_when: Option<String>,
    pub list: Option<&'static str>,
}

impl Field {
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            help: String::new(),
            kind: InputKind::Text { autocomplete: "off", placeholder: "" },
            required: false,
            default: None,
            only_when: None,
            list: None,
        }
    }
}

/// The id of a field's input, which the error summary links to.
pub fn field_id(name: &str) -> String {
    format!("f-{}", name.replace(['.', ' '], "-"))
}

#[derive(Clone, Copy)]
pub struct FieldContext<'a> {
    pub lang: Lang,
    pub values: &'a FormValues,
    pub errors: &'a [FieldError],
}

impl FieldContext<'_> {
    pub fn errors_of(&self, name: &str) -> Vec<String> {
        let of_field = self.errors.iter().filter(|error| error.field == name);
        of_field.map(|error| self.lang.problem(&error.problem)).collect()
    }

    pub fn field(&self, field: Field) -> AnyView {
        let id = field_id(&field.name);
        let (help_id, error_id) = (format!("{id}-help"), format!("{id}-error"));
        let errors = self.errors_of(&field.name);
        let invalid = (!errors.is_empty()).then_some("true");
        let has_help = !field.help.is_empty();
        let described_by: Vec<&str> = [(has_help, &help_id), (invalid.is_some(), &error_id)]
            .into_iter()
            .filter_map(|(applies, id)| applies.then_some(id.as_str()))
            .collect();
        let described_by = (!described_by.is_empty()).then(|| described_by.join(" "));
        let optional = (!field.required && !matches!(field.kind, InputKind::Checkbox | InputKind::Choice(_)))
            .then(|| view! { <span class="optional">{self.lang.optional()}</span> });
        let is_checkbox = matches!(field.kind, InputKind::Checkbox);
        let (label, help, only_when) = (field.label.clone(), field.help.clone(), field.only_when.clone());
        let input = self.input(field, &id, described_by, invalid);
        let notes = view! {
            {has_help.then(|| view! { <p class="help" id=help_id>{help}</p> })}
            {(!errors.is_empty()).then(|| view! {
                <p class="field-error" id=error_id>{icon(Icon::Warning)} <span>{errors.join(" ")}</span></p>
            })}
        };
        if is_checkbox {
            return view! {
                <div class="field check" data-when=only_when>
                    <label class="check-label">{input} <span>{label}</span></label>
                    {notes}
                </div>
            }
            .into_any();
        }
        view! {
            <div class="field" data-when=only_when>
                <label for=id>{label} {optional}</label>
                {input}
                {notes}
            </div>
        }
        .into_any()
    }

    fn input(&self, field: Field, id: &str, described_by: Option<String>, invalid: Option<&'static str>) -> AnyView {
        let typed = self.values.get(&field.name).map(str::to_owned);
        let value = typed.clone().or_else(|| field.default.clone()).unwrap_or_default();
        let id = id.to_owned();
        let Field { name, kind, required, default, list, .. } = field;
        match kind {
            InputKind::Text { autocomplete, placeholder } => view! {
                <input id=id name=name type="text" value=value placeholder=placeholder autocomplete=autocomplete
                    autocapitalize="none" spellcheck="false" required=required list=list
                    aria-describedby=described_by aria-invalid=invalid />
            }
            .into_any(),
            InputKind::Number { unit, placeholder } => {
                let input = view! {
                    <input id=id name=name class="num" type="text" inputmode="decimal" value=value
                        placeholder=placeholder autocomplete="off" required=required
                        aria-describedby=described_by aria-invalid=invalid />
                };
                if unit.is_empty() {
                    return input.into_any();
                }
                view! { <span class="with-unit">{input} <span class="unit">{unit}</span></span> }.into_any()
            }
            InputKind::Password { autocomplete } => view! {
                <input id=id name=name type="password" autocomplete=autocomplete required=required
                    aria-describedby=described_by aria-invalid=invalid />
            }
            .into_any(),
            InputKind::Choice(options) => view! {
                <select id=id name=name aria-describedby=described_by aria-invalid=invalid>
                    {options.into_iter().map(|(option, label)| {
                        let selected = option == value;
                        view! { <option value=option selected=selected>{label}</option> }
                    }).collect_view()}
                </select>
            }
            .into_any(),
            InputKind::Checkbox => {
                let is_on = |value: &str| matches!(value, "on" | "true" | "1");
                let checked = typed.as_deref().or(default.as_deref()).is_some_and(is_on);
                view! {
                    <input id=id name=name type="checkbox" checked=checked
                        aria-describedby=described_by aria-invalid=invalid />
                }
                .into_any()
            }
            InputKind::LongText { placeholder, secret } => view! {
                <textarea id=id name=name rows="4" placeholder=placeholder autocomplete="off" autocapitalize="none"
                    spellcheck="false" required=required aria-describedby=described_by aria-invalid=invalid>
                    {if secret { String::new() } else { value }}
                </textarea>
            }
            .into_any(),
        }
    }
}

/// A problem with the whole form.
pub fn alert(id: &'static str, words: String) -> AnyView {
    view! { <p class="alert" role="alert" id=id>{icon(Icon::Warning)} <span>{words}</span></p> }.into_any()
}

/// Everything that is wrong, at the top of the form, each with a link to its field.
pub fn error_summary(errors: &[FieldError], lang: Lang, name_of: &dyn Fn(&str) -> String) -> Option<AnyView> {
    if errors.is_empty() {
        return None;
    }
    let items = errors
        .iter()
        .map(|error| {
            let words = format!("{}: {}", name_of(&error.field), lang.problem(&error.problem));
            view! { <li><a href=format!("#{}", field_id(&error.field))>{words}</a></li> }
        })
        .collect_view();
    Some(
        view! {
            <div class="alert error-summary" role="alert" id="errors" data-testid="error-summary">
                {icon(Icon::Warning)}
                <div><h2>{lang.fix_errors(errors.len())}</h2> <ul>{items}</ul></div>
            </div>
        }
        .into_any(),
    )
}
