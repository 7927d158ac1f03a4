//! The configuration of a running server, which heeds a change at once.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{ConfigFileError, Desk, Export, File, Plan, export, plan::Effect};
use crate::service::{Actor, Service, ServiceError, configure::to_the_end};

impl Service {
    fn desk(&self) -> Desk<'_> {
        Desk { store: &self.store, keyring: Some(&self.keyring), limits: &self.limits }
    }

    /// Everything that there is; sealed credentials with a passphrase.
    pub async fn export_config(&self, passphrase: Option<Zeroizing<String>>) -> Result<Export, ConfigFileError> {
        export(self.desk(), passphrase).await
    }

    /// What a file would change.
    pub async fn plan_config(&self, file: &File, prune: bool) -> Result<Plan, ConfigFileError> {
        file.plan(self.desk(), prune).await
    }

    /// Changes all that a file says, or nothing of it, and says what.
    pub async fn apply_config(
        self: &Arc<Self>,
        actor: &Actor,
        file: File,
        prune: bool,
    ) -> Result<Plan, ConfigFileError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let _turn = this.configuring.lock().await;
            let applied = file.apply(this.desk(), prune, &actor, None).await?;
            let mut outcome = Ok(());
            for effect in applied.effects {
                // It is all saved now: one that fails keeps none of the others from following.
                outcome = outcome.and(this.follow(effect).await);
            }
            outcome?;
            Ok(applied.plan)
        })
        .await
    }

    async fn follow(&self, effect: Effect) -> Result<(), ServiceError> {
        match effect {
            Effect::Oven(id) => {
                self.log_config_change(id).await;
                self.apply(id).await?;
            }
            Effect::OvenRemoved(id) => {
                self.apply(id).await?;
                self.store.delete_equipment(id).await?;
                self.forget(id);
            }
            Effect::Settings => self.settings.reload(&self.store).await?,
            Effect::Retention => self.retain.notify_one(),
            Effect::Plausibility(id) => self.load_plausibility(id).await?,
        }
        Ok(())
    }
}
