use std::path::Path;

use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{full_draft, new_oven, new_store};
use crate::store::{
    Store, StoreError,
    error::{Doing as _, Outage},
};

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

async fn refusal(path: &Path) -> StoreError {
    match Store::open(path).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn opening_again_finds_everything_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ñandú 窯.db");
    let store = Store::open(&path).await.unwrap();
    let id = new_oven(&store, "Horno").await;
    store.close().await;
    for _ in 0..2 {
        let store = Store::open(&path).await.unwrap();
        assert_eq!(store.equipment(id).await.unwrap().unwrap().name, "Horno");
        // Keys that no call of this run has looked up yet.
        assert!(store.latest_reading(id).await.unwrap().is_none());
        store.close().await;
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_untouched() {
    let (store, folder) = new_store().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of tomorrow', 1, x'00', 0)",
    )
    .execute(store.pool())
    .await
    .unwrap();
    store.close().await;
    let error = refusal(&folder.path().join("hornero.db")).await;
    assert!(matches!(error, StoreError::Newer { found: 9999, known: 7.., .. }), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[tokio::test]
async fn a_step_that_was_edited_is_refused() {
    let (store, folder) = new_store().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2").execute(store.pool()).await.unwrap();
    store.close().await;
    let error = refusal(&folder.path().join("hornero.db")).await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn other_files_are_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "These are not the bytes of a database. ".repeat(200)).unwrap();
    let error = refusal(&text).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("These"));

    let other = folder.path().join("other.db");
    let mut connection = raw(&other).await;
    connection.execute("CREATE TABLE recipes (name TEXT)").await.unwrap();
    connection.close().await.unwrap();
    let error = refusal(&other).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");

    for path in [folder.path().join("no/such/folder/hornero.db"), folder.path().to_owned()] {
        let error = refusal(&path).await;
        assert!(matches!(error, StoreError::Unavailable { outage: Outage::CannotOpen, .. }), "{error}");
        assert!(error.to_string().contains("check that its folder exists"), "{error}");
    }
}

#[tokio::test]
async fn outages_are_told_apart() {
    let (store, folder) = new_store().await;
    let path = folder.path().join("hornero.db");
    let write = "INSERT INTO settings VALUES ('a', hex(zeroblob(100000)), 0)";
    let outage = |result: Result<_, sqlx::Error>| match result.doing("writing") {
        Err(StoreError::Unavailable { outage, .. }) => outage,
        other => panic!("{other:?}"),
    };

    let mut reader = SqliteConnectOptions::new().filename(&path).read_only(true).connect().await.unwrap();
    assert_eq!(outage(reader.execute(write).await), Outage::ReadOnly);

    let mut small = raw(&path).await;
    small.execute("PRAGMA max_page_count = 1").await.unwrap();
    assert_eq!(outage(small.execute(write).await), Outage::Full);

    small.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(outage(sqlx::query(write).execute(store.pool()).await), Outage::Busy);
    // Readers do not wait for a writer.
    assert!(store.equipment_list().await.unwrap().is_empty());
    small.execute("ROLLBACK").await.unwrap();
    store.create_equipment(uuid::Uuid::new_v4().to_string().parse().unwrap(), &full_draft(), None).await.unwrap();
}

/// Says nothing where the tests run as root, who may write everything.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_only_be_read_is_refused() {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let (store, folder) = new_store().await;
    store.close().await;
    let path = folder.path().join("hornero.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().append(true).open(&path).is_ok() {
        return;
    }
    let error = refusal(&path).await;
    assert!(matches!(error, StoreError::Unavailable { outage: Outage::ReadOnly, .. }), "{error:?}");
}
