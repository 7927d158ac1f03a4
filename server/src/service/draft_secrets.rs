//! Secrets that were typed into a form that is not saved yet.
//!
//! A page never shows a secret, so one typed before a connection test would have to be typed again to save. Instead
//! the form carries it sealed with the master key, in hidden fields that only this server can open.

use std::collections::BTreeMap;

use app::model::form::{CARRIED, FormValues};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use uuid::Uuid;

use super::{Service, configure::SecretChange};
use crate::secrets::Credentials;

/// Hidden fields: what the blob is bound to, and the blob.
pub const DRAFT_ID: &str = "draft.id";
pub const DRAFT_SECRETS: &str = "draft.secrets";

impl Service {
    /// What was typed now, over what was typed before.
    pub fn typed_secrets(&self, form: &FormValues, typed: SecretChange) -> BTreeMap<String, String> {
        let mut secrets = self.open_draft(form).unwrap_or_default();
        if let SecretChange::Merge(typed) | SecretChange::Replace(typed) = typed {
            secrets.extend(typed);
        }
        secrets
    }

    fn open_draft(&self, form: &FormValues) -> Option<BTreeMap<String, String>> {
        let id: Uuid = form.filled(DRAFT_ID)?.parse().ok()?;
        let blob = BASE64_STANDARD.decode(form.filled(DRAFT_SECRETS)?).ok()?;
        // A blob of another server or an old key opens no more: the secret is typed again.
        let credentials = self.keyring.open(id, &blob).ok()?;
        Some(credentials.pairs().collect())
    }

    /// Replaces every secret in the form by the sealed draft.
    pub fn seal_into(&self, form: &mut FormValues, secrets: BTreeMap<String, String>) {
        form.0.retain(|(name, _)| !name.starts_with("secret.") && !name.starts_with(CARRIED));
        if secrets.is_empty() {
            return;
        }
        let id = Uuid::new_v4();
        let credentials: Credentials = secrets.into_iter().collect();
        form.set(DRAFT_ID, id.to_string());
        form.set(DRAFT_SECRETS, BASE64_STANDARD.encode(self.keyring.seal(id, &credentials)));
    }
}
