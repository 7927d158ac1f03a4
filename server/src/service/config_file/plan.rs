//! What a file would change.

use app::model::{
    equipment::EquipmentId,
    form::{FieldError, Problem},
};
use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{ConfigFileError, Desk, diff::differences};
use crate::{secrets::passphrase::FileKey, store::changing::Changing};

/// Most ovens, and most users, of a file.
const MAX_ENTRIES: usize = 10_000;

/// `POST /api/v1/config/plan`, `/apply`: what is different, in the order in which it is changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ConfigPlan)]
pub struct Plan {
    pub changes: Vec<Change>,
    /// What an admin has to know or do besides.
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ConfigChange)]
pub struct Change {
    /// The section of the file, for example `equipment`.
    pub section: &'static str,
    pub action: Action,
    /// Of what is changed: an oven, a user; none where the section is one thing.
    pub name: Option<String>,
    /// Of an oven that there is.
    pub id: Option<EquipmentId>,
    pub fields: Vec<FieldChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConfigAction)]
pub enum Action {
    Add,
    Change,
    Remove,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ConfigFieldChange)]
pub struct FieldChange {
    /// For example `iot_config.timeout`.
    pub field: String,
    /// None where there is nothing, or a secret.
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// What becomes of a secret, which is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Fate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConfigSecretFate)]
pub enum Fate {
    Added,
    Changed,
    Removed,
    Kept,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ConfigNote)]
pub struct Note {
    pub section: &'static str,
    /// Of what it is about; none for all of the section.
    pub name: Option<String>,
    /// In English.
    pub text: String,
}

impl Plan {
    pub fn count(&self, action: Action) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }

    /// For the audit log.
    pub(super) fn summary(&self) -> Value {
        json!({
            "added": self.count(Action::Add),
            "changed": self.count(Action::Change),
            "removed": self.count(Action::Remove),
        })
    }
}

/// One change and how it is made.
pub(super) struct Step {
    pub change: Change,
    pub write: Box<dyn Write>,
    pub audits: Vec<Audit>,
    pub effects: Vec<Effect>,
}

/// A plan, and how it is carried out.
pub(super) struct Planned {
    pub plan: Plan,
    pub steps: Vec<Step>,
}

/// Makes a change, with others in one transaction.
#[async_trait]
pub(super) trait Write: Send + Sync {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError>;
}

struct SetSetting {
    key: &'static str,
    value: Value,
}

#[async_trait]
impl Write for SetSetting {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError> {
        Ok(changing.set_setting(self.key, &self.value).await?)
    }
}

/// What the audit log says of a step.
pub(super) struct Audit {
    pub action: &'static str,
    pub object_type: &'static str,
    pub object_id: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Audit {
    pub const fn new(action: &'static str, object_type: &'static str, object_id: Option<String>) -> Self {
        Self { action, object_type, object_id, before: None, after: None }
    }
}

/// What follows when a step is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The connection of an oven starts anew.
    Oven(EquipmentId),
    /// An oven that was switched off is deleted with its history, which takes a while.
    OvenRemoved(EquipmentId),
    /// What holds for everybody is read anew.
    Settings,
    /// History may be kept shorter now.
    Retention,
    /// An oven's values are held to something else.
    Plausibility(EquipmentId),
}

/// Collects steps, and what is wrong, from section to section.
pub(super) struct Planning<'a> {
    pub desk: Desk<'a>,
    /// Of what is sealed in the file.
    pub key: Option<&'a FileKey>,
    /// Whether what the file does not have is removed.
    pub prune: bool,
    section: &'static str,
    notes: Vec<Note>,
    steps: Vec<Step>,
    errors: Vec<FieldError>,
}

impl<'a> Planning<'a> {
    pub const fn new(desk: Desk<'a>, key: Option<&'a FileKey>, prune: bool) -> Self {
        Self { desk, key, prune, section: "", notes: Vec::new(), steps: Vec::new(), errors: Vec::new() }
    }

    pub const fn begin(&mut self, section: &'static str) {
        self.section = section;
    }

    pub const fn section(&self) -> &'static str {
        self.section
    }

    /// `place` is below the section, empty for all of it.
    pub fn wrong(&mut self, place: &str, problem: Problem) {
        let place = if place.is_empty() { self.section.to_owned() } else { format!("{}.{place}", self.section) };
        self.errors.push(FieldError::new(place, problem));
    }

    pub fn all_wrong(&mut self, place: &str, errors: Vec<FieldError>) {
        for FieldError { field, problem } in errors {
            let field = if place.is_empty() { field } else { format!("{place}.{field}") };
            self.wrong(&field, problem);
        }
    }

    pub fn note(&mut self, name: Option<&str>, text: impl Into<String>) {
        self.notes.push(Note { section: self.section, name: name.map(str::to_owned), text: text.into() });
    }

    pub fn step(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Refuses a list that no bakery has: all of it is looked at while nobody else can change anything.
    pub fn limit(&mut self, entries: usize) -> Result<(), ConfigFileError> {
        if entries <= MAX_ENTRIES {
            return Ok(());
        }
        self.wrong("", Problem::Other { detail: format!("at most {MAX_ENTRIES}") });
        Err(ConfigFileError::Invalid(std::mem::take(&mut self.errors)))
    }

    /// A step from one value of a setting to another one, where they differ.
    pub fn set(&mut self, key: &'static str, values: (Value, Value), audit: Audit, effect: Effect) {
        let (before, after) = values;
        if before == after {
            return;
        }
        let fields = differences(&before, &after);
        self.step(Step {
            change: Change { section: self.section, action: Action::Change, name: None, id: None, fields },
            write: Box::new(SetSetting { key, value: after.clone() }),
            audits: vec![Audit { before: Some(before), after: Some(after), ..audit }],
            effects: vec![effect],
        });
    }

    /// Tells of what the file does not have and what is not removed.
    pub fn note_unlisted(&mut self, names: &[String]) {
        if !names.is_empty() {
            self.note(None, format!("not in the file, and left as they are: {}", names.join(", ")));
        }
    }

    pub fn finish(self) -> Result<Planned, ConfigFileError> {
        if !self.errors.is_empty() {
            return Err(ConfigFileError::Invalid(self.errors));
        }
        let changes = self.steps.iter().map(|step| step.change.clone()).collect();
        Ok(Planned { plan: Plan { changes, notes: self.notes }, steps: self.steps })
    }
}
