//! One operation: who may use it, what it takes, what it answers.

use maud::{Markup, html};
use serde_json::Value;

use super::{
    example::example,
    json, method,
    prose::{inline, prose},
    schema::Schemas,
    text,
};
use crate::{i18n::Lang, model::user::Role};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const PREFIX: &str = "/api/v1";

#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub path: &'a str,
    pub method: &'static str,
    itself: &'a Value,
}

impl<'a> Operation<'a> {
    pub fn all_of(path: &'a str, item: &'a Value) -> impl Iterator<Item = Self> {
        METHODS.into_iter().filter_map(move |method| Some(Self { path, method, itself: item.get(method)? }))
    }

    pub fn id(&self) -> &'a str {
        text(self.itself, "/operationId")
    }

    pub fn tag(&self) -> &'a str {
        text(self.itself, "/tags/0")
    }

    /// The path without what all have.
    pub fn short_path(&self) -> &'a str {
        self.path.strip_prefix(PREFIX).unwrap_or(self.path)
    }

    /// Without the role, which is shown by itself.
    fn description(&self) -> &'a str {
        let text = text(self.itself, "/description");
        text.rfind("Least role:").or_else(|| text.rfind("For anyone.")).map_or(text, |at| &text[..at])
    }

    pub fn show(&self, schemas: &Schemas<'_>) -> Markup {
        let role = text(self.itself, "/x-role");
        let role = Role::parse(role).map_or(role, |role| role.label(Lang::En));
        let body = &self.itself["requestBody"];
        html! {
            article.card.operation id=(self.id()) {
                header {
                    h3 { (method(self.method)) " " code { (self.path) } }
                    @if !role.is_empty() {
                        p.pill data-tone="off" { span.vh { "Least role" ": " } (role) }
                    }
                }
                p { strong { (inline(text(self.itself, "/summary"))) } }
                (prose(self.description()))
                (self.parameters(schemas))
                @if body.is_object() {
                    h4 { "Body" }
                    @for (media, content) in contents(body) { (bodied(schemas, media, content)) }
                    (self.call(schemas))
                }
                h4 { "Answers" }
                @for (status, given) in self.answers() { (answer(schemas, status, given)) }
            }
        }
    }

    fn parameters(&self, schemas: &Schemas<'_>) -> Markup {
        let parameters = self.itself["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        html! {
            @if !parameters.is_empty() {
                h4 { "Parameters" }
                table.fields {
                    thead { tr {
                        th scope="col" { "Name" }
                        th scope="col" { "Type" }
                        th scope="col" { "Meaning" }
                    } }
                    tbody {
                        @for parameter in parameters {
                            (schemas.row(text(parameter, "/name"), &described(parameter), parameter["required"] == true))
                        }
                    }
                }
            }
        }
    }

    /// A command that makes the request.
    fn call(&self, schemas: &Schemas<'_>) -> Markup {
        let body = &self.itself["requestBody"]["content"]["application/json"]["schema"];
        let body = example(schemas, body);
        let call = format!(
            "curl -X {} -H 'authorization: Bearer hor_…' -H 'content-type: application/json' \\\n  'http://localhost:3000{}' \\\n  -d '{}'",
            self.method.to_uppercase(),
            self.path,
            serde_json::to_string_pretty(&body).unwrap_or_default().replace('\'', r"'\''"),
        );
        html! { details { summary { "curl" } pre.scroll tabindex="0" role="group" aria-label="curl" { code { (call) } } } }
    }

    fn answers(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.itself["responses"].as_object().into_iter().flatten()
    }
}

fn answer(schemas: &Schemas<'_>, status: &str, answer: &Value) -> Markup {
    let is_good = status.starts_with('2');
    let head = html! {
        b.status data-tone=(if is_good { "ready" } else { "notice" }) { (status) } " "
        span { (inline(text(answer, "/description"))) }
    };
    let headers = answer["headers"].as_object().into_iter().flatten();
    let headers: Vec<&str> = headers.map(|(name, _)| name.as_str()).collect();
    html! {
        div.answer {
            p { (head) @if !headers.is_empty() { " · " @for name in headers { code { (name) } " " } } }
            @if is_good { @for (media, content) in contents(answer) { (bodied(schemas, media, content)) } }
        }
    }
}

/// A parameter's type with the parameter's own description.
fn described(parameter: &Value) -> Value {
    let mut schema = parameter["schema"].clone();
    if let (Some(object), Some(description)) = (schema.as_object_mut(), parameter.get("description")) {
        object.insert("description".to_owned(), description.clone());
    }
    schema
}

fn contents(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value["content"].as_object().into_iter().flatten()
}

/// A type and an example of it, folded away.
fn bodied(schemas: &Schemas<'_>, media: &str, content: &Value) -> Markup {
    let schema = &content["schema"];
    html! {
        p { code { (media) } ": " (schemas.kind(schema)) }
        @if media == "application/json" {
            details { summary { "Example" } (json(&example(schemas, schema))) }
        }
    }
}
