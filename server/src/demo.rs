//! A bakery of simulated ovens, to try everything without a real one.

use std::{net::SocketAddr, sync::Arc};

use app::model::{
    equipment::{EquipmentDraft, EquipmentId},
    user::Role,
};
use zeroize::Zeroizing;

use crate::{
    auth::password,
    connectors,
    http::Demo,
    service::{Actor, Service, configure::SecretChange},
    simulator::{OvenSpec, RunningOven, demo_ovens},
};

pub mod history;
mod mapping;
mod ovens;
#[cfg(test)]
mod tests;

/// Name, password and role of the demo's users. They are public, so the demo listens on this machine only.
pub const LOGINS: [(&str, &str, Role); 3] = [
    ("admin", "horno-de-prueba", Role::Admin),
    ("turno", "turno-de-prueba", Role::Staff),
    ("pantalla", "pantalla-de-prueba", Role::Display),
];

/// The setting that marks a database with public passwords.
pub const MARK: &str = "demo";

/// How often the demo's ovens are read, s.
pub const INTERVAL_S: u32 = 2;

/// What the login page shows.
pub fn logins() -> Demo {
    Demo { logins: LOGINS.iter().map(|(name, password, _)| ((*name).to_owned(), (*password).to_owned())).collect() }
}

/// The ovens of the demo: one at least for every driver there is.
pub fn bakery() -> Vec<OvenSpec> {
    demo_ovens().into_iter().filter(|oven| connectors::find(ovens::protocol(oven.vendor)).is_some()).collect()
}

/// Makes the users and ovens that are not there yet, and points the ovens to where the simulator listens now. Says
/// whether the data folder was new.
pub async fn seed(service: &Arc<Service>, running: &[RunningOven]) -> anyhow::Result<bool> {
    let is_demo = service.store.setting::<bool>(MARK).await?.unwrap_or_default();
    anyhow::ensure!(
        is_demo || service.store.count_users().await? == 0,
        "this data folder belongs to a real bakery; the demo's public passwords do not go into it: \
         choose another one with --set data_dir=FOLDER"
    );
    service.store.set_setting(MARK, &true).await?;
    for (name, text, role) in LOGINS {
        if service.store.user_by_name(name).await?.is_none() {
            let hash = password::hash_async(Zeroizing::new(text.to_owned())).await?;
            service.store.create_user(name, &hash, role).await?;
        }
    }
    let actor = Actor::system();
    for oven in running {
        let id = oven_id(&oven.spec.id);
        let (draft, secrets) = ovens::connection(&oven.spec, oven.addr, INTERVAL_S);
        match service.store.equipment(id).await? {
            Some(saved) if saved.iot_endpoint == draft.iot_endpoint && saved.iot_port == draft.iot_port => {}
            // What somebody changed in the demo stays; only the port of the simulated oven is new.
            Some(saved) => {
                let moved = EquipmentDraft {
                    iot_endpoint: draft.iot_endpoint,
                    iot_port: draft.iot_port,
                    ..EquipmentDraft::from(&saved)
                };
                service.update(&actor, id, moved, SecretChange::Replace(secrets)).await?;
            }
            None => {
                service.create_as(&actor, id, draft, SecretChange::Replace(secrets)).await?;
            }
        }
    }
    Ok(!is_demo)
}

/// The same id at every start, so that history goes on.
pub fn oven_id(name: &str) -> EquipmentId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("hornero demo oven {name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    EquipmentId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Settings for a simulated oven; also what the benchmark posts to the API.
pub fn connection_json(spec: &OvenSpec, addr: SocketAddr, interval_s: u32) -> (serde_json::Value, serde_json::Value) {
    let (draft, secrets) = ovens::connection(spec, addr, interval_s);
    (serde_json::json!(draft), serde_json::json!(secrets))
}
