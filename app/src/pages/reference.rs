//! `/api/docs`: the API for people, made from the documents that programs get.
//!
//! # Layout
//! - `reference.rs` the page: contents, operations by subject, the websocket, types
//! - [`operation`] one operation; [`schema`] types as tables; [`example`] values that fit a type; [`prose`] descriptions

mod example;
mod operation;
mod prose;
mod schema;

use leptos::prelude::*;
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::PageContext;
use crate::{
    i18n::Lang,
    shell::{Page, document},
};
use operation::Operation;
use schema::Schemas;

/// What programs get: OpenAPI and AsyncAPI documents.
pub struct Reference<'a> {
    pub openapi: &'a Value,
    pub asyncapi: &'a Value,
}

pub fn reference(cx: &PageContext, data: Reference<'_>) -> String {
    let lang = cx.lang;
    let page = Page { title: lang.reference_title().to_owned(), islands: false, narrow: false };
    let content = content(lang, &data).into_string();
    document(cx, page, || view! { <div class="reference" inner_html=content></div> }.into_any())
}

fn content(lang: Lang, data: &Reference<'_>) -> Markup {
    let subjects = subjects(data.openapi);
    let schemas = Schemas::of(data.openapi, "");
    let frames = Schemas::of(data.asyncapi, "live-");
    html! {
        nav.reference-contents aria-label=(lang.reference_contents()) {
            @for (tag, _, operations) in &subjects {
                details open {
                    summary { (tag) }
                    ul {
                        @for operation in operations {
                            li { a href={ "#" (operation.id()) } {
                                (method(operation.method)) " " span { (operation.short_path()) }
                            } }
                        }
                    }
                }
            }
            ul {
                li { a href="#websocket" { "Websocket" } }
                li { a href="#types" { (lang.reference_types()) } }
            }
        }
        div.reference-body {
            div.page-title {
                h1 { (lang.reference_title()) }
                p.lead { (lang.reference_lead()) " "
                    a href="/api/openapi.json" { "OpenAPI 3.1" } " · " a href="/api/asyncapi.json" { "AsyncAPI 3.0" } }
            }
            div lang="en" {
                div.card.prose { (prose::prose(text(data.openapi, "/info/description"))) }
                @for (tag, about, operations) in &subjects {
                    section aria-labelledby={ "subject-" (tag) } {
                        h2 id={ "subject-" (tag) } { (tag) }
                        p.quiet { (about) }
                        @for operation in operations { (operation.show(&schemas)) }
                    }
                }
                (websocket(data.asyncapi, &frames))
                section aria-labelledby="types" {
                    h2 id="types" { "Types" }
                    @for (name, schema) in schemas.named() { (type_card(name, schema, &schemas)) }
                }
            }
        }
    }
}

/// The subjects with their operations, in the order of the document.
fn subjects(openapi: &Value) -> Vec<(&str, &str, Vec<Operation<'_>>)> {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    let all: Vec<_> = paths.flat_map(|(path, item)| Operation::all_of(path, item)).collect();
    let tags = openapi["tags"].as_array().into_iter().flatten();
    tags.map(|tag| {
        let name = text(tag, "/name");
        let operations = all.iter().filter(|operation| operation.tag() == name).copied();
        (name, text(tag, "/description"), operations.collect::<Vec<_>>())
    })
    .filter(|(_, _, operations)| !operations.is_empty())
    .collect()
}

fn websocket(asyncapi: &Value, frames: &Schemas<'_>) -> Markup {
    let channel = &asyncapi["channels"]["live"];
    let nothing = Map::new();
    html! {
        section aria-labelledby="websocket" {
            h2 id="websocket" { "Websocket" }
            article.card.operation {
                h3 { (method("ws")) " " code { (text(channel, "/address")) } }
                (prose::prose(text(asyncapi, "/info/description")))
                (prose::prose(text(channel, "/description")))
                @for (name, message) in asyncapi["components"]["messages"].as_object().unwrap_or(&nothing) {
                    h4 { code { (name) } " — " (prose::inline(text(message, "/summary"))) }
                    (json(&message["examples"][0]["payload"]))
                }
            }
            @for (name, schema) in frames.named() { (type_card(name, schema, frames)) }
        }
    }
}

fn type_card(name: &str, schema: &Value, schemas: &Schemas<'_>) -> Markup {
    html! {
        article.card.operation id=(schemas.anchor(name)) {
            h3 { code { (name) } }
            (schemas.show(schema))
        }
    }
}

fn method(name: &str) -> Markup {
    html! { b.method data-method=(name.to_lowercase()) { (name.to_uppercase()) } }
}

fn json(value: &Value) -> Markup {
    let written = serde_json::to_string_pretty(value).unwrap_or_default();
    // Focus, so that a keyboard scrolls it.
    html! { pre.scroll tabindex="0" role="group" aria-label="Example" { code { (written) } } }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page() -> String {
        let openapi = json!({
            "info": {"description": "All of *it*: `<b>`."},
            "tags": [{"name": "ovens", "description": "Ovens"}, {"name": "empty", "description": "Nothing"}],
            "paths": {"/api/v1/ovens/{id}": {
                "get": {"tags": ["ovens"], "operationId": "get_oven", "summary": "One oven", "x-role": "staff",
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
                    "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Oven"}}}},
                        "404": {"description": "There is none."}}},
                "put": {"tags": ["ovens"], "operationId": "put_oven", "summary": "Change", "x-role": "admin",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Oven"}}}},
                    "responses": {"204": {"description": "Done"}}}
            }},
            "components": {"schemas": {"Oven": {"type": "object", "required": ["port"], "properties": {
                "port": {"type": "integer", "minimum": 1, "maximum": 65535}, "name": {"type": ["string", "null"]}}}}}
        });
        let asyncapi =
            json!({"channels": {"live": {"address": "/ws/live"}}, "components": {"messages": {}, "schemas": {}}});
        content(Lang::En, &Reference { openapi: &openapi, asyncapi: &asyncapi }).into_string()
    }

    #[test]
    fn every_operation_has_its_place_and_the_contents_lead_there() {
        let page = page();
        for id in ["get_oven", "put_oven"] {
            assert!(page.contains(&format!("href=\"#{id}\"")) && page.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(page.contains("href=\"#type-Oven\"") && page.contains("id=\"type-Oven\""));
        assert!(page.contains("1 to 65535") && page.contains("There is none."), "{page}");
        assert!(!page.contains("subject-empty"), "a subject without operations");
    }

    #[test]
    fn what_the_document_says_is_text() {
        assert!(page().contains("<code>&lt;b&gt;</code>"));
    }
}
