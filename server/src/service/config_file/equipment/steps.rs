//! From the ovens that there are to those of the file.

use std::collections::BTreeSet;

use app::model::{
    equipment::{Equipment, EquipmentDraft, EquipmentId},
    form::FieldError,
    plausibility::Rules,
    retention::Retention,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        ConfigFileError,
        diff::differences,
        plan::{Action, Audit, Change, Effect, Planning, Step, Write},
    },
    Oven, Own,
    credentials::{self, Secrets},
    matching::{Match, matched},
};
use crate::{
    service::configure::{errors_in, tidy},
    store::{
        changing::Changing,
        equipment::{CredentialChange, NewEquipment},
    },
};

pub async fn plan(part: &[Oven], planning: &mut Planning<'_>) -> Result<(), ConfigFileError> {
    planning.limit(part.len())?;
    let saved = planning.desk.store.equipment_list().await?;
    let names: BTreeSet<&str> = saved.iter().map(|oven| oven.name.as_str()).collect();
    let mut listed = BTreeSet::new();
    for (index, (oven, found)) in part.iter().zip(matched(part, &saved)).enumerate() {
        let of = match found {
            Match::Saved(saved) => Some(saved),
            Match::New => None,
            Match::Wrong(field, problem) => {
                planning.wrong(&format!("{index}.{field}"), problem);
                None
            }
        };
        listed.extend(of.map(|saved| saved.id));
        if of.is_none() && names.contains(oven.name.trim()) {
            planning.note(Some(&oven.name), "there is another oven of this name");
        }
        plan_oven(planning, &index.to_string(), oven, of).await?;
    }
    let unlisted: Vec<_> = saved.iter().filter(|oven| !listed.contains(&oven.id)).collect();
    if planning.prune {
        for oven in unlisted {
            let step = removal(planning, oven);
            planning.step(step);
        }
    } else {
        let names: Vec<_> = unlisted.iter().map(|oven| oven.name.clone()).collect();
        planning.note_unlisted(&names);
    }
    Ok(())
}

async fn plan_oven(
    planning: &mut Planning<'_>,
    place: &str,
    oven: &Oven,
    saved: Option<&Equipment>,
) -> Result<(), ConfigFileError> {
    let id = saved.map(|saved| saved.id).or(oven.id).unwrap_or_else(|| EquipmentId(Uuid::new_v4()));
    let draft = tidy(oven.draft());
    let secrets = credentials::secrets(planning, place, oven, id, (saved, &draft)).await?;

    let errors = errors_in(planning.desk.limits, id, &draft, &secrets.filled());
    // What stands in the place of a missing secret is not the file's fault.
    let is_missing = |field: &str| field.strip_prefix("secret.").is_some_and(|name| secrets.missing.contains(name));
    let errors = errors.into_iter().filter(|error| !is_missing(&error.field)).map(in_file).collect();
    if !secrets.missing.is_empty() {
        let names: Vec<_> = secrets.missing.iter().map(String::as_str).collect();
        planning.note(
            Some(&draft.name),
            format!("credentials to be entered there, because they are nowhere: {}", names.join(", ")),
        );
    }
    let own = match saved {
        Some(saved) => Own::of(planning.desk, saved.id).await?,
        None => Own::default(),
    };
    // An oven that stays as it is was checked when it became so.
    if let Some(step) = step(planning, id, (saved, own), (draft, oven.own()), secrets)? {
        planning.all_wrong(place, errors);
        planning.all_wrong(place, oven.own().check());
        planning.step(step);
    }
    Ok(())
}

/// A form has its own names for the parts of an oven.
fn in_file(error: FieldError) -> FieldError {
    let FieldError { field, problem } = error;
    let (first, rest) = field.split_once('.').map_or((field.as_str(), None), |(first, rest)| (first, Some(rest)));
    let first = match first {
        "config" => "iot_config",
        "mapping" => "iot_config.mapping",
        "secret" => "credentials",
        other => other,
    };
    FieldError::new(rest.map_or_else(|| first.to_owned(), |rest| format!("{first}.{rest}")), problem)
}

fn step(
    planning: &Planning<'_>,
    id: EquipmentId,
    (saved, own): (Option<&Equipment>, Own),
    (draft, new): (EquipmentDraft, Own),
    secrets: Secrets,
) -> Result<Option<Step>, ConfigFileError> {
    let before = saved.map(EquipmentDraft::from);
    let compared = before.as_ref().map_or(Value::Null, |before| Oven::compared(before, &own));
    let mut fields = differences(&compared, &Oven::compared(&draft, &new));
    if fields.is_empty() && secrets.is_untouched && saved.is_some() {
        return Ok(None);
    }
    fields.extend(secrets.fields());

    let is_draft_new = before.as_ref() != Some(&draft) || !secrets.is_untouched;
    let object = || Some(id.to_string());
    let (mut audits, mut effects) = (Vec::new(), Vec::new());
    if own.rules != new.rules {
        audits.push(Audit {
            before: own.rules.as_ref().map(|own| json!(own)),
            after: new.rules.as_ref().map(|rules| json!(rules)),
            ..Audit::new("equipment.plausibility", "equipment", object())
        });
        effects.push(Effect::Plausibility(id));
    }
    if is_draft_new {
        let mut after = json!(draft);
        let audit = if saved.is_some() {
            // The log says that credentials changed, never to what.
            after["credentials_changed"] = (!secrets.is_untouched).into();
            Audit::new("equipment.update", "equipment", object())
        } else {
            Audit::new("equipment.create", "equipment", object())
        };
        audits.push(Audit { before: before.map(|before| json!(before)), after: Some(after), ..audit });
        effects.push(Effect::Oven(id));
    }
    if own.retention != new.retention {
        audits.push(Audit {
            before: own.retention.map(|own| json!(own)),
            after: new.retention.map(|retention| json!(retention)),
            ..Audit::new("equipment.retention", "equipment", object())
        });
        effects.push(Effect::Retention);
    }
    let sealed = if secrets.is_untouched || secrets.credentials.is_empty() {
        None
    } else {
        Some(planning.desk.keyring()?.seal(id.0, &secrets.credentials))
    };
    let name = Some(draft.name.clone());
    let action = if saved.is_some() { Action::Change } else { Action::Add };
    Ok(Some(Step {
        change: Change { section: planning.section(), action, name, id: saved.map(|saved| saved.id), fields },
        write: Box::new(WriteOven {
            id,
            draft: is_draft_new.then_some(draft),
            is_new: saved.is_none(),
            secrets: if secrets.is_untouched { NewSecrets::Keep } else { NewSecrets::Replace(sealed) },
            retention: New::of(own.retention.as_ref(), new.retention),
            rules: New::of(own.rules.as_ref(), new.rules),
        }),
        audits,
        effects,
    }))
}

fn removal(planning: &Planning<'_>, saved: &Equipment) -> Step {
    let audit = Audit::new("equipment.delete", "equipment", Some(saved.id.to_string()));
    Step {
        change: Change {
            section: planning.section(),
            action: Action::Remove,
            name: Some(saved.name.clone()),
            id: Some(saved.id),
            fields: Vec::new(),
        },
        write: Box::new(SwitchOff(saved.id)),
        audits: vec![Audit { before: Some(json!(EquipmentDraft::from(saved))), ..audit }],
        effects: vec![Effect::OvenRemoved(saved.id)],
    }
}

enum NewSecrets {
    Keep,
    /// None removes them.
    Replace(Option<Vec<u8>>),
}

struct WriteOven {
    id: EquipmentId,
    draft: Option<EquipmentDraft>,
    is_new: bool,
    secrets: NewSecrets,
    retention: New<Retention>,
    rules: New<Rules>,
}

/// What an oven has of its own.
enum New<T> {
    Keep,
    /// None goes back to what holds for all.
    Set(Option<T>),
}

impl<T: PartialEq> New<T> {
    fn of(before: Option<&T>, after: Option<T>) -> Self {
        if before == after.as_ref() { Self::Keep } else { Self::Set(after) }
    }
}

#[async_trait]
impl Write for WriteOven {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError> {
        let change = match &self.secrets {
            NewSecrets::Keep => CredentialChange::Keep,
            NewSecrets::Replace(None) => CredentialChange::Remove,
            NewSecrets::Replace(Some(sealed)) => CredentialChange::Replace(sealed),
        };
        match &self.draft {
            Some(draft) if self.is_new => {
                let (_, sealed_credentials) = change.parts();
                changing.create_equipment(&NewEquipment { id: self.id, draft, sealed_credentials }).await?;
            }
            Some(draft) => changing.update_equipment(self.id, draft, change).await?,
            None => {}
        }
        if let New::Set(retention) = self.retention {
            changing.set_retention(self.id, retention).await?;
        }
        if let New::Set(rules) = &self.rules {
            changing.set_rules(self.id, rules.as_ref()).await?;
        }
        Ok(())
    }
}

/// Its history is deleted afterwards, in pieces, so that nobody waits for all of it: an oven that is off and still there
/// where that was interrupted.
struct SwitchOff(EquipmentId);

#[async_trait]
impl Write for SwitchOff {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError> {
        Ok(changing.set_equipment_enabled(self.0, false).await?)
    }
}
