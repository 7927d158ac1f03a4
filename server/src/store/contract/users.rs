use std::time::{Duration, SystemTime};

use app::model::user::{Role, UserChange};
use tower_sessions::{
    SessionStore as _,
    session::{Id, Record},
};
use tower_sessions_sqlx_store::SqliteStore;

use super::contract;
use crate::store::{Store, StoreError, users::Changed};

contract! {
    they_are_found_whatever_the_case,
    only_one_can_be_the_first,
    one_without_a_password_is_not_the_first,
    what_changes_rights_ends_sessions,
    preferences_and_logins_are_kept,
    sessions_fit_their_table,
}

async fn they_are_found_whatever_the_case(store: &Store) {
    assert_eq!(store.count_users().await.unwrap(), 0);
    let made = store.create_user("José", "hash", Role::Admin).await.unwrap();
    assert_eq!((made.user.username.as_str(), made.user.role, made.user.disabled), ("José", Role::Admin, false));
    assert_eq!((made.user.last_login_at, made.language.as_deref(), made.theme.as_deref()), (None, None, None));
    let found = store.user_by_name("JOSÉ").await.unwrap().unwrap();
    assert_eq!((found.user.clone(), found.password_hash.as_str()), (made.user, "hash"));
    assert!(matches!(store.create_user("josÉ", "x", Role::Staff).await, Err(StoreError::Conflict("username"))));
    assert!(store.user_by_name("jose").await.unwrap().is_none());
    assert!(store.user(99).await.unwrap().is_none());
    store.create_user("ana", "hash", Role::Display).await.unwrap();
    let names: Vec<_> = store.users().await.unwrap().into_iter().map(|account| account.user.username).collect();
    assert_eq!(names, ["ana", "José"]);
    assert_eq!(store.count_users().await.unwrap(), 2);
}

async fn only_one_can_be_the_first(store: &Store) {
    let (a, b) = tokio::join!(
        store.create_first_user("a", "hash", Role::Admin),
        store.create_first_user("b", "hash", Role::Admin)
    );
    assert_eq!(usize::from(a.unwrap().is_some()) + usize::from(b.unwrap().is_some()), 1);
    assert_eq!(store.count_users().await.unwrap(), 1);
}

async fn one_without_a_password_is_not_the_first(store: &Store) {
    let listed = |username: &str, role| UserChange { username: username.to_owned(), role, disabled: true };
    let mut changing = store.change().await.unwrap();
    let id = changing.create_user(&listed("Ana", Role::Staff)).await.unwrap();
    changing.create_user(&listed("eva", Role::Admin)).await.unwrap();
    changing.commit().await.unwrap();
    assert!(!store.is_set_up().await.unwrap(), "nobody can sign in");
    let first = store.create_first_user("ana", "hash", Role::Admin).await.unwrap().unwrap();
    assert_eq!((first.user.id, first.user.role, first.user.disabled), (id, Role::Admin, false), "hers by now");
    assert!(store.is_set_up().await.unwrap());
    assert!(store.create_first_user("eva", "hash", Role::Admin).await.unwrap().is_none());
    let eva = store.user_by_name("eva").await.unwrap().unwrap();
    assert_eq!(eva.password_hash, "");
    let enabled = UserChange { disabled: false, ..listed("eva", Role::Admin) };
    assert_eq!(store.update_user(eva.user.id, &enabled).await.unwrap(), Changed::Done);
    assert_eq!(store.delete_user(id).await.unwrap(), Changed::LastAdmin, "eva has no password to sign in with");
    assert_eq!(store.delete_user(eva.user.id).await.unwrap(), Changed::Done);
}

async fn what_changes_rights_ends_sessions(store: &Store) {
    let id = store.create_user("ana", "one", Role::Staff).await.unwrap().user.id;
    let epoch = async || store.user(id).await.unwrap().unwrap().session_epoch;
    assert_eq!(epoch().await, 0);
    store.set_password(id, "two").await.unwrap();
    assert_eq!(epoch().await, 1);
    store.set_role(id, Role::Admin).await.unwrap();
    assert_eq!(epoch().await, 2);
    store.set_disabled(id, true).await.unwrap();
    assert_eq!(epoch().await, 3);
    store.raise_session_epoch(id).await.unwrap();
    store.rehash_password(id, "three").await.unwrap();
    assert_eq!(epoch().await, 4);
    let account = store.user(id).await.unwrap().unwrap();
    assert_eq!((account.user.role, account.user.disabled), (Role::Admin, true));
    assert_eq!(account.password_hash, "three");
    store.set_disabled(id, false).await.unwrap();
    assert!(!store.user(id).await.unwrap().unwrap().user.disabled);
    assert!(matches!(store.set_password(99, "x").await, Err(StoreError::NotFound("user"))));
}

async fn preferences_and_logins_are_kept(store: &Store) {
    let id = store.create_user("ana", "hash", Role::Staff).await.unwrap().user.id;
    store.set_language(id, Some("de")).await.unwrap();
    store.set_theme(id, Some("dark")).await.unwrap();
    store.touch_last_login(id).await.unwrap();
    let account = store.user(id).await.unwrap().unwrap();
    assert_eq!((account.language.as_deref(), account.theme.as_deref()), (Some("de"), Some("dark")));
    assert!(account.user.last_login_at.unwrap() >= account.user.created_at);
    store.set_language(id, None).await.unwrap();
    assert_eq!(store.user(id).await.unwrap().unwrap().language, None);
}

async fn sessions_fit_their_table(store: &Store) {
    let sessions = SqliteStore::new(store.pool().clone());
    let expiry_date = SystemTime::now() + Duration::from_secs(3_600);
    let mut record =
        Record { id: Id::default(), data: [("user".to_owned(), 1.into())].into(), expiry_date: expiry_date.into() };
    sessions.create(&mut record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record.clone()));
    sessions.delete(&record.id).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
}
