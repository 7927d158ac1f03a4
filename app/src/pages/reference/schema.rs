//! Types as tables of their fields.

use maud::{Markup, html};
use serde_json::Value;

use super::prose::{inline, prose};

/// The named types of a document.
pub struct Schemas<'a> {
    document: &'a Value,
    /// Tells types of two documents on one page apart.
    prefix: &'static str,
}

/// One field of an object.
struct Field<'a> {
    name: &'a str,
    schema: &'a Value,
    required: bool,
}

impl<'a> Schemas<'a> {
    pub const fn of(document: &'a Value, prefix: &'static str) -> Self {
        Self { document, prefix }
    }

    pub fn named(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.document["components"]["schemas"].as_object().into_iter().flatten()
    }

    /// The type that this refers to by name.
    pub fn referred(&self, schema: &Value) -> Option<&'a Value> {
        self.document.pointer(schema["$ref"].as_str()?.strip_prefix('#')?)
    }

    pub fn anchor(&self, name: &str) -> String {
        format!("{}type-{name}", self.prefix)
    }

    /// What it means, and its fields, words or choices.
    pub fn show(&self, schema: &Value) -> Markup {
        let mut fields = Vec::new();
        self.fields(schema, &mut fields);
        fields.sort_by_key(|field| !field.required);
        let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
        html! {
            (prose(schema["description"].as_str().unwrap_or_default()))
            @if !fields.is_empty() {
                (self.table(&fields))
            } @else if let Some(choices) = choices {
                p.quiet { "One of:" }
                @for choice in choices { div.choice { (self.show(choice)) } }
            } @else {
                p { (self.kind(schema)) " " span.quiet { (limits(schema)) } }
            }
        }
    }

    fn table(&self, fields: &[Field<'_>]) -> Markup {
        html! {
            table.fields {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "Type" }
                    th scope="col" { "Meaning" }
                } }
                tbody { @for field in fields { (self.row(field.name, field.schema, field.required)) } }
            }
        }
    }

    pub fn row(&self, name: &str, schema: &Value, required: bool) -> Markup {
        let limits = limits(schema);
        html! {
            tr {
                th scope="row" { code { (name) } @if required { " " span.needed { "required" } } }
                td { (self.kind(schema)) }
                td {
                    (prose(schema["description"].as_str().unwrap_or_default()))
                    @if !limits.is_empty() { p.quiet { (inline(&limits)) } }
                }
            }
        }
    }

    /// The fields of an object, those of its parts and of the types that it refers to included.
    fn fields<'s>(&self, schema: &'s Value, found: &mut Vec<Field<'s>>)
    where
        'a: 's,
    {
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fields(self.referred(part).unwrap_or(part), found);
        }
        let required = schema["required"].as_array();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let required = required.is_some_and(|names| names.iter().any(|known| known == name));
            found.push(Field { name, schema: field, required });
        }
    }

    /// A type in a few words.
    pub fn kind(&self, schema: &Value) -> Markup {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            return html! { a href={ "#" (self.anchor(name)) } { (name) } };
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(all) = schema[choice].as_array() {
                let word = if choice == "allOf" { " + " } else { " or " };
                return html! { @for (index, one) in all.iter().enumerate() { @if index > 0 { (word) } (self.kind(one)) } };
            }
        }
        if let Some(words) = schema["enum"].as_array() {
            return html! { @for (index, word) in words.iter().enumerate() { @if index > 0 { " · " } code { (plain(word)) } } };
        }
        if !schema["const"].is_null() {
            return html! { code { (plain(&schema["const"])) } };
        }
        let kinds = schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), Vec::as_slice);
        html! {
            @for (index, kind) in kinds.iter().filter_map(Value::as_str).enumerate() {
                @if index > 0 { " or " }
                @match kind {
                    "array" if schema["items"].is_object() => { "list of " (self.kind(&schema["items"])) }
                    "object" if schema["additionalProperties"].is_object() => {
                        "map of " (self.kind(&schema["additionalProperties"]))
                    }
                    kind => (kind)
                }
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a value has to keep to beyond its type.
fn limits(schema: &Value) -> String {
    let number = |name: &str| schema.get(name).filter(|value| !value.is_null()).map(plain);
    let range = |unit: &str, least: Option<String>, most: Option<String>| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (Some(least), None) => Some(format!("{least} or more{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (None, None) => None,
    };
    let format = schema["format"].as_str().filter(|format| !matches!(*format, "int32" | "int64" | "double"));
    let parts = [
        format.map(str::to_owned),
        range("", number("minimum"), number("maximum")),
        range(" characters", number("minLength"), number("maxLength")),
        schema["pattern"].as_str().map(|pattern| format!("like `{pattern}`")),
        number("default").map(|default| format!("`{default}` where absent")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_said_in_words() {
        let schema = json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 1000, "default": 100});
        assert_eq!(limits(&schema), "1 to 1000; `100` where absent");
        assert_eq!(limits(&json!({"minimum": 0})), "0 or more");
        assert_eq!(limits(&json!({"format": "uuid", "maxLength": 3})), "uuid; at most 3 characters");
        assert_eq!(limits(&json!({"type": "string"})), "");
    }

    #[test]
    fn a_type_is_said_in_words() {
        let document = json!({});
        let kind = |schema: Value| Schemas::of(&document, "").kind(&schema).into_string();
        assert_eq!(kind(json!({"type": ["string", "null"]})), "string or null");
        assert_eq!(kind(json!({"type": "array", "items": {"type": "number"}})), "list of number");
        assert_eq!(kind(json!({"type": "object", "additionalProperties": {"type": "number"}})), "map of number");
        let link = "<a href=\"#type-Oven\">Oven</a>";
        assert_eq!(kind(json!({"$ref": "#/components/schemas/Oven"})), link);
        let either = json!({"oneOf": [{"$ref": "#/components/schemas/Oven"}, {"type": "null"}]});
        assert_eq!(kind(either), format!("{link} or null"));
    }

    #[test]
    fn fields_of_parts_are_fields() {
        let document = json!({"components": {"schemas": {"Values": {"properties": {"humidity": {"type": "number"}}}}}});
        let reading = json!({"allOf": [{"$ref": "#/components/schemas/Values"},
            {"required": ["at"], "properties": {"at": {"type": "string"}}}]});
        let shown = Schemas::of(&document, "").show(&reading).into_string();
        let (at, humidity) = (shown.find("<code>at</code>").unwrap(), shown.find("<code>humidity</code>").unwrap());
        assert!(at < humidity, "what is needed comes first");
    }
}
