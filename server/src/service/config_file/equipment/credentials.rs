//! What becomes of an oven's secrets.
//!
//! What the file does not have is kept, as long as it goes to the host that it was entered for. What it has sealed takes the
//! place of what is stored. A secret is never shown.

use std::collections::BTreeSet;

use app::model::{
    equipment::{Equipment, EquipmentDraft, EquipmentId},
    form::Problem,
};

use super::{
    super::{
        ConfigFileError,
        plan::{Fate, FieldChange, Planning},
    },
    Oven, stored,
};
use crate::{
    secrets::Credentials,
    service::{ServiceError, configure::relevant, peer::is_same_peer},
};

/// Secrets as they will be. No `Debug`.
pub struct Secrets {
    pub credentials: Credentials,
    /// Names that the file or the connection before had, and whose values are nowhere.
    pub missing: BTreeSet<String>,
    /// By name; what is kept, too.
    pub fates: Vec<(String, Fate)>,
    /// What is stored is left alone: nothing of it changes, or nobody can read it and nothing comes in its place.
    pub is_untouched: bool,
}

impl Secrets {
    pub fn fields(&self) -> impl Iterator<Item = FieldChange> {
        self.fates.iter().map(|(name, fate)| FieldChange {
            field: format!("credentials.{name}"),
            before: None,
            after: None,
            secret: Some(*fate),
        })
    }

    /// With something in the place of each one that is missing, to check all the rest.
    pub fn filled(&self) -> Credentials {
        let missing = self.missing.iter().map(|name| (name.clone(), "missing".to_owned()));
        self.credentials.pairs().chain(missing).collect()
    }
}

pub async fn secrets(
    planning: &mut Planning<'_>,
    place: &str,
    oven: &Oven,
    id: EquipmentId,
    (saved, draft): (Option<&Equipment>, &EquipmentDraft),
) -> Result<Secrets, ConfigFileError> {
    let (before, is_readable) = match saved {
        None => (Credentials::default(), true),
        Some(saved) => match stored(planning.desk, saved).await {
            Ok(credentials) => (credentials, true),
            // Sealed under a key that is gone.
            Err(ConfigFileError::Service(ServiceError::Secret(error))) => {
                planning.note(Some(&oven.name), error.to_string());
                (Credentials::default(), false)
            }
            Err(error) => return Err(error),
        },
    };
    let is_same = saved.is_some_and(|saved| is_same_peer(&EquipmentDraft::from(saved), draft));
    let mut after: Credentials = if is_same { before.pairs().collect() } else { Credentials::default() };
    let is_given = give(planning, place, oven, id, &mut after);
    let credentials = relevant(draft, after);
    let known: Credentials = oven.credentials.keys().map(|name| (name.clone(), String::new())).collect();
    let missing =
        relevant(draft, known).names().filter(|name| credentials.get(name).is_none()).map(str::to_owned).collect();

    let names: BTreeSet<&str> = before.names().chain(credentials.names()).collect();
    let fate = |name: &str| match (before.get(name), credentials.get(name)) {
        (Some(old), Some(new)) if old == new => Fate::Kept,
        (None, Some(_)) if is_readable => Fate::Added,
        (_, Some(_)) => Fate::Changed,
        (_, None) => Fate::Removed,
    };
    let fates: Vec<_> = names.into_iter().map(|name| (name.to_owned(), fate(name))).collect();
    let is_untouched =
        if is_readable { fates.iter().all(|(_, fate)| *fate == Fate::Kept) } else { !is_given && is_same };
    if !is_untouched {
        planning.desk.keyring()?;
    }
    Ok(Secrets { credentials, missing, fates, is_untouched })
}

/// What the file has sealed; whether it is anything.
fn give(planning: &mut Planning<'_>, place: &str, oven: &Oven, id: EquipmentId, to: &mut Credentials) -> bool {
    let mut is_given = false;
    for (name, sealed) in &oven.credentials {
        let Some(sealed) = sealed else { continue };
        is_given = true;
        let wrong = match planning.key {
            _ if oven.id.is_none() => "a sealed secret belongs to the oven of an id, which is missing".to_owned(),
            None => "a sealed secret needs the part `secrets` of the file that it was made with".to_owned(),
            Some(key) => match key.open(id.0, name, sealed) {
                Ok(value) => {
                    to.insert(name.clone(), value.to_string());
                    continue;
                }
                Err(error) => error.to_string(),
            },
        };
        planning.wrong(&format!("{place}.credentials.{name}"), Problem::Other { detail: wrong });
    }
    is_given
}
