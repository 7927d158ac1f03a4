//! Screens on a wall: named by an admin, paired with a device by a code that is good once.

use std::sync::Arc;

use app::model::{
    display::{Display, DisplayDraft, PAIRING, PairedDisplay, PairingDisplay},
    equipment::EquipmentId,
    form::{FieldError, Problem},
    token::Scope,
    user::Role,
};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Actor, Service, ServiceError, configure::to_the_end};
use crate::{
    auth::{setup_code, token},
    store::{displays::Pairing, tokens::TokenRow},
};

impl Service {
    pub async fn create_display(
        self: &Arc<Self>,
        actor: &Actor,
        draft: DisplayDraft,
    ) -> Result<PairingDisplay, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        let draft = self.checked_display(draft).await?;
        to_the_end(async move {
            let code = setup_code::another();
            let pairing = Pairing { code_hash: &hash(&code), expires_at: Timestamp::now() + PAIRING };
            let display = this.store.create_display(Uuid::new_v4(), &draft, &pairing).await?;
            let object = ("display", Some(display.id.to_string()));
            this.record(&actor, "display.create", object, None, Some(json!(draft))).await;
            Ok(PairingDisplay { display, pairing_code: code.to_string() })
        })
        .await
    }

    pub async fn display(&self, id: Uuid) -> Result<Display, ServiceError> {
        self.store.display(id).await?.ok_or(ServiceError::NotFound("display"))
    }

    pub async fn update_display(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        draft: DisplayDraft,
    ) -> Result<Display, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        let draft = self.checked_display(draft).await?;
        to_the_end(async move {
            let before = draft_of(&this.display(id).await?);
            this.store.update_display(id, &draft).await?;
            let object = ("display", Some(id.to_string()));
            this.record(&actor, "display.update", object, Some(json!(before)), Some(json!(draft))).await;
            this.display(id).await
        })
        .await
    }

    /// Its device sees nothing more from now on.
    pub async fn delete_display(self: &Arc<Self>, actor: &Actor, id: Uuid) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = draft_of(&this.display(id).await?);
            this.store.delete_display(id).await?;
            let object = ("display", Some(id.to_string()));
            this.record(&actor, "display.delete", object, Some(json!(before)), None).await;
            Ok(())
        })
        .await
    }

    /// A new code, for another device or because the last one was not used in time.
    pub async fn renew_pairing(self: &Arc<Self>, actor: &Actor, id: Uuid) -> Result<PairingDisplay, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let code = setup_code::another();
            let pairing = Pairing { code_hash: &hash(&code), expires_at: Timestamp::now() + PAIRING };
            this.store.set_pairing(id, &pairing).await?;
            this.record(&actor, "display.pairing_code", ("display", Some(id.to_string())), None, None).await;
            Ok(PairingDisplay { display: this.display(id).await?, pairing_code: code.to_string() })
        })
        .await
    }

    /// The credential for a code, once. None where the code is not, or not any more, good. `ip` is the device's.
    pub async fn pair_display(self: &Arc<Self>, code: &str, ip: String) -> Result<Option<PairedDisplay>, ServiceError> {
        let Some(code) = setup_code::normalised(code) else { return Ok(None) };
        let this = Arc::clone(self);
        to_the_end(async move {
            let Some(id) = this.store.redeem_pairing(&hash(&code), Timestamp::now()).await? else { return Ok(None) };
            let display = this.display(id).await?;
            let minted = token::mint();
            let row = TokenRow {
                id: &minted.id,
                secret_hash: &minted.hash,
                name: &display.name,
                role: Role::Display,
                scopes: &[Scope::Read],
                expires_at: None,
            };
            this.store.set_display_token(id, &row).await?;
            let device = Actor {
                user_id: None,
                username: format!("display {}", display.name),
                role: Role::Display,
                token: None,
                ip: Some(ip),
            };
            this.record(&device, "display.pair", ("display", Some(id.to_string())), None, None).await;
            Ok(Some(PairedDisplay { display: this.display(id).await?, token: minted.text.to_string() }))
        })
        .await
    }

    async fn checked_display(&self, draft: DisplayDraft) -> Result<DisplayDraft, ServiceError> {
        let draft = draft.checked().map_err(ServiceError::Invalid)?;
        let known: Vec<EquipmentId> = self.store.equipment_list().await?.into_iter().map(|oven| oven.id).collect();
        if draft.equipment_ids.iter().any(|id| !known.contains(id)) {
            return Err(ServiceError::Invalid(vec![FieldError::new("equipment_ids", Problem::UnknownChoice)]));
        }
        Ok(draft)
    }
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code).into()
}

fn draft_of(display: &Display) -> DisplayDraft {
    DisplayDraft { name: display.name.clone(), layout: display.layout, equipment_ids: display.equipment_ids.clone() }
}
