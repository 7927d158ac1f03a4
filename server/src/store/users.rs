//! Accounts. Of a user who is deleted the row stays, because alerts and batches refer to it.
//!
//! A user whose password is empty has none yet and cannot sign in: one that came with a configuration file, which has no
//! passwords.

use app::model::user::{Role, User, UserChange};
use jiff::Timestamp;
use sqlx::{
    SqliteExecutor,
    sqlite::{SqliteQueryResult, SqliteRow},
};

use super::{
    Store,
    cells::Cells,
    changing::Changing,
    error::{Doing as _, StoreError},
};

/// A user with what only the server may know; no `Debug`, because of the hash.
#[derive(Clone)]
pub struct Account {
    pub user: User,
    /// Empty where there is none yet.
    pub password_hash: String,
    pub language: Option<String>,
    pub theme: Option<String>,
    /// A session made under another epoch is over.
    pub session_epoch: i64,
}

/// What became of a change that the last admin may not be part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Done,
    LastAdmin,
}

/// That somebody else can sign in as an admin, or this one cannot anyway.
const NOT_THE_LAST_ADMIN: &str = "(role <> 'admin' OR disabled = 1 OR password_hash = '' OR EXISTS (SELECT 1 FROM users \
    other WHERE other.id <> users.id AND other.role = 'admin' AND other.disabled = 0 AND other.password_hash <> '' \
    AND other.deleted_at IS NULL))";

const COLUMNS: &str =
    "id, username, role, disabled, created_at, last_login_at, password_hash, language, theme, session_epoch";

impl Store {
    pub async fn count_users(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&self.pool).await.doing("counting users")
    }

    /// Whether anybody can sign in; nobody can before the first admin is made.
    pub async fn is_set_up(&self) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE password_hash <> '')")
            .fetch_one(&self.pool)
            .await
            .doing("looking for a user")
    }

    pub async fn create_user(&self, username: &str, password_hash: &str, role: Role) -> Result<Account, StoreError> {
        let done = insert(&self.pool, username, password_hash, role, false).await?;
        self.user(done.last_insert_rowid()).await?.ok_or(StoreError::NotFound("user"))
    }

    /// Makes the first user who can sign in, or returns None when there is one: two people who set up a new server at the
    /// same time must not both become its admin. One of this name who has no password yet gets this one.
    pub async fn create_first_user(
        &self,
        username: &str,
        password_hash: &str,
        role: Role,
    ) -> Result<Option<Account>, StoreError> {
        let made: Option<i64> = sqlx::query_scalar(
            "INSERT INTO users (username, username_key, password_hash, role, created_at, updated_at) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?5 WHERE NOT EXISTS (SELECT 1 FROM users WHERE password_hash <> '') \
             ON CONFLICT (username_key) DO UPDATE SET username = excluded.username, role = excluded.role, \
             password_hash = excluded.password_hash, disabled = 0, updated_at = excluded.updated_at RETURNING id",
        )
        .bind(username)
        .bind(key_of(username))
        .bind(password_hash)
        .bind(role.as_str())
        .bind(Timestamp::now().as_microsecond())
        .fetch_optional(&self.pool)
        .await
        .doing("creating the first user")?;
        match made {
            Some(id) => self.user(id).await,
            None => Ok(None),
        }
    }

    /// By name.
    pub async fn users(&self) -> Result<Vec<Account>, StoreError> {
        sqlx::query(&format!("SELECT {COLUMNS} FROM users WHERE deleted_at IS NULL ORDER BY username_key"))
            .fetch_all(&self.pool)
            .await
            .doing("reading the users")?
            .iter()
            .map(decode)
            .collect()
    }

    pub async fn user(&self, id: i64) -> Result<Option<Account>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE id = ? AND deleted_at IS NULL");
        let row = sqlx::query(&sql).bind(id).fetch_optional(&self.pool).await.doing("reading a user")?;
        row.as_ref().map(decode).transpose()
    }

    /// Whatever the case of the letters.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<Account>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE username_key = ? AND deleted_at IS NULL");
        let row = sqlx::query(&sql)
            .bind(key_of(username))
            .fetch_optional(&self.pool)
            .await
            .doing("reading a user by name")?;
        row.as_ref().map(decode).transpose()
    }

    /// Changes name, role and whether the user may sign in; ends all sessions where one of the latter two changes.
    /// Nothing where it would leave no admin who can sign in: then `LastAdmin` is the answer.
    pub async fn update_user(&self, id: i64, change: &UserChange) -> Result<Changed, StoreError> {
        self.outcome(id, update(&self.pool, id, change).await?).await
    }

    /// The name is free again. Nothing where it would leave no admin who can sign in.
    pub async fn delete_user(&self, id: i64) -> Result<Changed, StoreError> {
        self.outcome(id, delete(&self.pool, id).await?).await
    }

    async fn outcome(&self, id: i64, rows: u64) -> Result<Changed, StoreError> {
        if rows > 0 {
            return Ok(Changed::Done);
        }
        match self.user(id).await? {
            Some(_) => Ok(Changed::LastAdmin),
            None => Err(StoreError::NotFound("user")),
        }
    }

    /// Also ends all sessions, because who knew the old password may hold one.
    pub async fn set_password(&self, id: i64, password_hash: &str) -> Result<(), StoreError> {
        self.change_user("password_hash = ?3, session_epoch = session_epoch + 1", id, Some(password_hash)).await
    }

    /// Replaces the hash of an unchanged password, for example by one with stronger parameters; sessions go on.
    pub async fn rehash_password(&self, id: i64, password_hash: &str) -> Result<(), StoreError> {
        self.change_user("password_hash = ?3", id, Some(password_hash)).await
    }

    /// Also ends all sessions.
    pub async fn set_role(&self, id: i64, role: Role) -> Result<(), StoreError> {
        self.change_user("role = ?3, session_epoch = session_epoch + 1", id, Some(role.as_str())).await
    }

    /// Also ends all sessions.
    pub async fn set_disabled(&self, id: i64, disabled: bool) -> Result<(), StoreError> {
        let set = if disabled {
            "disabled = 1, session_epoch = session_epoch + 1"
        } else {
            "disabled = 0, session_epoch = session_epoch + 1"
        };
        self.change_user(set, id, None).await
    }

    /// Ends all sessions.
    pub async fn raise_session_epoch(&self, id: i64) -> Result<(), StoreError> {
        self.change_user("session_epoch = session_epoch + 1", id, None).await
    }

    pub async fn touch_last_login(&self, id: i64) -> Result<(), StoreError> {
        self.change_user("last_login_at = ?2", id, None).await
    }

    pub async fn set_language(&self, id: i64, language: Option<&str>) -> Result<(), StoreError> {
        self.change_user("language = ?3", id, language).await
    }

    pub async fn set_theme(&self, id: i64, theme: Option<&str>) -> Result<(), StoreError> {
        self.change_user("theme = ?3", id, theme).await
    }

    /// `set` may use ?2, now, and ?3, the value.
    async fn change_user(&self, set: &'static str, id: i64, value: Option<&str>) -> Result<(), StoreError> {
        let done =
            sqlx::query(&format!("UPDATE users SET {set}, updated_at = ?2 WHERE id = ?1 AND deleted_at IS NULL"))
                .bind(id)
                .bind(Timestamp::now().as_microsecond())
                .bind(value)
                .execute(&self.pool)
                .await
                .doing("changing a user")?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("user"));
        }
        Ok(())
    }
}

impl Changing {
    /// Without a password: nobody can sign in with the account before an admin gives it one. Returns its id.
    pub async fn create_user(&mut self, new: &UserChange) -> Result<i64, StoreError> {
        let done = insert(self.connection(), &new.username, "", new.role, new.disabled).await?;
        Ok(done.last_insert_rowid())
    }

    /// Nothing where it would leave no admin who can sign in, as [`Store::update_user`].
    pub async fn update_user(&mut self, id: i64, change: &UserChange) -> Result<Changed, StoreError> {
        Ok(outcome(update(self.connection(), id, change).await?))
    }

    /// Nothing where it would leave no admin who can sign in, as [`Store::delete_user`].
    pub async fn delete_user(&mut self, id: i64) -> Result<Changed, StoreError> {
        Ok(outcome(delete(self.connection(), id).await?))
    }
}

/// Of a change of somebody whom there is.
const fn outcome(rows: u64) -> Changed {
    if rows == 0 { Changed::LastAdmin } else { Changed::Done }
}

async fn insert(
    at: impl SqliteExecutor<'_>,
    username: &str,
    password_hash: &str,
    role: Role,
    disabled: bool,
) -> Result<SqliteQueryResult, StoreError> {
    let done = sqlx::query(
        "INSERT INTO users (username, username_key, password_hash, role, disabled, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )
    .bind(username)
    .bind(key_of(username))
    .bind(password_hash)
    .bind(role.as_str())
    .bind(disabled)
    .bind(Timestamp::now().as_microsecond())
    .execute(at)
    .await;
    unless_taken(done)?.doing("creating a user")
}

async fn update(at: impl SqliteExecutor<'_>, id: i64, change: &UserChange) -> Result<u64, StoreError> {
    let sql = format!(
        "UPDATE users SET username = ?2, username_key = ?3, \
         session_epoch = session_epoch + (role <> ?4 OR disabled <> ?5), role = ?4, disabled = ?5, updated_at = ?6 \
         WHERE id = ?1 AND deleted_at IS NULL AND ((?4 = 'admin' AND ?5 = 0) OR {NOT_THE_LAST_ADMIN})"
    );
    let done = sqlx::query(&sql)
        .bind(id)
        .bind(&change.username)
        .bind(key_of(&change.username))
        .bind(change.role.as_str())
        .bind(change.disabled)
        .bind(Timestamp::now().as_microsecond())
        .execute(at)
        .await;
    Ok(unless_taken(done)?.doing("changing a user")?.rows_affected())
}

async fn delete(at: impl SqliteExecutor<'_>, id: i64) -> Result<u64, StoreError> {
    // No name has capital letters as a key, so that this one is nobody's.
    let sql = format!(
        "UPDATE users SET deleted_at = ?2, updated_at = ?2, disabled = 1, session_epoch = session_epoch + 1, \
         password_hash = '', username_key = 'DELETED ' || id \
         WHERE id = ?1 AND deleted_at IS NULL AND {NOT_THE_LAST_ADMIN}"
    );
    let done = sqlx::query(&sql).bind(id).bind(Timestamp::now().as_microsecond()).execute(at).await;
    Ok(done.doing("deleting a user")?.rows_affected())
}

/// A name that somebody has is an error of its own.
fn unless_taken(
    done: Result<SqliteQueryResult, sqlx::Error>,
) -> Result<Result<SqliteQueryResult, sqlx::Error>, StoreError> {
    match &done {
        Err(sqlx::Error::Database(cause)) if cause.is_unique_violation() => Err(StoreError::Conflict("username")),
        _ => Ok(done),
    }
}

fn key_of(username: &str) -> String {
    username.to_lowercase()
}

fn decode(row: &SqliteRow) -> Result<Account, StoreError> {
    let mut cells = Cells::new(row, "users");
    Ok(Account {
        user: User {
            id: cells.take()?,
            username: cells.take()?,
            role: cells.word(Role::parse)?,
            disabled: cells.take()?,
            created_at: cells.time()?,
            last_login_at: cells.time_opt()?,
        },
        password_hash: cells.take()?,
        language: cells.take()?,
        theme: cells.take()?,
        session_epoch: cells.take()?,
    })
}
