//! Accounts, without their passwords. A new one has none: nobody signs in with it before an admin gives it one.

use std::collections::BTreeSet;

use app::model::{
    form::Problem,
    user::{Role, UserChange, check_username},
};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    ConfigFileError, Desk,
    diff::differences,
    document::Section,
    plan::{Action, Audit, Change, Planning, Step, Write},
};
use crate::{
    secrets::passphrase::FileKey,
    service::ServiceError,
    store::{
        changing::Changing,
        users::{Account, Changed},
    },
};

pub(super) enum Users {}

impl Section for Users {
    type Part = Vec<UserChange>;

    async fn read(
        desk: Desk<'_>,
        _: Option<&FileKey>,
        _: &mut Vec<String>,
    ) -> Result<Vec<UserChange>, ConfigFileError> {
        Ok(desk.store.users().await?.iter().map(|account| UserChange::from(&account.user)).collect())
    }

    async fn plan(part: &Vec<UserChange>, planning: &mut Planning<'_>) -> Result<(), ConfigFileError> {
        planning.limit(part.len())?;
        let saved = planning.desk.store.users().await?;
        let mut listed = BTreeSet::new();
        let mut steps = Vec::new();
        let mut admin_stays = false;
        for (index, wanted) in part.iter().enumerate() {
            let wanted = UserChange { username: wanted.username.trim().into(), ..wanted.clone() };
            if let Some(error) = check_username(&wanted.username) {
                planning.all_wrong(&index.to_string(), vec![error]);
            }
            if !listed.insert(wanted.username.to_lowercase()) {
                planning.wrong(&format!("{index}.username"), Problem::Duplicate);
                continue;
            }
            let account = saved.iter().find(|account| is_named(account, &wanted.username));
            admin_stays |= account.is_some_and(|account| can_administer(account.password_hash.as_str(), &wanted));
            steps.extend(step(planning, account, wanted));
        }
        let unlisted = saved.iter().filter(|account| !listed.contains(&account.user.username.to_lowercase()));
        if planning.prune {
            steps.extend(unlisted.map(|account| removal(planning, account)));
        } else {
            let unlisted: Vec<_> = unlisted.collect();
            admin_stays |= unlisted.iter().any(|account| is_admin(account));
            let names: Vec<_> = unlisted.iter().map(|account| account.user.username.clone()).collect();
            planning.note_unlisted(&names);
        }
        if saved.iter().any(is_admin) && !admin_stays {
            planning.wrong("", Problem::Other { detail: ServiceError::LastAdmin.to_string() });
        }
        // Who becomes an admin does so before another one stops to be the last.
        steps.sort_by_key(|(makes_admin, _)| !makes_admin);
        for (_, step) in steps {
            planning.step(step);
        }
        Ok(())
    }
}

fn is_named(account: &Account, username: &str) -> bool {
    account.user.username.to_lowercase() == username.to_lowercase()
}

fn is_admin(account: &Account) -> bool {
    can_administer(&account.password_hash, &UserChange::from(&account.user))
}

fn can_administer(password_hash: &str, user: &UserChange) -> bool {
    user.role == Role::Admin && !user.disabled && !password_hash.is_empty()
}

/// The step, where there is one to take, and whether it makes an admin.
fn step(planning: &mut Planning<'_>, account: Option<&Account>, wanted: UserChange) -> Option<(bool, Step)> {
    let before = account.map(|account| UserChange::from(&account.user));
    if account.is_none_or(|account| account.password_hash.is_empty()) {
        let text =
            "has no password: nobody signs in with it before an admin sets one; on a new server, the first start does";
        planning.note(Some(&wanted.username), text);
    }
    if before.as_ref() == Some(&wanted) {
        return None;
    }
    let after = json!(wanted);
    let fields = differences(&before.as_ref().map_or(Value::Null, |before| json!(before)), &after);
    let (action, audit) = match account {
        Some(account) => (Action::Change, Audit::new("user.update", "user", Some(account.user.id.to_string()))),
        None => (Action::Add, Audit::new("user.create", "user", None)),
    };
    let step = Step {
        change: Change { section: planning.section(), action, name: Some(wanted.username.clone()), id: None, fields },
        audits: vec![Audit { before: before.map(|before| json!(before)), after: Some(after), ..audit }],
        effects: Vec::new(),
        write: match account {
            Some(account) => Box::new(Update { id: account.user.id, user: wanted.clone() }),
            None => Box::new(Create(wanted.clone())),
        },
    };
    Some((wanted.role == Role::Admin && !wanted.disabled, step))
}

fn removal(planning: &Planning<'_>, account: &Account) -> (bool, Step) {
    let user = &account.user;
    let audit = Audit::new("user.delete", "user", Some(user.id.to_string()));
    let step = Step {
        change: Change {
            section: planning.section(),
            action: Action::Remove,
            name: Some(user.username.clone()),
            id: None,
            fields: Vec::new(),
        },
        audits: vec![Audit { before: Some(json!(UserChange::from(user))), ..audit }],
        effects: Vec::new(),
        write: Box::new(Remove(user.id)),
    };
    (false, step)
}

struct Create(UserChange);

#[async_trait]
impl Write for Create {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError> {
        changing.create_user(&self.0).await?;
        Ok(())
    }
}

struct Update {
    id: i64,
    user: UserChange,
}

#[async_trait]
impl Write for Update {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError> {
        done(changing.update_user(self.id, &self.user).await?)
    }
}

struct Remove(i64);

#[async_trait]
impl Write for Remove {
    async fn write(&self, changing: &mut Changing) -> Result<(), ConfigFileError> {
        done(changing.delete_user(self.0).await?)
    }
}

const fn done(changed: Changed) -> Result<(), ConfigFileError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::LastAdmin => Err(ConfigFileError::Service(ServiceError::LastAdmin)),
    }
}
