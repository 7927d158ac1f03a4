use app::model::{
    display::{DisplayDraft, DisplayLayout},
    token::Scope,
    user::{Role, UserChange},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{at, contract, new_oven};
use crate::store::{
    Store, StoreError,
    displays::Pairing,
    idempotency::{Earlier, KeptAnswer, RequestKey},
    tokens::{Holder, TokenRow},
    users::Changed,
};

contract! {
    a_token_speaks_for_its_owner_until_it_is_revoked,
    dead_tokens_go_after_a_while,
    a_display_has_one_credential_at_a_time,
    a_pairing_code_is_good_once_and_for_a_while,
    an_answer_is_kept_and_forgotten,
    the_last_admin_stays,
    a_deleted_user_leaves_the_name_free_and_what_was_done,
}

const fn row<'a>(id: &'a str, scopes: &'a [Scope], expires_at: Option<Timestamp>) -> TokenRow<'a> {
    TokenRow { id, secret_hash: &[7; 32], name: "caja ñ", role: Role::Staff, scopes, expires_at }
}

async fn a_token_speaks_for_its_owner_until_it_is_revoked(store: &Store) {
    let ana = store.create_user("ana", "hash", Role::Admin).await.unwrap().user.id;
    let eva = store.create_user("eva", "hash", Role::Staff).await.unwrap().user.id;
    let made = store.create_token(ana, &row("a", &[Scope::Read, Scope::Write], Some(at(9)))).await.unwrap();
    assert_eq!(
        (made.owner_id, made.owner.as_str(), made.role, made.expires_at),
        (ana, "ana", Role::Staff, Some(at(9)))
    );
    assert_eq!((made.scopes.as_slice(), made.last_used_at), ([Scope::Read, Scope::Write].as_slice(), None));
    store.create_token(eva, &row("b", &[Scope::Read], None)).await.unwrap();
    assert!(store.create_token(eva, &row("a", &[Scope::Read], None)).await.is_err(), "an id is given once");

    let all = store.tokens(None, 9, None).await.unwrap();
    assert_eq!(all.iter().map(|(_, token)| token.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(store.tokens(None, 9, Some(all[0].0)).await.unwrap(), all[1..]);
    assert_eq!(store.tokens(Some(eva), 1, None).await.unwrap(), all[1..]);

    let stored = store.stored_token("a").await.unwrap().unwrap();
    assert_eq!((stored.secret_hash.as_slice(), stored.role), ([7; 32].as_slice(), Role::Staff));
    assert!(matches!(&stored.holder, Holder::User(account) if account.user.id == ana));
    store.touch_token(&stored, "10.0.0.7", at(100)).await.unwrap();
    let stored = store.stored_token("a").await.unwrap().unwrap();
    store.touch_token(&stored, "10.0.0.8", at(159)).await.unwrap();
    let token = store.token("a").await.unwrap().unwrap();
    assert_eq!((token.last_used_at, token.last_used_ip.as_deref()), (Some(at(100)), Some("10.0.0.7")));
    store.touch_token(&stored, "10.0.0.8", at(160)).await.unwrap();
    assert_eq!(store.token("a").await.unwrap().unwrap().last_used_at, Some(at(160)));

    store.revoke_token("a").await.unwrap();
    assert!(store.stored_token("a").await.unwrap().is_none());
    assert!(matches!(store.revoke_token("a").await, Err(StoreError::NotFound("token"))));
    assert_eq!(store.delete_user(eva).await.unwrap(), Changed::Done);
    assert!(store.stored_token("b").await.unwrap().is_none(), "its owner is gone");
    assert!(store.tokens(None, 9, None).await.unwrap().is_empty());
}

async fn dead_tokens_go_after_a_while(store: &Store) {
    let ana = store.create_user("ana", "hash", Role::Admin).await.unwrap().user.id;
    store.create_token(ana, &row("endless", &[Scope::Read], None)).await.unwrap();
    store.create_token(ana, &row("expired", &[Scope::Read], Some(at(5)))).await.unwrap();
    store.create_token(ana, &row("revoked", &[Scope::Read], None)).await.unwrap();
    store.revoke_token("revoked").await.unwrap();
    assert_eq!(store.delete_dead_tokens(at(5)).await.unwrap(), 0);
    assert_eq!(store.delete_dead_tokens(at(6)).await.unwrap(), 1);
    assert_eq!(store.delete_dead_tokens(Timestamp::now() + SignedDuration::from_secs(1)).await.unwrap(), 1);
    assert_eq!(store.tokens(None, 9, None).await.unwrap().len(), 1);
}

async fn a_display_has_one_credential_at_a_time(store: &Store) {
    let oven = new_oven(store, "A").await;
    let draft = DisplayDraft { name: "Obrador".to_owned(), layout: DisplayLayout::Single, equipment_ids: vec![oven] };
    let id = Uuid::new_v4();
    let made = store.create_display(id, &draft, &Pairing { code_hash: b"1", expires_at: at(9) }).await.unwrap();
    assert_eq!((made.layout, made.equipment_ids.as_slice()), (DisplayLayout::Single, [oven].as_slice()));
    assert_eq!((made.paired, made.pairing_expires_at, made.last_seen_at), (false, Some(at(9)), None));

    for token in ["first", "second"] {
        store.set_display_token(id, &row(token, &[Scope::Read], None)).await.unwrap();
        let stored = store.stored_token(token).await.unwrap().unwrap();
        assert_eq!(stored.role, Role::Display, "whatever was asked for");
        assert!(matches!(&stored.holder, Holder::Display { id: of, name } if *of == id && name == "Obrador"));
    }
    assert!(store.stored_token("first").await.unwrap().is_none());
    assert!(matches!(store.revoke_token("second").await, Err(StoreError::NotFound(_))), "it goes with its display");
    let stored = store.stored_token("second").await.unwrap().unwrap();
    store.touch_token(&stored, "10.0.0.9", at(50)).await.unwrap();
    let changed = DisplayDraft { name: "Tienda".to_owned(), ..draft };
    store.update_display(id, &changed).await.unwrap();
    let display = store.display(id).await.unwrap().unwrap();
    assert_eq!((display.name.as_str(), display.paired, display.last_seen_at), ("Tienda", true, Some(at(50))));
    assert_eq!(store.displays(9, None).await.unwrap().len(), 1);

    store.delete_display(id).await.unwrap();
    assert!(store.stored_token("second").await.unwrap().is_none());
    assert!(store.display(id).await.unwrap().is_none());
    for gone in [
        store.delete_display(id).await,
        store.update_display(id, &changed).await,
        store.set_display_token(id, &row("third", &[Scope::Read], None)).await,
        store.set_pairing(id, &Pairing { code_hash: b"2", expires_at: at(9) }).await,
    ] {
        assert!(matches!(gone, Err(StoreError::NotFound("display"))), "{gone:?}");
    }
}

async fn a_pairing_code_is_good_once_and_for_a_while(store: &Store) {
    let draft = DisplayDraft { name: "x".to_owned(), layout: DisplayLayout::Grid, equipment_ids: Vec::new() };
    let id = Uuid::new_v4();
    store.create_display(id, &draft, &Pairing { code_hash: b"1", expires_at: at(9) }).await.unwrap();
    assert_eq!(store.redeem_pairing(b"2", at(8)).await.unwrap(), None);
    assert_eq!(store.redeem_pairing(b"1", at(9)).await.unwrap(), None);
    assert_eq!(store.redeem_pairing(b"1", at(8)).await.unwrap(), Some(id));
    assert_eq!(store.redeem_pairing(b"1", at(8)).await.unwrap(), None);
    assert_eq!(store.display(id).await.unwrap().unwrap().pairing_expires_at, None);
}

async fn an_answer_is_kept_and_forgotten(store: &Store) {
    let key = RequestKey { account: "user:1:admin".to_owned(), path: "/a".to_owned(), key: "k".to_owned() };
    let long_ago = Timestamp::UNIX_EPOCH;
    assert_eq!(store.begin_request(&key, b"one", long_ago).await.unwrap(), None);
    let under_way = Earlier { request_hash: b"one".to_vec(), answer: None };
    assert_eq!(store.begin_request(&key, b"two", long_ago).await.unwrap(), Some(under_way));
    let other = RequestKey { account: "user:2:admin".to_owned(), ..key.clone() };
    assert_eq!(store.begin_request(&other, b"two", long_ago).await.unwrap(), None);

    let headers = [("location".to_owned(), "/a/1".to_owned())].into();
    let answer = KeptAnswer { status: 201, headers, body: Some(b"{}".to_vec()) };
    store.finish_request(&key, &answer).await.unwrap();
    let kept = Earlier { request_hash: b"one".to_vec(), answer: Some(answer) };
    assert_eq!(store.begin_request(&key, b"one", long_ago).await.unwrap(), Some(kept.clone()));
    store.forget_unfinished_requests().await.unwrap();
    assert_eq!(store.begin_request(&key, b"one", long_ago).await.unwrap(), Some(kept), "it was finished");
    assert_eq!(store.begin_request(&other, b"two", long_ago).await.unwrap(), None, "it was not");
    store.forget_request(&other).await.unwrap();
    assert_eq!(store.begin_request(&other, b"two", long_ago).await.unwrap(), None);

    let later = Timestamp::now() + SignedDuration::from_secs(1);
    assert_eq!(store.begin_request(&key, b"new", later).await.unwrap(), None, "what is too old makes way");
    let under_way = Earlier { request_hash: b"new".to_vec(), answer: None };
    assert_eq!(store.begin_request(&key, b"new", long_ago).await.unwrap(), Some(under_way));
    assert_eq!(store.delete_old_requests(long_ago).await.unwrap(), 0);
    assert_eq!(store.delete_old_requests(later).await.unwrap(), 2);
}

fn change(username: &str, role: Role, disabled: bool) -> UserChange {
    UserChange { username: username.to_owned(), role, disabled }
}

async fn the_last_admin_stays(store: &Store) {
    let ana = store.create_user("ana", "hash", Role::Admin).await.unwrap().user.id;
    let eva = store.create_user("eva", "hash", Role::Staff).await.unwrap().user.id;
    for denied in [change("ana", Role::Staff, false), change("ana", Role::Admin, true)] {
        assert_eq!(store.update_user(ana, &denied).await.unwrap(), Changed::LastAdmin);
    }
    assert_eq!(store.delete_user(ana).await.unwrap(), Changed::LastAdmin);
    assert_eq!(store.update_user(ana, &change("Ana", Role::Admin, false)).await.unwrap(), Changed::Done);
    let taken = store.update_user(ana, &change("EVA", Role::Admin, false)).await;
    assert!(matches!(taken, Err(StoreError::Conflict("username"))), "{taken:?}");

    assert_eq!(store.update_user(eva, &change("eva", Role::Admin, true)).await.unwrap(), Changed::Done);
    assert_eq!(store.delete_user(ana).await.unwrap(), Changed::LastAdmin, "eva cannot sign in");
    assert_eq!(store.update_user(eva, &change("eva", Role::Admin, false)).await.unwrap(), Changed::Done);
    let (a, b) = tokio::join!(store.delete_user(ana), store.delete_user(eva));
    let done = [a.unwrap(), b.unwrap()].into_iter().filter(|outcome| *outcome == Changed::Done).count();
    assert_eq!(done, 1);
}

async fn a_deleted_user_leaves_the_name_free_and_what_was_done(store: &Store) {
    store.create_user("root", "hash", Role::Admin).await.unwrap();
    let oven = new_oven(store, "A").await;
    let alert = super::alerts::full_alert(store, oven).await;
    store.save_alert(&alert).await.unwrap();
    let ana = store.user_by_name("ana").await.unwrap().unwrap().user.id;
    assert_eq!(store.delete_user(ana).await.unwrap(), Changed::Done);
    assert!(store.user(ana).await.unwrap().is_none() && store.user_by_name("ana").await.unwrap().is_none());
    assert_eq!(store.users().await.unwrap().len(), 1);
    assert!(matches!(store.delete_user(ana).await, Err(StoreError::NotFound("user"))));
    assert!(matches!(store.set_password(ana, "x").await, Err(StoreError::NotFound("user"))));
    let new = store.create_user("Ana", "hash", Role::Staff).await.unwrap().user.id;
    assert_ne!(new, ana);
    assert_eq!(store.delete_user(new).await.unwrap(), Changed::Done, "a name can be deleted more than once");
    assert_eq!(store.alert(alert.id).await.unwrap().unwrap().acknowledged_by, Some(ana));
}
