//! Plans and errors for people.

use std::fmt::Write as _;

use app::{i18n::Lang, model::form::FieldError};
use serde_json::Value;

use super::plan::{Action, Change, Fate, FieldChange, Plan};

/// Longest value that is shown whole, in characters.
const MAX_VALUE: usize = 120;

/// `+` is added, `~` changed, `-` removed, `!` to be known.
pub fn plan_for_people(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        show(&mut text, change);
    }
    for note in &plan.notes {
        let name = note.name.as_deref().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        let _ = writeln!(text, "! {}{name}: {}", note.section, visible(&note.text));
    }
    let [add, change, remove] = [Action::Add, Action::Change, Action::Remove].map(|action| plan.count(action));
    let _ = if plan.changes.is_empty() {
        writeln!(text, "Nothing to do.")
    } else {
        writeln!(text, "{add} to add, {change} to change, {remove} to remove.")
    };
    text
}

fn show(text: &mut String, change: &Change) {
    let sign = match change.action {
        Action::Add => '+',
        Action::Change => '~',
        Action::Remove => '-',
    };
    let _ = write!(text, "{sign} {}", change.section);
    if let Some(name) = &change.name {
        let _ = write!(text, " {}", quoted(name));
    }
    if let Some(id) = change.id {
        let _ = write!(text, " ({id})");
    }
    if change.section == "equipment" && change.action == Action::Remove {
        text.push_str(" with its history");
    }
    text.push('\n');
    for field in &change.fields {
        let _ = writeln!(text, "    {}: {}", visible(&field.field), shown(field, change.action));
    }
}

fn shown(field: &FieldChange, action: Action) -> String {
    if let Some(fate) = field.secret {
        return match fate {
            Fate::Added => "added",
            Fate::Changed => "changed",
            Fate::Removed => "removed",
            Fate::Kept => "kept",
        }
        .to_owned();
    }
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), short);
    match action {
        Action::Add => value(&field.after),
        Action::Change | Action::Remove => format!("{} → {}", value(&field.before), value(&field.after)),
    }
}

fn short(value: &Value) -> String {
    let text = visible(&value.to_string());
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    text.chars().take(MAX_VALUE).chain(['…']).collect()
}

fn quoted(name: &str) -> String {
    visible(&Value::from(name).to_string())
}

/// Without characters that move the cursor or turn the line around.
fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    text.chars().fold(String::new(), |mut seen, c| {
        if is_hidden(c) {
            let _ = write!(seen, "\\u{{{:x}}}", u32::from(c));
        } else {
            seen.push(c);
        }
        seen
    })
}

/// Each with its place in the file: `equipment[0].iot_config.timeout: Must be between 0.1 and 120.`
pub fn errors_for_people(errors: &[FieldError]) -> String {
    let mut text = String::new();
    for error in errors {
        let _ = writeln!(text, "{}: {}", place(&error.field), visible(&Lang::En.problem(&error.problem)));
    }
    text
}

fn place(field: &str) -> String {
    field.split('.').fold(String::new(), |mut place, part| {
        if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
            let _ = write!(place, "[{part}]");
        } else {
            let dot = if place.is_empty() { "" } else { "." };
            let _ = write!(place, "{dot}{}", visible(part));
        }
        place
    })
}

#[cfg(test)]
mod tests {
    use app::model::form::Problem;
    use serde_json::json;

    use super::super::plan::Note;
    use super::*;

    fn field(field: &str, before: Value, after: Value) -> FieldChange {
        let some = |value: Value| (!value.is_null()).then_some(value);
        FieldChange { field: field.to_owned(), before: some(before), after: some(after), secret: None }
    }

    fn change(action: Action, name: Option<&str>, fields: Vec<FieldChange>) -> Change {
        let section = if name.is_some() { "equipment" } else { "history" };
        Change { section, action, name: name.map(str::to_owned), id: None, fields }
    }

    #[test]
    fn a_plan_reads_as_a_list() {
        let secret =
            FieldChange { secret: Some(Fate::Changed), ..field("credentials.password", Value::Null, Value::Null) };
        let plan = Plan {
            changes: vec![
                change(Action::Change, None, vec![field("retention.readings_days", json!(90), Value::Null)]),
                change(Action::Add, Some("Horno 1"), vec![field("iot_port", Value::Null, json!(80)), secret]),
                change(Action::Remove, Some("Horno\u{1b}[2J\u{202e} 2"), Vec::new()),
            ],
            notes: vec![Note { section: "users", name: Some("ana".to_owned()), text: "has no password".to_owned() }],
        };
        let expected = "~ history\n    retention.readings_days: 90 → none\n+ equipment \"Horno 1\"\n    iot_port: 80\n    \
            credentials.password: changed\n- equipment \"Horno\\u001b[2J\\u{202e} 2\" with its history\n! users \"ana\": has no \
            password\n1 to add, 1 to change, 1 to remove.\n";
        assert_eq!(plan_for_people(&plan), expected);
        assert_eq!(plan_for_people(&Plan::default()), "Nothing to do.\n");
        let long = change(Action::Add, Some("H"), vec![field("iot_config", Value::Null, json!("x".repeat(500)))]);
        let long = plan_for_people(&Plan { changes: vec![long], notes: Vec::new() });
        assert!(long.contains("xxx…\n") && long.len() < 250, "{long}");
    }

    #[test]
    fn errors_have_their_place() {
        let errors = [
            FieldError::new("equipment.10.iot_config.timeout", Problem::OutOfRange { min: 0.1, max: 120.0 }),
            FieldError::new("users", Problem::Required),
        ];
        let expected = "equipment[10].iot_config.timeout: Must be between 0.1 and 120.\nusers: This is missing.\n";
        assert_eq!(errors_for_people(&errors), expected);
    }
}
