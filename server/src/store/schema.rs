//! Opens the database file, and keeps its schema up to date.

use std::{borrow::Cow, io, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::error::{Doing as _, Outage, StoreError};

/// Every step of the schema, oldest first. A step that has been released is never edited.
const STEPS: &[(&str, &str)] = &[
    ("users", include_str!("../../../migrations/sqlite/0001_users.sql")),
    ("equipment", include_str!("../../../migrations/sqlite/0002_equipment.sql")),
    ("equipment sensor readings", include_str!("../../../migrations/sqlite/0003_equipment_sensor_readings.sql")),
    ("equipment connection logs", include_str!("../../../migrations/sqlite/0004_equipment_connection_logs.sql")),
    ("equipment iot alerts", include_str!("../../../migrations/sqlite/0005_equipment_iot_alerts.sql")),
    ("audit settings", include_str!("../../../migrations/sqlite/0006_audit_settings.sql")),
    ("reading rollups", include_str!("../../../migrations/sqlite/0007_reading_rollups.sql")),
    ("batches", include_str!("../../../migrations/sqlite/0008_batches.sql")),
    ("api access", include_str!("../../../migrations/sqlite/0009_api_access.sql")),
    ("plausibility", include_str!("../../../migrations/sqlite/0010_plausibility.sql")),
    ("tokens of disabled users", include_str!("../../../migrations/sqlite/0011_tokens_of_disabled_users.sql")),
];

/// How the database is used; the defaults fit a mini-PC.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Connections for reads and rare writes. The writer has one more of its own.
    pub connections: u32,
    /// How long to wait for another writer before an operation fails.
    pub busy_timeout: Duration,
    /// Page cache of each connection, in KiB.
    pub cache_kib: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { connections: 6, busy_timeout: Duration::from_secs(5), cache_kib: 8 * 1024 }
    }
}

/// Pages between checkpoints, 16 MiB, so that a steady stream of readings is not an fsync every few seconds.
const WAL_PAGES: i64 = 4_000;
/// Bytes that the log keeps after a checkpoint.
const WAL_LIMIT: i64 = 64 * 1024 * 1024;

/// The options of every connection.
///
/// WAL lets pages read while readings are written. With `synchronous = NORMAL` a power cut may cost the last
/// commits, never the database. No memory map: an I/O error in one ends the process, where a read only fails.
pub(super) fn options(path: &Path, tuning: &Tuning) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(tuning.busy_timeout)
        .statement_cache_capacity(128)
        .pragma("cache_size", format!("-{}", tuning.cache_kib))
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", WAL_PAGES.to_string())
        .pragma("journal_size_limit", WAL_LIMIT.to_string())
        .disable_statement_logging()
}

/// Page cache of the writer, in KiB: what old pages of many ovens take while rollups are made.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// Statements that the writer keeps prepared.
const WRITER_STATEMENTS: usize = 64;

/// The writer's connection, with the [`options`] of the others.
pub(super) fn open_to_write(path: &Path, tuning: &Tuning) -> rusqlite::Result<rusqlite::Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(tuning.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(WRITER_STATEMENTS);
    // WAL is a property of the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_LIMIT)?;
    Ok(connection)
}

pub(super) async fn open(path: &Path, tuning: &Tuning) -> Result<SqlitePool, StoreError> {
    let doing = || format!("opening the database {}", path.display());
    create_private(path).map_err(|error| StoreError::unavailable(doing(), Outage::of_io(&error), error))?;

    let options = options(path, tuning);
    let of_error = |error: sqlx::Error| match super::error::primary_code(&error) {
        Some(26) => StoreError::NotADatabase { path: path.to_owned() },
        _ => StoreError::unavailable(doing(), Outage::of(&error), error),
    };
    // A new file can then give back in pieces what old history took. Only here: this setting waits for writers, and
    // connections that read do not.
    let first = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental);
    let mut connection = first.connect().await.map_err(of_error)?;
    migrate(&mut connection, path).await?;
    // SQLite opens a file that it may only read without a word. This changes no row, but asks for the right to.
    sqlx::query("UPDATE tower_sessions SET id = id WHERE 1 = 0").execute(&mut connection).await.map_err(of_error)?;
    connection.close().await.doing("closing the database after the migration")?;

    SqlitePoolOptions::new()
        .max_connections(tuning.connections)
        .acquire_timeout(tuning.busy_timeout.max(Duration::from_secs(1)))
        .connect_with(options)
        .await
        .map_err(of_error)
}

/// Whether a database has the schema of this version. Nothing is written.
pub(super) fn is_current(path: &Path) -> rusqlite::Result<bool> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    let last: Option<i64> = connection.query_row("SELECT max(version) FROM _sqlx_migrations", [], |row| row.get(0))?;
    Ok(last == Some(STEPS.len() as i64))
}

/// The file holds password hashes: only the account that runs Hornero may read it. SQLite gives its companion
/// files the same rights.
fn create_private(path: &Path) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .fetch_all(&mut *connection)
            .await
            .doing("reading the schema")?;
    // Another program's database must not get our tables.
    let ours = tables.iter().any(|name| name == "_sqlx_migrations");
    if !tables.is_empty() && !(ours && (tables.len() == 1 || tables.iter().any(|name| name == "users"))) {
        return Err(StoreError::NotADatabase { path: path.to_owned() });
    }

    migrator().run_direct(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => {
            StoreError::Newer { path: path.to_owned(), found, known: STEPS.len() as i64 }
        }
        MigrateError::VersionMismatch(step) => {
            StoreError::corrupt(format!("schema step {step}"), "it differs from the one of this version")
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            StoreError::unavailable("bringing the database up to date", Outage::of(&error), error)
        }
        error => StoreError::unavailable("bringing the database up to date", Outage::Other, error),
    })
}

fn migrator() -> Migrator {
    let steps = (1..).zip(STEPS).map(|(version, (name, sql))| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, Cow::Borrowed(sql), false)
    });
    Migrator { migrations: steps.collect(), ..Migrator::DEFAULT }
}
