//! All of the configuration as one YAML file: exported, planned against what there is, applied. `docs/configuration-file.md`
//! has the format.
//!
//! # Layout
//! - `mod.rs` export, plan and apply, for the command line; [`running`] for a server
//! - [`document`] the file as a whole, and the list of its sections
//! - [`settings`], [`history`], [`equipment`], [`users`] one section each
//! - [`plan`] what a file would change; [`diff`] field by field, [`text`] for people
//! - [`error`] what can be wrong with a file
//!
//! # A section
//! A file here and a line in [`document`]: it says what there is, and which steps lead from there to what a file says.
//! Steps are taken in one transaction, with their audit entries. What has to follow, such as a connection that starts anew,
//! is an [`Effect`].

mod diff;
pub mod document;
mod equipment;
pub mod error;
mod history;
pub mod plan;
mod running;
mod settings;
mod text;
mod users;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Actor, Limits};
use crate::{
    auth::password,
    secrets::{Keyring, passphrase::FileKey},
    store::{Store, audit::AuditEntry, changing::Changing},
};
pub use document::Document;
pub use error::ConfigFileError;
pub use plan::Plan;
pub use text::{errors_for_people, plan_for_people};

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What sections read from and check with.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub store: &'a Store,
    /// None where there is no master key: then no credential can be read or stored.
    pub keyring: Option<&'a Keyring>,
    pub limits: &'a Limits,
}

impl<'a> Desk<'a> {
    fn keyring(&self) -> Result<&'a Keyring, ConfigFileError> {
        self.keyring.ok_or(ConfigFileError::NoMasterKey)
    }
}

/// A file, and what an admin should know of it.
pub struct Export {
    pub text: String,
    pub warnings: Vec<String>,
}

/// Everything that there is. With a passphrase credentials are in it, sealed; without one their names alone.
pub async fn export(desk: Desk<'_>, passphrase: Option<Zeroizing<String>>) -> Result<Export, ConfigFileError> {
    let key = match passphrase {
        Some(passphrase) => {
            password::check_policy(&passphrase, "").map_err(ConfigFileError::WeakPassphrase)?;
            Some(password::in_turn(move || FileKey::new(&passphrase)).await??)
        }
        None => None,
    };
    let mut warnings = Vec::new();
    let document = Document::read(desk, key.as_ref(), &mut warnings).await?;
    Ok(Export { text: document.print()?, warnings })
}

/// A file that was read, with the key of what is sealed in it.
pub struct File {
    document: Document,
    key: Option<FileKey>,
}

impl File {
    pub async fn open(text: &str, passphrase: Option<Zeroizing<String>>) -> Result<Self, ConfigFileError> {
        let document = Document::parse(text)?;
        let key = match document.derivation().cloned() {
            None => None,
            Some(derivation) => {
                let passphrase = passphrase.ok_or(ConfigFileError::PassphraseNeeded)?;
                Some(password::in_turn(move || FileKey::of_file(&passphrase, &derivation)).await??)
            }
        };
        Ok(Self { document, key })
    }

    /// What would be done. Changes nothing; what is wrong with the file is told all at once.
    pub async fn plan(&self, desk: Desk<'_>, prune: bool) -> Result<Plan, ConfigFileError> {
        Ok(self.planned(desk, prune).await?.plan)
    }

    async fn planned(&self, desk: Desk<'_>, prune: bool) -> Result<plan::Planned, ConfigFileError> {
        let mut planning = plan::Planning::new(desk, self.key.as_ref(), prune);
        self.document.plan(&mut planning).await?;
        planning.finish()
    }

    /// Does all of it, or nothing. Where a plan was `shown`, nothing else than that is done.
    pub async fn apply(
        &self,
        desk: Desk<'_>,
        prune: bool,
        actor: &Actor,
        shown: Option<&Plan>,
    ) -> Result<Applied, ConfigFileError> {
        // First the right to write: what is planned then is what there is until it is done.
        let mut changing = desk.store.change().await?;
        let plan::Planned { plan, steps } = self.planned(desk, prune).await?;
        if shown.is_some_and(|shown| *shown != plan) {
            return Err(ConfigFileError::ChangedMeanwhile);
        }
        let mut effects = Vec::new();
        if steps.is_empty() {
            return Ok(Applied { plan, effects });
        }
        for step in steps {
            step.write.write(&mut changing).await?;
            for audit in step.audits {
                append(&mut changing, actor, audit).await?;
            }
            effects.extend(step.effects);
        }
        let summary = plan::Audit { after: Some(plan.summary()), ..plan::Audit::new("config.apply", "config", None) };
        append(&mut changing, actor, summary).await?;
        changing.commit().await?;
        Ok(Applied { plan, effects })
    }
}

async fn append(changing: &mut Changing, actor: &Actor, audit: plan::Audit) -> Result<(), ConfigFileError> {
    let plan::Audit { action, object_type, object_id, before, after } = audit;
    changing
        .append_audit(&AuditEntry {
            at: Timestamp::now(),
            actor_id: actor.user_id,
            actor_name: actor.username.clone(),
            actor_token: actor.token.clone(),
            action: action.to_owned(),
            object_type: object_type.to_owned(),
            object_id,
            before,
            after,
            client_ip: actor.ip.clone(),
        })
        .await?;
    Ok(())
}

/// What was done.
pub struct Applied {
    pub plan: Plan,
    effects: Vec<plan::Effect>,
}

impl Applied {
    /// Does what has to follow where no server runs.
    pub async fn follow(self, store: &Store) -> Result<Plan, ConfigFileError> {
        for effect in self.effects {
            match effect {
                plan::Effect::OvenRemoved(id) => store.delete_equipment(id).await?,
                // The next start reads them.
                plan::Effect::Oven(_)
                | plan::Effect::Settings
                | plan::Effect::Retention
                | plan::Effect::Plausibility(_) => {}
            }
        }
        Ok(self.plan)
    }
}
